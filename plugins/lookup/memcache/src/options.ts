/** Options of memcache_table(5), in an object or in a file of `snake_case = value` lines. */
import { duration } from '@postern/core'
import type { TableDefinition, TableSource } from '@postern/core'
import { count, list, templateProblem } from '@postern/lookup-kit'
import { z } from 'zod'

const template = z.string().superRefine((text, context) => {
  const message = text === '' ? 'is empty' : templateProblem(text)
  if (message !== undefined) context.addIssue({ code: 'custom', message })
})
const table = z.union([z.string(), z.looseObject({ type: z.string() })], 'expected a table as type:name')

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
  backup: table
    .optional()
    .describe('table that is asked for what the server has not; its values are put there. In an object only'),
  flags: count(0, 0xffffffff).prefault(0).describe('flags that are stored with a value'),
  ttl: duration()
    .prefault(3600)
    .describe('how long the server keeps a value of the backup; more than 30 days is a time since 1970'),
  keyFormat: template
    .prefault('%s')
    .describe('what the server is asked for: %s, %u, %d, %1 to %9 are the key and its parts; the backup gets the key'),
  domain: list()
    .prefault([])
    .describe('only addresses in these domains are looked up; files with domains start with /'),
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

/** The backup of an object. A file is not read here: the core wants to know parts before there is any I/O. */
export function backupOf({ spec }: TableSource): TableDefinition | undefined {
  if (typeof spec === 'string' || spec.backup === undefined) return undefined
  const result = table.safeParse(spec.backup)
  if (!result.success) throw new Error('backup: expected a table as type:name')
  return result.data
}
