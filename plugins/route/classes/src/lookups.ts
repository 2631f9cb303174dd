/** Lookups over several tables and several keys: the first answer wins, and a failure is never taken for absent. */
import { absent } from '@postern/core'
import type { Call, Lookup, Table, TableRef } from '@postern/core'

export type Failed = Extract<Lookup, { kind: 'failed' }>
export interface KeyedTable {
  readonly table: Table
  /** Are its keys patterns? Such a table is asked for the whole address or domain only (regexp_table(5)). */
  readonly pattern: boolean
}

const PATTERN_TYPES = new Set(['regexp', 'pcre', 'cidr'])
export const keyed = (ref: TableRef, open: (ref: TableRef) => Table): KeyedTable => ({
  table: open(ref),
  pattern: PATTERN_TYPES.has(ref.type.toLowerCase()),
})

/**
 * Each key in each table in turn: the most specific key wins over the order of the tables, as in Postfix's
 * mail_addr_find and transport(5).
 */
export async function firstOf(tables: readonly KeyedTable[], keys: readonly string[], call: Call): Promise<Lookup> {
  for (const [i, key] of keys.entries()) {
    for (const { table, pattern } of tables) {
      if (pattern && i > 0) continue
      const answer = await table.get(key, call)
      if (answer.kind !== 'absent') return answer
    }
  }
  return absent()
}

/** `c.b.a` has the parents `b.a` and `a`. */
export function* parents(domain: string): Generator<string> {
  for (let at = domain.indexOf('.', 1); at >= 0; at = domain.indexOf('.', at + 1)) yield domain.slice(at + 1)
}
