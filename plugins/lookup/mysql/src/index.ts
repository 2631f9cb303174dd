/** Table type `mysql`: lookups in MySQL, MariaDB and what speaks their protocol. */
import { definePlugin, tableTypes } from '@postern/core'
import type { OpenTable, TableContext } from '@postern/core'
import { domainParts, leased, openWith, Shared, SqlServers, SqlTable, sqlQuery } from '@postern/lookup-kit'
import { z } from 'zod'
import { MysqlClient, server } from './client.ts'
import type { Opened } from './client.ts'
import { login } from './login.ts'
import { tableOptions } from './options.ts'
import type { MysqlOptions } from './options.ts'

export { tableOptions } from './options.ts'
/** what an object of the configuration may say, by type: for the reference */
export const tableSchemas = { mysql: tableOptions }

type SharedServers = Shared<SqlServers<Opened>>

async function make(o: MysqlOptions, name: string, folder: string, context: TableContext, shared: SharedServers) {
  const query = sqlQuery(o)
  const { hosts, connection } = await login(o, folder)
  const { clock, log } = context
  const numbers = { connections: o.connections, timeout: o.timeout, idle: o.idleInterval, rest: o.retryInterval }
  // tables with the same login use the same connections
  const servers = shared.take(JSON.stringify([hosts, connection, o.charset, o.requireResultSet, numbers]), () => {
    const each = hosts.map((host) => server(host, connection, o.charset))
    return new SqlServers<Opened>(each, new MysqlClient(o.requireResultSet), { clock, log, ...numbers })
  })
  const dialect = { mysql: true }
  const backend = leased(servers)
  return new SqlTable({ ...o, name, query, dialect, backslash: [true, false], folder, backend }, context)
}

export default definePlugin({
  name: 'lookup-mysql',
  options: z.strictObject({}),
  provides: [tableTypes],
  apply(mta) {
    const shared: SharedServers = new Shared()
    mta.provideNamed(tableTypes, 'mysql', {
      options: tableOptions,
      parts: domainParts,
      open: (source, context): Promise<OpenTable> =>
        openWith('mysql', source, context, tableOptions, (o, name) => make(o, name, source.folder, context, shared)),
    })
  },
})
