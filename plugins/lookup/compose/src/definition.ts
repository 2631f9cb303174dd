/** What definitions of composed tables say. All throw what is wrong, in Postfix's words where it has some. */
import type { TableDefinition, TableSource } from '@postern/core'
import { bare, wordsIn } from './split.ts'

type Options = Readonly<Record<string, unknown>>

/** The tables of `pipemap:{a, b}` and `{ type: pipemap, tables: [a, b] }`. */
export function tablesOf(type: string, { spec }: TableSource): TableDefinition[] {
  if (typeof spec !== 'string') return tablesIn(type, only(type, spec, 'tables', '[table, ...]'))
  const words = wordsIn(spec)?.map(bare)
  if (!words?.every((word) => word.includes(':')))
    throw new Error(`bad syntax: "${type}:${spec}"; need "${type}:{type:name...}"`)
  return words
}
/** The values of `randmap:{a, b}` and `{ type: randmap, values: [a, b] }`. */
export function valuesOf(type: string, { spec }: TableSource): string[] {
  if (typeof spec === 'string') {
    const words = wordsIn(spec)
    if (!words) throw new Error(`bad syntax: "${type}:${spec}"; need "${type}:{value...}"`)
    return words
  }
  const values = only(type, spec, 'values', '[value, ...]')
  if (!Array.isArray(values) || values.length === 0) throw need(type, 'values', '[value, ...]')
  return values.map((value: unknown) => {
    // YAML reads `values: [25, 587]` as numbers
    if (typeof value === 'number' || (typeof value === 'string' && value !== '')) return String(value)
    throw need(type, 'values', '[value, ...]')
  })
}
/** The table of `proxy:type:name` and `{ type: proxy, table: type:name }`. */
export function tableOf(type: string, { spec }: TableSource): TableDefinition {
  const table = typeof spec === 'string' ? spec : only(type, spec, 'table', 'type:name')
  if (isDefinition(table)) return table
  if (typeof spec === 'string') throw new Error(`bad syntax: "${type}:${spec}"; need "${type}:type:name"`)
  throw need(type, 'table', 'type:name')
}
/** The text of `fail:reason` and `{ type: fail, reason: text }`. */
export function reasonOf(type: string, { spec }: TableSource): string {
  const reason = typeof spec === 'string' ? spec : only(type, spec, 'reason', 'text')
  if (typeof reason === 'string' && reason !== '') return reason
  if (typeof spec === 'string') throw new Error(`expecting "type:name" form instead of "${type}:"`)
  throw need(type, 'reason', 'text')
}

function tablesIn(type: string, tables: unknown): TableDefinition[] {
  if (!Array.isArray(tables) || tables.length === 0 || !tables.every(isDefinition))
    throw need(type, 'tables', '[table, ...]')
  return tables
}
const isDefinition = (v: unknown): v is TableDefinition =>
  typeof v === 'string'
    ? /^[a-z][\w-]*:/i.test(v)
    : typeof v === 'object' && v !== null && typeof (v as { type?: unknown }).type === 'string'

const need = (type: string, name: string, what: string) =>
  new Error(`bad ${type} table; need { type: ${type}, ${name}: ${what} }`)
/** The one property that there may be. */
function only(type: string, spec: Options, name: string, what: string): unknown {
  const extra = Object.keys(spec).find((key) => key !== name)
  if (extra !== undefined) throw new Error(`unknown property "${extra}" in a ${type} table`)
  if (spec[name] === undefined) throw need(type, name, what)
  return spec[name]
}
