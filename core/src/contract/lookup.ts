/** Lookups have three answers, and failed never means absent. */
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
  get(key: string, call: Call): Lookup | Promise<Lookup>
}
/** What a table type's `open` gives; the core traces, checks and closes it. */
export interface OpenTable {
  get(key: string, call: Call): Lookup | Promise<Lookup>
  /** is it usable? A problem is told at start and in status; the table then fails each request */
  check?(): Promise<string | undefined> | string | undefined
  close?(): Promise<void> | void
}
/** A kind of table: `hash`, `inline`, `mysql` ... */
export interface TableType {
  /** Opens what stands behind `type:`. Must not throw for a backend that is away: answer `failed` at `get`. */
  open(source: TableSource, context: TableContext): OpenTable | Promise<OpenTable>
}
export interface TableSource {
  /** the text behind `type:`, or the options object of an inline definition */
  readonly spec: string | Readonly<Record<string, unknown>>
  /** where it stands in the configuration */
  readonly where: string
  /** folder that relative file names are relative to */
  readonly folder: string
}
export interface TableContext {
  readonly log: import('./log.ts').Logger
  readonly clock: import('./clock.ts').Clock
}
