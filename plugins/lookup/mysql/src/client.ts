/** Connections by mysql2, in the text protocol: values are what the server prints, as Postfix gets them. */
import { isUtf8 } from 'node:buffer'
import { connect, isIP } from 'node:net'
import { createConnection } from 'mysql2'
import type { Connection, ConnectionOptions, QueryError } from 'mysql2'
import { Refused } from '@postern/lookup-kit'
import type { SqlClient, SqlRow, SqlServer, SqlText } from '@postern/lookup-kit'
import type { Host } from './login.ts'

export interface Opened {
  readonly connection: Connection
  /** is a backslash special in '...', without the mode NO_BACKSLASH_ESCAPES? */
  readonly backslash: boolean
}
/** ER_CON_COUNT_ERROR, ER_TOO_MANY_USER_CONNECTIONS, ER_USER_LIMIT_REACHED */
const FULL = [1040, 1203, 1226]

export function server(host: Host, options: ConnectionOptions, charset: string): SqlServer<Opened> {
  return {
    name: host.name,
    rank: host.socketPath === undefined ? 1 : 0,
    async connect(signal, gone) {
      const where =
        host.socketPath === undefined
          ? {
              // of an address mysql2 would compare the certificate with "localhost": with the dot it is a name to it, and
              // `checkServerIdentity` of Node takes the dot away again
              host: isIP(host.host!) ? `${host.host}.` : host.host,
              port: host.port,
              stream: () => connect({ host: host.host, port: host.port!, noDelay: true, keepAlive: true }),
            }
          : { socketPath: host.socketPath }
      const connection = createConnection({
        ...options,
        ...where,
        charset: 'utf8mb4',
        // no time of its own: the lookup's ends it
        connectTimeout: 0,
        // with session tracking, SET NAMES would change how keys are written, too
        flags: ['-LOCAL_FILES', '-MULTI_STATEMENTS', '-SESSION_TRACK'],
        disableEval: true,
      } as ConnectionOptions)
      // without a listener an error ends the process
      connection.on('error', () => undefined)
      const end = () => destroy(connection)
      signal.addEventListener('abort', end, { once: true })
      try {
        await connected(connection, signal)
        const setup = charset === 'utf8mb4' ? [] : [`SET NAMES ${charset}`]
        let mode = ''
        for (const sql of [...setup, 'SELECT @@SESSION.sql_mode'])
          await query(connection, sql, ([first]) => void (mode = first ?? ''), signal)
        const opened = { connection, backslash: !mode.split(',').includes('NO_BACKSLASH_ESCAPES') }
        for (const event of ['error', 'end'] as const) connection.on(event, () => gone(opened))
        return opened
      } catch (error) {
        destroy(connection)
        throw new Error(`${host.name}: ${(error as Error).message}`, { cause: error })
      } finally {
        signal.removeEventListener('abort', end)
      }
    },
  }
}

export class MysqlClient implements SqlClient<Opened> {
  readonly #requireResultSet: boolean

  constructor(requireResultSet: boolean) {
    this.#requireResultSet = requireResultSet
  }
  async ask({ connection, backslash }: Opened, sql: SqlText, begin: () => (columns: SqlRow) => void): Promise<void> {
    const sets = await query(connection, sql(backslash), begin())
    if (sets === 0 && this.#requireResultSet) throw new Refused('no result set (require_result_set)')
    if (sets > 1) throw new Refused('more than one result set')
  }
  /** A prepared statement: the server looks at tables and columns, and nothing is carried out. */
  check({ connection, backslash }: Opened, sql: SqlText): Promise<void> {
    return new Promise((resolve, reject) => {
      connection.prepare(sql(backslash), (error, statement) => {
        if (error) return reject(told(error))
        statement.close()
        resolve()
      })
    })
  }
  destroy({ connection }: Opened): void {
    destroy(connection)
  }
  full(error: Error): boolean {
    return FULL.includes((error.cause as QueryError | undefined)?.errno ?? 0)
  }
}

/** Answers with the number of result sets. */
function query(connection: Connection, sql: string, row: (columns: SqlRow) => void, signal?: AbortSignal) {
  return new Promise<number>((resolve, reject) => {
    let sets = 0
    let problem: Error | undefined
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    // nothing may be thrown while mysql2 reads: it would lose its place in what the server sends
    connection
      .query({ sql, rowsAsArray: true, typeCast: false })
      .on('fields', (fields: unknown) => void (fields !== undefined && sets++))
      .on('result', (columns: unknown) => {
        if (!Array.isArray(columns) || problem || sets > 1) return
        const bad = (columns as (Buffer | null)[]).some((value) => value && !isUtf8(value))
        if (bad) problem = new Refused('a result that is not UTF-8 (charset)')
        else row((columns as (Buffer | null)[]).map((value) => value && value.toString('utf8')))
      })
      .on('error', (error: QueryError) => reject(told(error)))
      .on('end', () => (problem ? reject(problem) : resolve(sets)))
  })
}
/** SQLSTATE 21, 22, 42: it is the query, and the next server would say the same. */
const told = (error: QueryError): Error =>
  error.sqlState !== undefined && /^(21|22|42)/.test(error.sqlState) ? new Refused(error.message) : error

const connected = (connection: Connection, signal: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    connection.connect((error) => (error ? reject(error) : resolve()))
  })
/** `destroy` of mysql2 says good-bye and waits for the server to hear it. */
function destroy(connection: Connection): void {
  connection.destroy()
  ;(connection as unknown as { readonly stream: { destroy(): void } }).stream.destroy()
}
