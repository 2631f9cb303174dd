/** The list of plugins: what a person may write, and how a later file changes what an earlier one said. */
import type { AnyPlugin, Use } from '../contract/plugin.ts'
import { nearest } from '../nearest.ts'
import type { Problem } from '../errors.ts'

/** A use with the place it came from. */
export interface SourcedUse {
  readonly plugin: AnyPlugin | string
  readonly name: string
  readonly options: Record<string, unknown>
  readonly bind: Omit<Use, 'kind' | 'plugin' | 'options'>
  readonly file: string
  /** `plugins[2]` */
  readonly path: string
  /** folder that plugins are looked for from */
  readonly from: string
  /** folder that relative names in options are relative to */
  readonly folder: string
}
interface Source {
  readonly file: string
  readonly folder: string
  readonly site: string
}
const BINDS = ['as', 'listener', 'onListener', 'onFault', 'phase', 'before', 'after', 'timeout']

/**
 * Entries: `name`, `{ name: options, as: ... }`, a Use (TypeScript), and `{ name: false }`, which takes away what an
 * extended file brought. An entry with the name of an earlier one changes its options; others are appended.
 */
export function mergeUses(base: SourcedUse[], value: unknown, layer: Source, problems: Problem[]): SourcedUse[] {
  const { file } = layer
  const out = [...base]
  if (!Array.isArray(value)) {
    problems.push({ code: 'PN_CONFIG_INVALID', file, path: 'plugins', message: 'expected a list of plugins' })
    return out
  }
  const mine = new Set<string>()
  value.forEach((entry: unknown, i) => {
    const path = `plugins[${i}]`
    const use = readEntry(entry, layer, path, problems)
    if (!use) return
    const at = out.findIndex((u) => u.name === use.name)
    if (use.off) {
      if (at >= 0) out.splice(at, 1)
      else
        problems.push({
          code: 'PN_CONFIG_INVALID',
          file,
          path,
          message: `there is no "${use.name}" to take away`,
          suggestion: nearest(
            use.name,
            out.map((u) => u.name),
          ),
        })
    } else if (at >= 0 && !mine.has(use.name)) out[at] = over(out[at]!, use)
    else if (at >= 0)
      problems.push({
        code: 'PN_CONFIG_INVALID',
        file,
        path,
        message: `"${use.name}" is used twice; give one of them a name of its own with "as"`,
      })
    else out.push(use)
    mine.add(use.name)
  })
  return out
}
const over = (base: SourcedUse, use: SourcedUse): SourcedUse => ({
  ...use,
  options: { ...base.options, ...use.options },
  bind: { ...base.bind, ...use.bind },
})

function readEntry(
  entry: unknown,
  layer: Source,
  path: string,
  problems: Problem[],
): (SourcedUse & { off?: boolean }) | undefined {
  const wrong = (message: string) => {
    problems.push({ code: 'PN_CONFIG_INVALID', file: layer.file, path, message })
    return undefined
  }
  const from = { file: layer.file, path, from: layer.folder, folder: layer.site }
  if (typeof entry === 'string') return { plugin: entry, name: short(entry), options: {}, bind: {}, ...from }
  if (typeof entry === 'function' && 'definition' in entry) {
    const plugin = entry as AnyPlugin
    return { plugin, name: plugin.definition.name, options: {}, bind: {}, ...from }
  }
  if (typeof entry !== 'object' || entry === null) return wrong('expected a plugin: its name, or { name: options }')
  if ((entry as Use).kind === 'use') {
    const { plugin, options, ...rest } = entry as Use
    const { kind: _kind, ...bind } = rest as Omit<Use, 'plugin' | 'options'>
    const name = bind.as ?? (typeof plugin === 'string' ? short(plugin) : plugin.definition.name)
    return { plugin, name, options: (options ?? {}) as Record<string, unknown>, bind, ...from }
  }
  const keys = Object.keys(entry).filter((k) => !BINDS.includes(k))
  if (keys.length !== 1)
    return wrong(
      `expected one plugin's name beside ${BINDS.join(', ')}; found ${keys.length === 0 ? 'none' : keys.join(', ')}`,
    )
  const { [keys[0]!]: options, ...bind } = entry as Record<string, unknown>
  const name = typeof bind.as === 'string' ? bind.as : short(keys[0]!)
  if (options === false) return { plugin: keys[0]!, name, options: {}, bind: {}, off: true, ...from }
  if (options !== null && options !== true && (typeof options !== 'object' || Array.isArray(options)))
    return wrong(`expected options of ${keys[0]} as an object`)
  return {
    plugin: keys[0]!,
    name,
    options: typeof options === 'object' && options ? (options as Record<string, unknown>) : {},
    bind: bind as Omit<Use, 'kind' | 'plugin'>,
    ...from,
  }
}
/** `@postern/listen-smtp` and `listen-smtp` are one; a relative file is its name without folder and extension. */
export const short = (name: string): string =>
  name.startsWith('@postern/')
    ? name.slice(9)
    : /^[./]/.test(name)
      ? name.replace(/^.*\//, '').replace(/\.[cm]?[jt]s$/, '')
      : name
