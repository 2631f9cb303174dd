import { spawnSync } from 'node:child_process'
import { logger, systemClock } from '@postern/core'
import type { Lookup, OpenTable, TableType } from '@postern/core'
import redis from '@postern/lookup-redis'
import { fakeCall, programPath, until, within } from '@postern/testkit'
import type { RedisServer } from './server.ts'

let type: TableType
redis.definition.apply({ provideNamed: (_role: unknown, _name: string, t: TableType) => (type = t) } as never, {}, {})

/** what was logged since the test began, as `event {fields}` */
export const events: string[] = []
const log = logger(() => ({
  enabled: () => true,
  write: (_l, event, f) => void events.push(`${event} ${JSON.stringify(f)}`),
}))
const opened: OpenTable[] = []
export async function open(spec: string | Record<string, unknown>): Promise<OpenTable> {
  const table = await type.open({ spec, where: 'test', folder: '/' }, { log, clock: systemClock, parts: [] })
  opened.push(table)
  return table
}
/** Closes what a test opened. */
export async function closeAll(): Promise<void> {
  for (const table of opened.splice(0)) await table.close?.()
}
export const get = async (table: OpenTable, key: string): Promise<Lookup> =>
  within(`${key} asked`, Promise.resolve(table.get(key, fakeCall())), 8000)

/** ms: pauses of a second are part of what is tested */
const RECOVERY = 5000
export const isFound = (table: OpenTable) =>
  until('found again', async () => (await get(table, 'a@x.example')).kind === 'found', RECOVERY)

/** What the tests look for; by one run of Debian's own client. */
export function fill(server: RedisServer): void {
  const lines = [
    'SET a@x.example box',
    'SET user:x.example:a templated',
    'SET plain "value with, comma"',
    'SET empty ""',
    'HSET users a@x.example field',
    'RPUSH list:a one two "" three',
    'SADD set:a only',
    'SADD domains x.example',
    `RPUSH many ${Array.from({ length: 10_000 }, (_v, i) => `m${i}`).join(' ')}`,
    'SELECT 3',
    'SET a@x.example third',
  ]
  spawnSync(programPath('redis-cli')!, ['-p', String(server.port)], { input: `${lines.join('\n')}\n` })
}
