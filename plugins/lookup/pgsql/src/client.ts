/** Connections by pg, with simple queries: values are what the server prints, as Postfix gets them. */
import pg from 'pg'
import type { ClientConfig, DatabaseError } from 'pg'
import { Refused } from '@postern/lookup-kit'
import type { SqlClient, SqlRow, SqlServer, SqlText } from '@postern/lookup-kit'
import type { Host } from './hosts.ts'

export interface Opened {
  readonly client: pg.Client
  /** is a backslash special in '...', with standard_conforming_strings off? The server tells when it changes */
  backslash: boolean
}
/** what is not in pg's types */
interface Inner {
  readonly connection: {
    readonly stream: { destroy(): void }
    on(event: 'parameterStatus', fn: (status: { parameterName: string; parameterValue: string }) => void): void
  }
}
export interface Login {
  readonly user: string
  readonly password: string
  readonly database: string
  readonly encoding: string
}
/** too_many_connections */
const FULL = '53300'
const NO_TLS = /does not support SSL/
/** values as text, as they come */
const TEXT = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig

export function server(host: Host, login: Login): SqlServer<Opened> {
  // of a server that cannot do TLS, `prefer` knows it after the first try
  let plain = host.mode === 'disable'
  return {
    name: host.name,
    rank: 0,
    async connect(signal, gone) {
      try {
        try {
          return await connect(host, login, plain, signal, gone)
        } catch (error) {
          if (plain || host.mode !== 'prefer' || !NO_TLS.test((error as Error).message)) throw error
          const opened = await connect(host, login, true, signal, gone)
          plain = true
          return opened
        }
      } catch (error) {
        const inner = error instanceof AggregateError ? (error.errors[0] as Error) : (error as Error)
        throw new Error(`${host.name}: ${inner.message}`, { cause: error })
      }
    },
  }
}
async function connect(host: Host, login: Login, plain: boolean, signal: AbortSignal, gone: (o: Opened) => void) {
  const config: ClientConfig = {
    host: host.host,
    port: host.port,
    user: (host.user ?? login.user) || undefined,
    password: (host.password ?? login.password) || undefined,
    database: host.database ?? login.database,
    ssl: plain ? false : host.tls,
    types: TEXT,
    ...host.more,
  }
  const client = new pg.Client(config)
  const opened: Opened = { client, backslash: false }
  const end = () => destroy(client)
  signal.addEventListener('abort', end, { once: true })
  let ready = false
  // without a listener an error ends the process
  for (const event of ['error', 'end'] as const) client.on(event, () => ready && gone(opened))
  ;(client as unknown as Inner).connection.on('parameterStatus', ({ parameterName, parameterValue }) => {
    if (parameterName === 'standard_conforming_strings') opened.backslash = parameterValue === 'off'
  })
  try {
    await client.connect()
    if (!/^utf-?8$/i.test(login.encoding)) await client.query(`SET client_encoding TO '${login.encoding}'`)
    signal.throwIfAborted()
    ready = true
    return opened
  } catch (error) {
    destroy(client)
    throw signal.aborted ? (signal.reason as Error) : error
  } finally {
    signal.removeEventListener('abort', end)
  }
}

export class PgClient implements SqlClient<Opened> {
  ask({ client, backslash }: Opened, sql: SqlText, begin: () => (columns: SqlRow) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const query = new pg.Query<SqlRow>({ text: sql(backslash), rowMode: 'array' } as pg.QueryConfig)
      let row = begin()
      let result: unknown
      let problem: Error | undefined
      query.on('row', (columns, of) => {
        // of several statements the last one counts
        if (result !== undefined && of !== result) row = begin()
        result = of
        // pg has read them as UTF-8
        if (columns.some((value) => value?.includes('\uFFFD')))
          problem = new Refused('a result that is not UTF-8 (encoding)')
        else row(columns)
      })
      query.on('error', (error) => reject(told(error)))
      query.on('end', (last: unknown) => {
        if (Array.isArray(last) && last.at(-1) !== result) begin()
        if (problem) reject(problem)
        else resolve()
      })
      client.query(query)
    })
  }
  /** As a prepared statement: the server looks at tables and columns, and nothing is carried out. */
  async check({ client, backslash }: Opened, sql: SqlText): Promise<void> {
    const text = sql(backslash)
    // of several statements PREPARE would take the first, and the others be carried out
    if (!/^\s*(select|with|values)\b[^;]*;?\s*$/i.test(text)) return
    try {
      await client.query(`PREPARE postern_check AS ${text}`)
      await client.query('DEALLOCATE postern_check')
    } catch (error) {
      throw told(error as Error)
    }
  }
  destroy({ client }: Opened): void {
    destroy(client)
  }
  full(error: Error): boolean {
    return (error.cause as DatabaseError | undefined)?.code === FULL
  }
}
/** SQLSTATE 21, 22, 42: it is the query, and the next server would say the same. */
const told = (error: Error): Error => {
  const { code, severity } = error as Partial<DatabaseError>
  return severity === 'ERROR' && /^(21|22|42)/.test(code ?? '') ? new Refused(error.message) : error
}
/** `end` of pg says good-bye and waits for the server to hear it. */
function destroy(client: pg.Client): void {
  ;(client as unknown as Inner).connection.stream.destroy()
}
