/** Connections by mysql2: connecting, TLS, login, character set. What comes then is `Wire`'s. */
import { connect, isIP } from 'node:net'
import type { Socket } from 'node:net'
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
/** CLIENT_COMPRESS, CLIENT_LOCAL_FILES, CLIENT_QUERY_ATTRIBUTES: what is sent would be written otherwise */
const FOREIGN = 0x20 | 0x80 | 0x08_00_00_00
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
  const feed: Feed = { take: undefined }
  const where = {
    ...(host.socketPath === undefined
      ? {
          // of an address mysql2 would compare the certificate with "localhost": with the dot it is a name to it, and
          // `checkServerIdentity` of Node takes the dot away again
          host: isIP(host.host!) ? `${host.host}.` : host.host,
          port: host.port,
        }
      : { socketPath: host.socketPath }),
    stream: () => socket(host, options.ssl ? undefined : feed),
  }
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
    const told = await query(connection, "SELECT CONCAT(@@SESSION.sql_mode, ' ', @@version)", signal)
    const [modes = '', version = ''] = told.split(' ')
    return taken(connection, feed, {
      backslash: !modes.split(',').includes('NO_BACKSLASH_ESCAPES'),
      several: takesSeveral(version),
    })
  } catch (error) {
    destroy(connection)
    throw new Error(`${host.name}: ${(error as Error).message}`, { cause: error })
  } finally {
    signal.removeEventListener('abort', end)
  }
}
/** Who gets what comes; nobody yet: mysql2. */
interface Feed {
  take: ((bytes: Buffer) => void) | undefined
}
/** for all connections: what is in it is read before another one reads */
const MEMORY = Buffer.allocUnsafe(65_536)

/** With a feed it reads into memory that is there, which for short answers is most of what reading costs. */
function socket(host: Host, feed: Feed | undefined): Socket {
  const where = host.socketPath === undefined ? { host: host.host!, port: host.port! } : { path: host.socketPath }
  const options = { ...where, noDelay: true, keepAlive: true }
  if (!feed) return connect(options)
  const callback = (count: number) => {
    if (feed.take) feed.take(MEMORY.subarray(0, count))
    else stream.emit('data', Buffer.from(MEMORY.subarray(0, count)))
    return true
  }
  const stream: Socket = connect({ ...options, onread: { buffer: MEMORY, callback } })
  return stream
}
/**
 * Amazon Aurora with MySQL 5.7 answers the first of several queries and then nothing, and calls itself 5.7: whatever does, or
 * is older, is asked for one at a time.
 */
export const takesSeveral = (version: string): boolean => Number(/^\d+/.exec(version)?.[0] ?? 0) >= 8
/** mysql2 reads no more; it still hears of the socket's end. */
function taken(connection: Connection, feed: Feed, server: Pick<Channel, 'backslash' | 'several'>): Channel {
  const { stream, config, serverCapabilityFlags } = connection as unknown as Inner
  const known = [config?.clientFlags, serverCapabilityFlags].every((flags) => typeof flags === 'number')
  if (!known || (config.clientFlags & FOREIGN) !== 0 || typeof stream?.removeAllListeners !== 'function')
    throw new Error('this version of mysql2 cannot hand its connection over')
  return {
    stream,
    ...server,
    deprecateEof: (config.clientFlags & serverCapabilityFlags & DEPRECATE_EOF) !== 0,
    listen(take) {
      stream.removeAllListeners('data')
      feed.take = take
      // with TLS, whose memory is its own
      stream.on('data', take)
    },
    destroy: () => destroy(connection),
  }
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
