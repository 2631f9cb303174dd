import { logger, systemClock } from '@postern/core'
import type { Call, Lookup, OpenTable, Table, TableType } from '@postern/core'
import memcache from '@postern/lookup-memcache'
import { fakeCall, within } from '@postern/testkit'

export let type: TableType
memcache.definition.apply(
  { provideNamed: (_role: unknown, _name: string, t: TableType) => (type = t) } as never,
  {},
  {},
)

/** what was logged since the test began, as `event {fields}` */
export const events: string[] = []
const log = logger(() => ({
  enabled: () => true,
  write: (_l, event, f) => void events.push(`${event} ${JSON.stringify(f)}`),
}))
const opened: OpenTable[] = []
export async function open(spec: string | Record<string, unknown>, ...parts: Table[]): Promise<OpenTable> {
  const table = await type.open({ spec, where: 'test', folder: '/' }, { log, clock: systemClock, parts })
  opened.push(table)
  return table
}
export const get = async (table: OpenTable, key: string, call: Call = fakeCall()): Promise<Lookup> =>
  within(`${key} asked`, Promise.resolve(table.get(key, call)), 8000)
/** Closes what a test opened. */
export async function closeAll(): Promise<void> {
  for (const table of opened.splice(0)) await table.close?.()
}
/** What is in the server. */
export const STORED: Record<string, string> = {
  'a@x.example': 'box',
  a: 'bare',
  'x.example': 'domain',
  'ü@x.example': 'größe',
  'à@x.example': 'nbsp inside',
  'pre:a@x.example': 'prefixed',
  'a/x.example': 'parted',
  'com/example': 'labels',
  lines: 'END\r\nVALUE a 0 1\r\nx',
  'upper@x.example': 'MiXed',
  empty: '',
  long: 'v'.repeat(10_240),
  longer: 'v'.repeat(10_241),
  '%s': 'percent',
}
