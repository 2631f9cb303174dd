/** Table type `cache`: keeps the answers of another table for a while. */
import { definePlugin, tableTypes } from '@postern/core'
import type { TableType } from '@postern/core'
import { z } from 'zod'
import { cacheOptions, optionsOf } from './definition.ts'
import { Cache } from './table.ts'

export { cacheOptions } from './definition.ts'
/** what an object of the configuration may say, by type: for the reference */
export const tableSchemas = { cache: cacheOptions }

const type: TableType = {
  options: cacheOptions,
  parts: (source) => [optionsOf(source).table],
  open: (source, context) => new Cache(context.parts[0]!, optionsOf(source), context),
}

export default definePlugin({
  name: 'lookup-cache',
  options: z.strictObject({}),
  provides: [tableTypes],
  apply(mta) {
    mta.provideNamed(tableTypes, 'cache', type)
  },
})
