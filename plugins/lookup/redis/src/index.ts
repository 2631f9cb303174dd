/** Table type `redis`: values, fields, sets and lists of a Redis server. */
import { definePlugin, failed, tableTypes } from '@postern/core'
import type { OpenTable, TableContext, TableSource, TableType } from '@postern/core'
import { domainParts, readSource } from '@postern/lookup-kit'
import { z } from 'zod'
import { redisOptions } from './options.ts'
import { RedisTable } from './table.ts'

export { redisOptions }
/** what an object of the configuration may say, by type: for the reference */
export const tableSchemas = { redis: redisOptions }

const type: TableType = {
  options: redisOptions,
  parts: domainParts,
  async open(source: TableSource, context: TableContext): Promise<OpenTable> {
    const name = typeof source.spec === 'string' ? `redis:${source.spec}` : `redis (in ${source.where})`
    const broken = (problem: string): OpenTable => ({
      get: () => failed(`${name}: ${problem}`, 'misconfigured'),
      check: () => `${name}: ${problem}`,
    })
    const read = await readSource(source, redisOptions)
    if (!read.ok) return broken(read.problem)
    for (const problem of read.warnings) context.log.warn('table.option', { table: name, problem })
    try {
      return await RedisTable.open(name, read.options, source.folder, context)
    } catch (error) {
      return broken((error as Error).message)
    }
  },
}

export default definePlugin({
  name: 'lookup-redis',
  options: z.strictObject({}),
  provides: [tableTypes],
  apply(mta) {
    mta.provideNamed(tableTypes, 'redis', type)
  },
})
