/** Finds a package's entry file from the folders that a configuration speaks from. */
import { createRequire } from 'node:module'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** First of `names` that is installed where one of `folders` (or the core itself) can see it; the file to import. */
export function locate(names: readonly string[], folders: readonly string[]): string | undefined {
  for (const folder of [...folders, path.dirname(fileURLToPath(import.meta.url))]) {
    for (const name of names) {
      const file = resolveFrom(folder, name)
      if (file) return file
    }
  }
  return undefined
}
function resolveFrom(folder: string, name: string): string | undefined {
  try {
    return createRequire(path.join(folder, 'x.js')).resolve(name)
  } catch {
    return importOnly(folder, name)
  }
}
/** A package whose exports have only the `import` condition is hidden from require.resolve. */
function importOnly(folder: string, name: string): string | undefined {
  for (let at = folder; ; at = path.dirname(at)) {
    const root = path.join(at, 'node_modules', name)
    if (existsSync(path.join(root, 'package.json'))) return entryOf(root)
    if (at === path.dirname(at)) return undefined
  }
}
function entryOf(root: string): string | undefined {
  const meta = packageJson(root)
  const dot = (meta.exports as Record<string, unknown> | undefined)?.['.'] ?? meta.exports
  const entry = pick(dot) ?? (meta.main as string | undefined) ?? 'index.js'
  const file = path.join(root, entry)
  return existsSync(file) ? file : undefined
}
function pick(v: unknown): string | undefined {
  if (typeof v === 'string') return v
  if (typeof v !== 'object' || v === null) return undefined
  const o = v as Record<string, unknown>
  return pick(o.import ?? o.node ?? o.default)
}
const packageJson = (root: string) =>
  JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as Record<string, unknown>

/** Name and version of the package that `file` belongs to. */
export function packageOf(file: string): { name: string; version: string } {
  for (let at = path.dirname(file); ; at = path.dirname(at)) {
    if (existsSync(path.join(at, 'package.json'))) {
      const meta = packageJson(at)
      if (typeof meta.name === 'string')
        return { name: meta.name, version: typeof meta.version === 'string' ? meta.version : '0.0.0' }
    }
    if (at === path.dirname(at)) return { name: path.basename(file), version: '0.0.0' }
  }
}
