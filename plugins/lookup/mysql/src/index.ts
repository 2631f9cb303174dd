/** Table type `mysql`: lookups in MySQL, MariaDB and what speaks their protocol. */
import { definePlugin, tableTypes } from '@postern/core'
import type { OpenTable, TableContext } from '@postern/core'
import { domainParts, leased, openWith, Shared, SqlTable, sqlQuery } from '@postern/lookup-kit'
import { z } from 'zod'
import { MysqlBackend } from './backend.ts'
import { full, open } from './connect.ts'
import { login } from './login.ts'
import { tableOptions } from './options.ts'
import type { MysqlOptions } from './options.ts'

export { tableOptions } from './options.ts'
/** what an object of the configuration may say, by type: for the reference */
export const tableSchemas = { mysql: tableOptions }

type SharedServers = Shared<MysqlBackend>

async function make(o: MysqlOptions, name: string, folder: string, context: TableContext, shared: SharedServers) {
  const query = sqlQuery(o)
  const { hosts, connection } = await login(o, folder)
  const { clock, log } = context
  const { connections, timeout, requireResultSet } = o
  const numbers = { connections, depth: o.pipelineDepth, timeout, idle: o.idleInterval, rest: o.retryInterval }
  // tables with the same login use the same connections
  const servers = shared.take(JSON.stringify([hosts, connection, o.charset, requireResultSet, numbers]), () => {
    const each = hosts.map((host) => ({
      name: host.name,
      // sockets of this machine first
      rank: host.socketPath === undefined ? 1 : 0,
      connect: (signal: AbortSignal) => open(host, connection, o.charset, signal),
    }))
    return new MysqlBackend(each, { clock, log, full, requireResultSet, ...numbers })
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
