/** Lookups have three answers, and failed never means absent. */
import type { z } from 'zod'
import type { Call } from './call.ts'

export type Lookup =
  | { readonly kind: 'found'; readonly value: string }
  | { readonly kind: 'absent' }
  /** `retry`: the backend is away; `misconfigured`: it will not get better by itself. Both defer mail. */
  | { readonly kind: 'failed'; readonly why: 'retry' | 'misconfigured'; readonly cause: string }

const ABSENT: Lookup = Object.freeze({ kind: 'absent' })
export const found = (value: string): Lookup => ({ kind: 'found', value })
export const absent = (): Lookup => ABSENT
export const failed = (cause: string, why: 'retry' | 'misconfigured' = 'retry'): Lookup => ({
  kind: 'failed',
  why,
  cause,
})

/** A lookup table as callers see it. */
export interface Table {
  /** `hash:/etc/postern/virtual` */
  readonly name: string
  /**
   * Are its keys patterns (regexp, pcre, cidr)? Such a table is asked for a whole address, domain or line only, never for
   * parts of one. Known as soon as tables are open; `false` before.
   */
  readonly pattern: boolean
  get(key: string, call: Call): Lookup | Promise<Lookup>
}
export type TableEntry = readonly [key: string, value: string]
/** What a table type's `open` gives; the core traces, checks and closes it. */
export interface OpenTable {
  /** its keys are patterns; default `false` */
  readonly pattern?: boolean
  get(key: string, call: Call): Lookup | Promise<Lookup>
  /** is it usable now? Asked at the start and for status, while lookups go on; a problem is told there */
  check?(): Promise<string | undefined> | string | undefined
  close?(): Promise<void> | void
  /** All that is in it, in its own order, for `postern table dump`. Throws when the backend fails. */
  entries?(): AsyncIterable<TableEntry> | Iterable<TableEntry>
  /** Figures for status, e.g. `{ hits: 12, misses: 3 }`. */
  stats?(): Readonly<Record<string, number>>
}
/** A kind of table: `hash`, `inline`, `mysql` ... */
export interface TableType {
  /** Opens what stands behind `type:`. Must not throw for a backend that is away: answer `failed` at `get`. */
  open(source: TableSource, context: TableContext): OpenTable | Promise<OpenTable>
  /**
   * The tables that this one asks, `type:name` or an options object each: a type that is made of others. The core opens
   * them and gives them to `open` as `context.parts`, in this order. No I/O; throws what is wrong with the text.
   */
  parts?(source: TableSource): readonly TableDefinition[]
  /** What an options object may say, without its `type`: a wrong one stops the start, and `postern check` tells it. */
  readonly options?: z.ZodType
  /** Makes what lookups read from what people write, in one step: no lookup sees half of it (`postern table build`). */
  build?(source: TableSource, context: TableContext): Promise<TableBuilt>
  /** Adds and removes entries where they are kept, in one step (`postmap -i`, `postmap -d`). */
  edit?(source: TableSource, changes: TableChanges, context: TableContext): Promise<TableEdited>
}
/** `hash:/etc/postern/virtual` or `{ type: 'mysql', hosts: [...] }` */
export type TableDefinition = string | { readonly type: string; readonly [option: string]: unknown }
export interface TableSource {
  /** the text behind `type:`, or the options object of an inline definition without its `type` */
  readonly spec: string | Readonly<Record<string, unknown>>
  /** where it stands in the configuration */
  readonly where: string
  /** folder that relative file names are relative to */
  readonly folder: string
  /** `false`: as in `TableUse`; default `true` */
  readonly substitution?: boolean
}
/** What an option asks of its tables. */
export interface TableUse {
  /**
   * May values hold what a pattern's groups found in the key (`$1`)? `false` where a stranger's address must not choose a
   * transport, a file or a command: types of patterns leave such rules out and say so. Default `true`.
   */
  readonly substitution?: boolean
}
export interface TableContext {
  readonly log: import('./log.ts').Logger
  readonly clock: import('./clock.ts').Clock
  /** what `parts` named, opened */
  readonly parts: readonly Table[]
}
export interface TableBuilt {
  readonly entries: number
  /** files that were made */
  readonly files: readonly string[]
  /** lines that were left out or are doubtful, as text with the file and line; the first ones when there are many */
  readonly problems: readonly string[]
}
export interface TableChanges {
  readonly put?: Iterable<TableEntry>
  readonly remove?: readonly string[]
  /** of an entry that is there already: `keep` it and say so, or `replace` it */
  readonly duplicates: 'keep' | 'replace'
}
export interface TableEdited {
  readonly put: number
  readonly removed: number
  /** keys that were there already, as they were asked for; the first ones when there are many */
  readonly duplicates: readonly string[]
}
