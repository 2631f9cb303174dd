/** From names to plugins: finds, imports and checks what the configuration uses. */
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { CONTRACT } from '../contract/plugin.ts'
import type { AnyDefinition, AnyPlugin } from '../contract/plugin.ts'
import { textOf } from '../errors.ts'
import type { Problem } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { locate, packageOf } from './locate.ts'
import type { SourcedUse } from './merge.ts'

export interface LoadedUse extends SourcedUse {
  readonly definition: AnyDefinition
  readonly package: string
  readonly version: string
  /** where the plugin's code is */
  readonly module: string
}
/** Names a newcomer may misspell. */
const KNOWN =
  'listen-smtp queue-journal lookup-hash lookup-static lookup-inline lookup-dns route-classes policy-relay deliver-maildir deliver-smtp deliver-discard deliver-error ops-log ops-bounce'.split(
    ' ',
  )

export async function loadPlugins(
  uses: readonly SourcedUse[],
  resolveFrom: readonly string[],
): Promise<{ uses: LoadedUse[]; problems: Problem[] }> {
  const problems: Problem[] = []
  const out: LoadedUse[] = []
  for (const use of uses) {
    const loaded = await loadOne(use, resolveFrom, problems)
    if (loaded) out.push(loaded)
  }
  return { uses: out, problems }
}

async function loadOne(
  use: SourcedUse,
  resolveFrom: readonly string[],
  problems: Problem[],
): Promise<LoadedUse | undefined> {
  const wrong = (code: Problem['code'], message: string, suggestion?: string) => {
    problems.push({ code, file: use.file, path: use.path, message, suggestion })
    return undefined
  }
  if (typeof use.plugin !== 'string') return checked(use, use.plugin, '(in the configuration)', wrong)
  const names = candidates(use.plugin)
  const file = /^[./]/.test(use.plugin)
    ? path.resolve(use.from, use.plugin)
    : locate(names, [use.from, use.folder, ...resolveFrom])
  if (!file)
    return wrong(
      'PN_PLUGIN_NOT_FOUND',
      `no plugin "${use.plugin}": install ${names[0]}, or give a relative path`,
      nearest(
        use.plugin,
        KNOWN.filter((k) => k !== use.plugin),
      ),
    )
  let module: { default?: unknown }
  try {
    module = (await import(pathToFileURL(file).href)) as { default?: unknown }
  } catch (error) {
    // the file itself, not one that it imports
    const missing = (error as { url?: string }).url === pathToFileURL(file).href
    return wrong(
      missing ? 'PN_PLUGIN_NOT_FOUND' : 'PN_PLUGIN_BROKEN',
      missing ? `no file ${file}` : `"${use.plugin}" cannot be loaded: ${textOf(error)}`,
    )
  }
  return checked(use, module.default, file, wrong)
}
/** `greylist` may be `@postern/greylist` or a package of somebody else's. */
const candidates = (name: string) =>
  name.startsWith('@') ? [name] : [`@postern/${name}`, `postern-plugin-${name}`, name]

function checked(
  use: SourcedUse,
  plugin: unknown,
  file: string,
  wrong: (code: Problem['code'], message: string) => undefined,
): LoadedUse | undefined {
  const definition = (plugin as AnyPlugin | undefined)?.definition as AnyDefinition | undefined
  if (typeof definition?.name !== 'string' || typeof definition.apply !== 'function')
    return wrong('PN_PLUGIN_BROKEN', `"${use.name}" is not a plugin: its default export must come from definePlugin`)
  if (definition.contract !== CONTRACT)
    return wrong(
      'PN_PLUGIN_CONTRACT',
      `"${use.name}" speaks contract ${definition.contract}, this core speaks ${CONTRACT}: install a matching version`,
    )
  const meta = file.startsWith('(') ? { name: definition.name, version: '-' } : packageOf(file)
  return { ...use, definition, package: meta.name, version: meta.version, module: file }
}
