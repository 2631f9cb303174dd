/** Gathers uses of plugins and their options, and notes which parameter each option came from. */
import type { Reader } from './reader.ts'
import { optionOf } from './rows.ts'
import type { Mapping, Row } from './rows.ts'

/** One option that a parameter gave. */
export interface Origin {
  readonly parameter: string
  /** the use's name; empty: the configuration's top level */
  readonly use: string
  readonly option: string
  /** set in the folder, not a default */
  readonly set: boolean
  /** one of those that the value is made of besides */
  readonly besides?: boolean
}
export interface ImportedUse {
  readonly plugin: string
  readonly as?: string
  readonly options: Record<string, unknown>
  onListener?: Record<string, Record<string, unknown>>
  /** what is said above it in the written configuration */
  readonly about?: string
}

/** what counts in a default only */
const OF_DEFAULTS = new Set(['mynetworks_style', 'inet_interfaces'])

export class Build {
  readonly top: Record<string, unknown> = {}
  readonly uses: ImportedUse[] = []
  readonly origins: Origin[] = []
  readonly problems: string[] = []

  /** The configuration's top level. */
  core(rows: readonly Row[], r: Reader): void {
    Object.assign(this.top, this.#options(rows, r, ''))
  }
  use(
    mapping: Mapping,
    r: Reader,
    more: { as?: string; about?: string; extra?: Record<string, unknown> } = {},
  ): ImportedUse {
    const name = more.as ?? mapping.plugin
    const as = name === mapping.plugin ? undefined : name
    const options = { ...mapping.fixed, ...this.#options(mapping.rows, r, name), ...more.extra }
    const use: ImportedUse = {
      plugin: mapping.plugin,
      ...(as !== undefined && { as }),
      options,
      ...(more.about !== undefined && { about: more.about }),
    }
    this.uses.push(use)
    return use
  }
  /** What differs for one listener, by the `-o` of its service. */
  onListener(use: ImportedUse, mapping: Mapping, base: Reader, listener: string, r: Reader): void {
    const mine = this.#options(mapping.rows, r, `${use.plugin}.onListener.${listener}`)
    const all = this.#options(mapping.rows, base)
    const changed = Object.entries(mine).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(all[key]))
    if (changed.length > 0) (use.onListener ??= {})[listener] = Object.fromEntries(changed)
  }
  #options(rows: readonly Row[], r: Reader, use?: string): Record<string, unknown> {
    const options: Record<string, unknown> = {}
    for (const row of rows) {
      const set = [row.parameter, ...(row.with ?? [])].some((name) => r.isSet(name))
      if (!set && !row.always && !r.isGiven(row.parameter)) continue
      const value = this.#value(row, r)
      if (value === undefined) continue
      const option = optionOf(row)
      put(options, option.split('.'), value)
      if (use === undefined) continue
      this.origins.push({ parameter: row.parameter, use, option, set })
      for (const parameter of row.with ?? []) {
        if (parameter === row.parameter || (OF_DEFAULTS.has(parameter) && r.isSet(row.parameter))) continue
        this.origins.push({ parameter, use, option, set, besides: true })
      }
    }
    return options
  }
  #value(row: Row, r: Reader): unknown {
    try {
      return typeof row.as === 'function' ? row.as(r, row.parameter) : r.read(row.parameter, row.as)
    } catch (error) {
      const text = `${row.parameter}: ${(error as Error).message}`
      if (!this.problems.includes(text)) this.problems.push(text)
      return undefined
    }
  }
}
function put(into: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [first, ...rest] = path
  if (rest.length === 0) into[first!] = value
  else put((into[first!] ??= {}) as Record<string, unknown>, rest, value)
}
