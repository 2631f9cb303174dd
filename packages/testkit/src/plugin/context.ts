/** What a plugin under test finds around itself, and what it said. */
import { failed, found, absent } from '@postern/core'
import type { Call, Clock, Lookup, MessageDraft, Mta, Site, Table, TableRef } from '@postern/core'

type ResolvedAddress = Awaited<ReturnType<Mta['resolve']>>

/** A table for a test: keys and values, a function, or a whole table. */
export type TableLike =
  Readonly<Record<string, string>> | ((key: string, call: Call) => Lookup | Promise<Lookup>) | Table

export interface TapContext {
  /** implementations of the roles that the plugin needs, by the property's name; a named role takes an object by name */
  readonly needs?: Readonly<Record<string, unknown>>
  /** tables by their text in the options, `hash:/etc/postern/virtual`; a table that is not named here fails each lookup */
  readonly tables?: Readonly<Record<string, TableLike>>
  readonly clock?: Clock
  readonly site?: Partial<Site>
  /** this use's own name */
  readonly as?: string
  /** what relative paths in options are relative to; default: the working folder */
  readonly folder?: string
  /** answers `mta.resolve(address)` */
  readonly resolve?: (address: string, call: Call) => ResolvedAddress | Promise<ResolvedAddress>
  /** answers `mta.submit(draft)`: an id, or a throw when the draft is refused */
  readonly submit?: (draft: MessageDraft) => string | Promise<string>
}

export const SITE: Site = {
  worker: { index: 0, count: 1 },
  myhostname: 'mail.site.example',
  mydomain: 'site.example',
  myorigin: 'site.example',
  mailName: 'Postern',
  recipientDelimiter: '',
  spool: '/nonexistent',
  messageSizeLimit: 10_240_000,
  headerSizeLimit: 102_400,
  enableOriginalRecipient: true,
  recipientLimit: 1000,
  hopcountLimit: 50,
  softBounce: false,
  bounceSizeLimit: 50_000,
  delayWarningTime: 0,
  maximalQueueLifetime: 432_000_000,
}

export function tableOf(ref: TableRef, tables: TapContext['tables'] = {}): Table {
  const name = `${ref.type}:${typeof ref.spec === 'string' ? ref.spec : JSON.stringify(ref.spec)}`
  // an inline table needs no plugin to be understood here
  const like = tables[name] ?? (ref.type === 'inline' && typeof ref.spec === 'object' ? inline(ref.spec) : undefined)
  if (like === undefined)
    return { name, pattern: false, get: () => failed(`the test has no table ${name}`, 'misconfigured') }
  if (typeof like === 'function') return { name, pattern: false, get: like }
  if (isTable(like)) return like
  return { name, pattern: false, get: (key) => (Object.hasOwn(like, key) ? found(like[key]!) : absent()) }
}

const isTable = (t: TableLike): t is Table => typeof (t as { get?: unknown }).get === 'function'
function inline(spec: Readonly<Record<string, unknown>>): Record<string, string> {
  const entries = (spec.map ?? {}) as Record<string, unknown>
  return Object.fromEntries(Object.entries(entries).map(([k, v]) => [k, String(v)]))
}
