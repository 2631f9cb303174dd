/** The configuration a command speaks about: the named file, the working folder's, or the embedded defaults. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { SEARCH_PLACES, configSchema, loadConfig } from '@postern/core'
import type { LoadedConfig } from '@postern/core'
import { CommandError, EX } from './exit.ts'

export interface Found {
  readonly loaded: LoadedConfig
  /** no file was named and none is there */
  readonly embedded: boolean
  /** absolute; the queue, the control socket and the pid file are in it */
  readonly spool: string
}

/** Throws PosternError when a file cannot be read; what is wrong in it is told when a node is built from it. */
export async function findConfig(file: string | undefined): Promise<Found> {
  const cwd = process.cwd()
  const embedded = file === undefined && !SEARCH_PLACES.some((p) => existsSync(path.join(cwd, p)))
  const loaded = embedded
    ? await loadConfig({ config: (await import('@postern/preset-standard')).default, folder: cwd })
    : await loadConfig({ path: file, cwd, loaders: { '.ts': loadTypescript, '.cf': loadPostfix } })
  return { loaded, embedded, spool: spoolOf(loaded) }
}

/** Found without building a node: a command that asks the daemon need not load the plugins. */
function spoolOf(loaded: LoadedConfig): string {
  const spool = configSchema.shape.spool.safeParse(loaded.values.spool?.value)
  if (!spool.success)
    throw new CommandError(EX.CONFIG, `${loaded.values.spool?.file}: spool: expected the name of a folder`)
  return path.resolve(loaded.folder, spool.data)
}

/** tsx is loaded only when there is a TypeScript configuration. Each call reads the file anew, for reload. */
async function loadTypescript(file: string): Promise<unknown> {
  const { tsImport } = await import('tsx/esm/api')
  const module = (await tsImport(pathToFileURL(file).href, import.meta.url)) as { default?: { default?: unknown } }
  // where the nearest package.json does not say "type": "module", the file was compiled as CommonJS
  return module.default?.default ?? module.default
}

/** A Postfix folder, by its main.cf. */
async function loadPostfix(file: string): Promise<unknown> {
  const { configOf, importFolder } = await import('@postern/postfix-config')
  return configOf(await importFolder(path.dirname(file)))
}

/** Folders that see the bundled plugins, so that a postern which is installed globally finds them. */
export function bundledFrom(): string[] {
  return ['@postern/preset-standard', '@postern/preset-postfix']
    .map((name) => import.meta.resolve(name))
    .concat(import.meta.url)
    .map((u) => path.dirname(fileURLToPath(u)))
}
/** The configuration's name for people. */
export const configName = (file: string): string =>
  file === '(embedded)' ? 'embedded defaults (no postern.config.* here)' : path.relative(process.cwd(), file) || file
