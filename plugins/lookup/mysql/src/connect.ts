/** Connections by mysql2: connecting, TLS, login, character set. What comes then is `Wire`'s. */
import { connect, isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { createConnection } from 'mysql2'
import type { Connection, ConnectionOptions, QueryError } from 'mysql2'
import type { Host } from './login.ts'
import type { Channel } from './wire.ts'

/** What is not in mysql2's types, or only as `any`. A test looks whether it is there. */
export interface Inner {
  readonly stream: Duplex
  readonly config: { readonly clientFlags: number }
  /** the capabilities that the server named */
  readonly serverCapabilityFlags: number
}
/** CLIENT_DEPRECATE_EOF */
const DEPRECATE_EOF = 0x01_00_00_00
/**
 * Not asked for: files of this machine, several statements in one text, session tracking (with it mysql2 would change how
 * it writes), attributes, which would stand in front of each query, and compression.
 */
const FLAGS = ['LOCAL_FILES', 'MULTI_STATEMENTS', 'SESSION_TRACK', 'CLIENT_QUERY_ATTRIBUTES', 'COMPRESS']
/** ER_CON_COUNT_ERROR, ER_TOO_MANY_USER_CONNECTIONS, ER_USER_LIMIT_REACHED */
const FULL = [1040, 1203, 1226]

/** Has the server no room for another connection? */
export const full = (error: Error): boolean => FULL.includes((error.cause as QueryError | undefined)?.errno ?? 0)

export async function open(
  host: Host,
  options: ConnectionOptions,
  charset: string,
  signal: AbortSignal,
): Promise<Channel> {
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
    // no time of its own: the signal ends it
    connectTimeout: 0,
    flags: FLAGS.map((flag) => `-${flag}`),
    disableEval: true,
  } as ConnectionOptions)
  // without a listener an error ends the process
  connection.on('error', () => undefined)
  const end = () => destroy(connection)
  signal.addEventListener('abort', end, { once: true })
  try {
    await connected(connection, signal)
    if (charset !== 'utf8mb4') await query(connection, `SET NAMES ${charset}`, signal)
    const mode = await query(connection, 'SELECT @@SESSION.sql_mode', signal)
    return taken(connection, !mode.split(',').includes('NO_BACKSLASH_ESCAPES'))
  } catch (error) {
    destroy(connection)
    throw new Error(`${host.name}: ${(error as Error).message}`, { cause: error })
  } finally {
    signal.removeEventListener('abort', end)
  }
}
/** mysql2 reads no more; it still hears of the socket's end. */
function taken(connection: Connection, backslash: boolean): Channel {
  const { stream, config, serverCapabilityFlags } = connection as unknown as Inner
  stream.removeAllListeners('data')
  const deprecateEof = (config.clientFlags & serverCapabilityFlags & DEPRECATE_EOF) !== 0
  return { stream, backslash, deprecateEof, destroy: () => destroy(connection) }
}
const connected = (connection: Connection, signal: AbortSignal) =>
  new Promise<void>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    connection.connect((error) => (error ? reject(error) : resolve()))
  })
/** The first value. */
const query = (connection: Connection, sql: string, signal: AbortSignal) =>
  new Promise<string>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    connection.query({ sql, rowsAsArray: true }, (error, rows: unknown) => {
      if (error) return reject(error)
      const first = Array.isArray(rows) ? (rows as unknown[][])[0]?.[0] : ''
      resolve(typeof first === 'string' ? first : '')
    })
  })
/** `destroy` of mysql2 says good-bye and waits for the server to hear it. */
function destroy(connection: Connection): void {
  connection.destroy()
  ;(connection as unknown as Inner).stream.destroy()
}
