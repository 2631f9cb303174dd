/** Table type `sqlite`: lookups in SQLite files. */
import { resolve } from 'node:path'
import { definePlugin, tableTypes } from '@postern/core'
import type { OpenTable } from '@postern/core'
import { domainParts, leased, openWith, Shared, SqlTable, sqlQuery } from '@postern/lookup-kit'
import { z } from 'zod'
import { tableOptions } from './options.ts'
import { Reader } from './reader.ts'

export { tableOptions } from './options.ts'
/** what an object of the configuration may say, by type: for the reference */
export const tableSchemas = { sqlite: tableOptions }

export default definePlugin({
  name: 'lookup-sqlite',
  options: z.strictObject({}),
  provides: [tableTypes],
  apply(mta) {
    // tables in one file are read by one thread
    const shared = new Shared<Reader>()
    mta.provideNamed(tableTypes, 'sqlite', {
      options: tableOptions,
      parts: domainParts,
      open: (source, context): Promise<OpenTable> =>
        openWith('sqlite', source, context, tableOptions, (o, name) => {
          const query = sqlQuery(o)
          const path = resolve(source.folder, o.dbpath)
          const make = () => new Reader(path, o.timeout, context.clock)
          const backend = leased(shared.take(`${path}\0${o.timeout}`, make))
          const { folder } = source
          return new SqlTable({ ...o, name, query, dialect: {}, backslash: [false], folder, backend }, context)
        }),
    })
  },
})
