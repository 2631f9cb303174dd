/** What stands behind `cache:`: a table, or an object with a table and how long to keep its answers. */
import { duration } from '@postern/core'
import type { TableDefinition, TableSource } from '@postern/core'
import { z } from 'zod'

/** ms; a failure must not outlive its cause for longer */
const LONGEST_FAILURE = 10_000

const table = z.union([
  z.string().regex(/^[a-z][\w-]*:/i, 'expected a table as type:name'),
  z.looseObject({ type: z.string().describe('its type; the other options are its own') }),
])
/** Times in ms once parsed. */
export const cacheOptions = z.strictObject({
  table: table.describe('the table whose answers are kept'),
  ttl: duration().prefault(60).describe('how long a value is kept'),
  negativeTtl: duration().prefault(10).describe('how long it is kept that a key is absent; 0: not at all'),
  failedTtl: duration()
    .prefault('1s')
    .refine((ms) => ms <= LONGEST_FAILURE, 'at most 10s')
    .describe('how long a failure is the answer to the same key before the table is asked again; at most 10s'),
  staleIfFailed: duration()
    .prefault(0)
    .describe('how long behind its time an answer still serves while the table fails; 0: not at all'),
  entries: z.int().min(1).default(10_000).describe('keys that are kept; the one unused for longest goes first'),
})
export type CacheOptions = z.output<typeof cacheOptions>

/** Throws what is wrong, with the option. */
export function optionsOf({ spec }: TableSource): CacheOptions & { readonly table: TableDefinition } {
  const result = cacheOptions.safeParse(typeof spec === 'string' ? { table: spec } : spec)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  if (typeof spec === 'string') throw new Error(`bad syntax: "cache:${spec}"; need "cache:type:name"`)
  if (issue.code === 'unrecognized_keys') throw new Error(`unknown option ${issue.keys[0]!} of a cache table`)
  const name = String(issue.path[0] ?? '')
  throw new Error(`cache table: ${name}: ${spec[name] === undefined ? 'is missing' : issue.message}`)
}
