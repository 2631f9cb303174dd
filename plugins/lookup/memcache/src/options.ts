/** Options of memcache_table(5), in an object or in a file of `snake_case = value` lines. */
import { resolve } from 'node:path'
import { duration } from '@postern/core'
import type { TableDefinition, TableSource } from '@postern/core'
import { count, domainParts, list, parameterIn, templateProblem } from '@postern/lookup-kit'
import { z } from 'zod'

const template = z.string().superRefine((text, context) => {
  const message = text === '' ? 'is empty' : templateProblem(text)
  if (message !== undefined) context.addIssue({ code: 'custom', message })
})
const table = z.union(
  [z.string(), z.looseObject({ type: z.string().describe('its type; the other options are its own') })],
  'expected a table as type:name',
)

export const memcacheOptions = z.strictObject({
  memcache: z
    .string()
    .prefault('inet:localhost:11211')
    .transform((text, context) => {
      const place = placeOf(text)
      if (place) return place
      context.addIssue({ code: 'custom', message: 'expected inet:host:port or unix:/path' })
      return z.NEVER
    })
    .describe('the server: inet:host:port, inet:[address]:port or unix:/path'),
  backup: table.optional().describe('table that is asked for what the server has not; its values are put there'),
  flags: count(0, 0xffffffff).prefault(0).describe('flags that are stored with a value'),
  ttl: duration()
    .prefault(3600)
    .describe('how long the server keeps a value of the backup; more than 30 days is a time since 1970'),
  keyFormat: template
    .prefault('%s')
    .describe('what the server is asked for: %s, %u, %d, %1 to %9 are the key and its parts; the backup gets the key'),
  domain: list()
    .prefault([])
    .describe('only addresses in these domains are looked up: domains, `/file` with some, `type:table`; `!` takes out'),
  dataSizeLimit: count(0).prefault(10_240).describe('bytes of a value at most'),
  lineSizeLimit: count(1).prefault(1024).describe('bytes of a line of a reply at most'),
  maxTry: count(1).prefault(2).describe('how often a command is tried; not again when there is no connection'),
  retryPause: duration().prefault(1).describe('pause between two tries'),
  timeout: duration().prefault(2).describe('for a connection and for an answer'),
})
export type MemcacheOptions = z.output<typeof memcacheOptions>

export type Place =
  | { readonly name: string; readonly host: string; readonly port: number }
  | { readonly name: string; readonly path: string }
function placeOf(text: string): Place | undefined {
  const unix = /^unix:(\/.+)$/.exec(text)
  if (unix) return { name: text, path: unix[1]! }
  const inet = /^inet:(?:\[([0-9a-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(text)
  const port = Number(inet?.[3])
  return inet && port <= 65_535 ? { name: text, host: (inet[1] ?? inet[2])!, port } : undefined
}

/** The backup, then the tables of `domain`. Of a file they are read at once; one that cannot be read names none. */
export function tablesOf(source: TableSource): readonly TableDefinition[] {
  const backup = backupOf(source)
  return [...(backup === undefined ? [] : [backup]), ...domainParts(source)]
}
function backupOf({ spec, folder }: TableSource): TableDefinition | undefined {
  const written = typeof spec === 'string' ? parameterIn(resolve(folder, spec), 'backup') : spec.backup
  if (written === undefined) return undefined
  const result = table.safeParse(written)
  if (!result.success) throw new Error('backup: expected a table as type:name')
  return result.data
}
