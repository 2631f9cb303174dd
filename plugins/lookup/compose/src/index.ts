/** Table types that are made of others: `pipemap`, `unionmap`, `proxy`; and two that need none: `randmap`, `fail`. */
import { definePlugin, tableRef, tableTypes } from '@postern/core'
import type { TableType } from '@postern/core'
import { z } from 'zod'
import { reasonOf, tableOf, tablesOf, valuesOf } from './definition.ts'
import { Fail, Pipe, Random, Same, Union } from './tables.ts'

const tablesOptions = (about: string) => z.strictObject({ tables: z.array(tableRef()).min(1).describe(about) })
const value = z.union([z.string().min(1, 'expected a value'), z.number()])
/** what an object of the configuration may say, by type: for the reference */
export const tableSchemas = {
  pipemap: tablesOptions('each is asked for what the one before it has found; one that has nothing ends it'),
  unionmap: tablesOptions('all are asked; what they have found is the answer, with commas between'),
  proxy: z.strictObject({ table: tableRef().describe('the table that is asked') }),
  randmap: z.strictObject({ values: z.array(value).min(1).describe('one of them is the answer to any key') }),
  fail: z.strictObject({ reason: z.string().min(1).describe('said in logs and in status: each request fails') }),
}

const types: Readonly<Record<keyof typeof tableSchemas, TableType>> = {
  pipemap: { parts: (source) => tablesOf('pipemap', source), open: (_source, { parts }) => new Pipe(parts) },
  unionmap: { parts: (source) => tablesOf('unionmap', source), open: (_source, { parts }) => new Union(parts) },
  // proxymap(8) shares open tables among Postfix's processes; here one process has each table open once
  proxy: { parts: (source) => [tableOf('proxy', source)], open: (_source, { parts }) => new Same(parts[0]!) },
  randmap: { open: (source) => new Random(valuesOf('randmap', source)) },
  fail: { open: (source) => new Fail(reasonOf('fail', source)) },
}

export default definePlugin({
  name: 'lookup-compose',
  options: z.strictObject({}),
  provides: [tableTypes],
  apply(mta) {
    for (const [name, options] of Object.entries(tableSchemas))
      mta.provideNamed(tableTypes, name, { ...types[name as keyof typeof types], options })
  },
})
