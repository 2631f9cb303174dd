/** Tables as the configuration defines them: types that nobody provides, options that a type does not have. No table is opened. */
import { checkOptions, join } from '../config/check.ts'
import type { LoadedUse } from '../config/plugins.ts'
import type { TableType } from '../contract/lookup.ts'
import type { Problem } from '../errors.ts'
import { nearest } from '../nearest.ts'
import type { Collection } from './collector.ts'
import type { TableHandle } from './tables.ts'

export function checkTables(
  c: Pick<Collection, 'tables' | 'incomplete'>,
  types: ReadonlyMap<string, TableType>,
  uses: readonly LoadedUse[],
  problems: Problem[],
): void {
  for (const table of c.tables.all()) {
    const place = placeOf(table, uses)
    const type = types.get(table.type)
    if (!type) {
      const there = [...types.keys()]
      const suggestion = nearest(table.type, there)
      // a use that could not be applied may bring it
      if (c.incomplete && suggestion === undefined) continue
      const message = `${table.name}: no plugin in use provides tables of the type "${table.type}"; there are: ${there.join(', ') || 'none'}`
      problems.push({ code: 'PN_TABLE_UNKNOWN', ...place, message, suggestion })
    } else if (type.options && typeof table.source.spec !== 'string')
      // texts are Postfix's, and what is wrong with one is told when it is opened, as Postfix does
      problems.push(...checkOptions(type.options, table.source.spec, place).problems)
  }
}

/** Where a table is defined; the use that asks for it when it stands in none of its options, as part of a text. */
function placeOf({ use, type, source }: TableHandle, uses: readonly LoadedUse[]): Pick<Problem, 'file' | 'path'> {
  const by = uses.find(({ name }) => name === use.name)
  if (!by) {
    const [file, ...path] = use.where.split(': ')
    return { file: file!, path: path.join(': ') }
  }
  const isIt = (value: unknown): boolean => {
    if (typeof source.spec === 'string') return value === `${type}:${source.spec}`
    if (typeof value !== 'object' || value === null || (value as { type?: unknown }).type !== type) return false
    const { type: _, ...spec } = value as Record<string, unknown>
    return JSON.stringify(spec) === JSON.stringify(source.spec)
  }
  const at = pathTo(by.options, isIt)
  return { file: by.file, path: at ? join(`${by.path}.${by.name}`, at) : by.path }
}
/** `undefined`: there is none. */
function pathTo(value: unknown, isIt: (value: unknown) => boolean): PropertyKey[] | undefined {
  if (isIt(value)) return []
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, inner] of Object.entries(value)) {
    const path = pathTo(inner, isIt)
    if (path) return [Array.isArray(value) ? Number(key) : key, ...path]
  }
  return undefined
}
