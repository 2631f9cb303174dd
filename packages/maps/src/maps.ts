/** Lists of tables, searched in order: the first answer wins, and a failure is never taken for absent. */
import { absent } from '@postern/core'
import type { Call, Lookup, MaybePromise, Table } from '@postern/core'

export type Failed = Extract<Lookup, { kind: 'failed' }>
/** `key`: the one that was found */
export type Found = { readonly kind: 'found'; readonly value: string; readonly key: string }
export type Searched = Found | Exclude<Lookup, { kind: 'found' }>

/**
 * Each key in each table in turn: the more specific key wins over the order of the tables (Postfix's mail_addr_find and
 * transport(5)). Tables of patterns are asked for the first `whole` keys only (regexp_table(5)); the default is one.
 */
export function firstOf(
  tables: readonly Table[],
  keys: readonly string[],
  call: Call,
  whole = 1,
): MaybePromise<Searched> {
  return from(0)

  function from(start: number): MaybePromise<Searched> {
    // tables in memory answer at once: no promise for each of some ten keys
    for (let i = start; i < keys.length * tables.length; i++) {
      const key = keys[Math.floor(i / tables.length)]!
      const table = tables[i % tables.length]!
      if (table.pattern && i >= whole * tables.length) continue
      const answer = table.get(key, call)
      if (answer instanceof Promise) return answer.then((a) => (a.kind === 'absent' ? from(i + 1) : searched(a, key)))
      if (answer.kind !== 'absent') return searched(answer, key)
    }
    return ABSENT
  }
}
const ABSENT = absent() as Exclude<Lookup, { kind: 'found' }>
const searched = (answer: Lookup, key: string): Searched =>
  answer.kind === 'found' ? { kind: 'found', value: answer.value, key } : answer

/** `c.b.a` has the parents `b.a` and `a`. */
export function* parents(domain: string): Generator<string> {
  for (let at = domain.indexOf('.', 1); at >= 0; at = domain.indexOf('.', at + 1)) yield domain.slice(at + 1)
}
