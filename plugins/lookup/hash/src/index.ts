/** Table types `hash`, `texthash`, `btree`, `dbm`, `lmdb`: a text file of `key value` lines, followed when it changes. */
import { setTimeout as wait } from 'node:timers/promises'
import { definePlugin, failed, size, tableTypes } from '@postern/core'
import type { OpenTable, TableSource, TableType } from '@postern/core'
import { z } from 'zod'
import { edit } from './edit.ts'
import { indexPath, writeIndex } from './index-file.ts'
import { reasonOf, sourceOf, tableOptions } from './source.ts'
import type { Source } from './source.ts'
import { FileTable } from './table.ts'
import type { FollowOptions } from './table.ts'

export { parse } from './memory.ts'
export type { LineProblem, TextFormat } from '@postern/cdb'

// one text format for all: what Postfix compiles for them is read as it stands
const TYPES = ['hash', 'texthash', 'btree', 'dbm', 'lmdb']
/** what an object of the configuration may say, by type: for the reference */
export const tableSchemas = Object.fromEntries(TYPES.map((type) => [type, tableOptions]))
/** ms for which the start waits for an index that must be made first; lookups wait longer */
const PATIENCE = 2000

function typeNamed(type: string, options: FollowOptions): TableType {
  const sure = (source: TableSource): Source => {
    const known = sourceOf(type, source)
    if (typeof known === 'string') throw new Error(known)
    return known
  }
  return {
    options: tableOptions,
    async open(source, context): Promise<OpenTable> {
      const known = sourceOf(type, source)
      if (typeof known === 'string') return { get: () => failed(known, 'misconfigured'), check: () => known }
      const table = new FileTable(known, context, options)
      await table.refresh()
      const enough = new AbortController()
      const patience = wait(PATIENCE, undefined, { signal: enough.signal }).catch(() => undefined)
      await Promise.race([table.settled(), patience])
      enough.abort()
      return table
    },
    async build(source) {
      const known = sure(source)
      try {
        const { entries, problems } = await writeIndex(known)
        return { entries, files: [indexPath(known.path)], problems: problems.lines(known.path) }
      } catch (error) {
        throw new Error(`${known.name}: ${reasonOf(error, known)}`, { cause: error })
      }
    },
    edit: (source, changes) => edit(sure(source), changes),
  }
}

export default definePlugin({
  name: 'lookup-hash',
  options: z.strictObject({
    indexAbove: size()
      .default(8_388_608)
      .describe('a larger text is not held in memory but indexed in a file beside it (bytes)'),
  }),
  provides: [tableTypes],
  apply(mta, { indexAbove }) {
    for (const type of TYPES) mta.provideNamed(tableTypes, type, typeNamed(type, { indexAbove }))
  },
})
