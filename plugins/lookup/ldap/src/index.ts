/** Table type `ldap`: what a directory knows. */
import { definePlugin, failed, tableTypes } from '@postern/core'
import type { OpenTable, TableContext, TableSource, TableType } from '@postern/core'
import { z } from 'zod'
import { readTable, tablesOf } from './source.ts'
import { tableSchema } from './options.ts'
import { LdapTable } from './table.ts'

/** what an object of the configuration may say, by type: for the reference */
export const tableSchemas = { ldap: tableSchema }

const typeWith = (mainCf: string | undefined): TableType => ({
  options: tableSchema,
  parts: (source) => tablesOf(source, mainCf),
  async open(source: TableSource, context: TableContext): Promise<OpenTable> {
    const name = typeof source.spec === 'string' ? `ldap:${source.spec}` : `ldap table at ${source.where}`
    const wrong = (why: string): OpenTable => {
      const problem = `${name}: ${why}`
      return { get: () => failed(problem, 'misconfigured'), check: () => problem }
    }
    const read = await readTable(source, mainCf)
    if (!read.ok) return wrong(read.problem)
    for (const problem of read.warnings) context.log.warn('table.parameter', { table: name, problem })
    try {
      return new LdapTable(name, read.options, source.folder, context)
    } catch (error) {
      return wrong((error as Error).message)
    }
  },
})

export default definePlugin({
  name: 'lookup-ldap',
  options: z.strictObject({
    mainCf: z
      .string()
      .optional()
      .describe('a file of Postfix, main.cf, in which the parameters of `ldap:TAG` stand as `TAG_server_host = ...`'),
  }),
  provides: [tableTypes],
  apply(mta, options) {
    mta.provideNamed(tableTypes, 'ldap', typeWith(options.mainCf))
  },
})
