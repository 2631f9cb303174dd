/** Table type `memcache`: memcache_table(5). */
import { definePlugin, failed, tableTypes } from '@postern/core'
import type { OpenTable, TableContext, TableSource, TableType } from '@postern/core'
import { readSource } from '@postern/lookup-kit'
import { z } from 'zod'
import { memcacheOptions, tablesOf } from './options.ts'
import { MemcacheTable } from './table.ts'

export { memcacheOptions }
/** what an object of the configuration may say, by type: for the reference */
export const tableSchemas = { memcache: memcacheOptions }

const type: TableType = {
  options: memcacheOptions,
  parts: tablesOf,
  async open(source: TableSource, context: TableContext): Promise<OpenTable> {
    const name = typeof source.spec === 'string' ? `memcache:${source.spec}` : `memcache (in ${source.where})`
    const broken = (problem: string): OpenTable => ({
      get: () => failed(`${name}: ${problem}`, 'misconfigured'),
      check: () => `${name}: ${problem}`,
    })
    const read = await readSource(source, memcacheOptions)
    if (!read.ok) return broken(read.problem)
    for (const problem of read.warnings) context.log.warn('table.option', { table: name, problem })
    try {
      return new MemcacheTable(name, read.options, source.folder, context)
    } catch (error) {
      return broken((error as Error).message)
    }
  },
}

export default definePlugin({
  name: 'lookup-memcache',
  options: z.strictObject({}),
  provides: [tableTypes],
  apply(mta) {
    mta.provideNamed(tableTypes, 'memcache', type)
  },
})
