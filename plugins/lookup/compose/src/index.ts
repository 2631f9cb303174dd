/** Table types that are made of others: `pipemap`, `unionmap`, `proxy`; and two that need none: `randmap`, `fail`. */
import { definePlugin, tableTypes } from '@postern/core'
import type { TableType } from '@postern/core'
import { z } from 'zod'
import { reasonOf, tableOf, tablesOf, valuesOf } from './definition.ts'
import { Fail, Pipe, Random, Same, Union } from './tables.ts'

const types: Readonly<Record<string, TableType>> = {
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
    for (const [name, type] of Object.entries(types)) mta.provideNamed(tableTypes, name, type)
  },
})
