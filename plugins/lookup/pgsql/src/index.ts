/** Table type `pgsql`: lookups in PostgreSQL. */
import { definePlugin, tableTypes } from '@postern/core'
import type { OpenTable, TableContext } from '@postern/core'
import { domainParts, leased, openWith, Shared, SqlServers, SqlTable, sqlQuery } from '@postern/lookup-kit'
import { z } from 'zod'
import { PgClient, server } from './client.ts'
import type { Opened } from './client.ts'
import { parseHost } from './hosts.ts'
import { tableOptions } from './options.ts'
import type { PgsqlOptions } from './options.ts'

export { tableOptions } from './options.ts'
/** what an object of the configuration may say, by type: for the reference */
export const tableSchemas = { pgsql: tableOptions }

type SharedServers = Shared<SqlServers<Opened>>

async function make(o: PgsqlOptions, name: string, folder: string, context: TableContext, shared: SharedServers) {
  const query = o.query === '' && o.selectFunction !== '' ? `SELECT ${o.selectFunction}('%s')` : sqlQuery(o)
  const hosts = await Promise.all(o.hosts.map((text) => parseHost(text, folder)))
  const login = { user: o.user, password: o.password.reveal(), database: o.dbname, encoding: o.encoding }
  const { clock, log } = context
  const numbers = { connections: o.connections, timeout: o.timeout, idle: o.idleInterval, rest: o.retryInterval }
  // tables with the same login use the same connections
  const servers = shared.take(JSON.stringify([hosts, login, numbers]), () => {
    const each = hosts.map((host) => server(host, login))
    return new SqlServers<Opened>(each, new PgClient(), { clock, log, ...numbers })
  })
  const dialect = { postgres: true }
  const backend = leased(servers)
  return new SqlTable({ ...o, name, query, dialect, backslash: [true, false], folder, backend }, context)
}

export default definePlugin({
  name: 'lookup-pgsql',
  options: z.strictObject({}),
  provides: [tableTypes],
  apply(mta) {
    const shared: SharedServers = new Shared()
    mta.provideNamed(tableTypes, 'pgsql', {
      options: tableOptions,
      parts: domainParts,
      open: (source, context): Promise<OpenTable> =>
        openWith('pgsql', source, context, tableOptions, (o, name) => make(o, name, source.folder, context, shared)),
    })
  },
})
