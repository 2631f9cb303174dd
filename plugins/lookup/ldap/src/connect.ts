/** Makes a connection that can be asked: socket, TLS, bind. */
import { connect as connectTcp } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { ExtendedRequest } from 'ldapts'
import type { Clock } from '@postern/core'
import { bind } from './bind.ts'
import { Connection } from './connection.ts'
import { askerOf } from './pending.ts'
import { errorFor, textOf } from './errors.ts'
import type { Host } from './hosts.ts'
import { connectReused } from './incoming.ts'
import { messageOf } from './message.ts'
import type { TableOptions } from './options.ts'
import { tlsOptions } from './tls.ts'

/** RFC 4511 section 4.14.1 */
const START_TLS = '1.3.6.1.4.1.1466.20037'

export interface ConnectOptions {
  readonly table: TableOptions
  /** relative file names are relative to it */
  readonly folder: string
  readonly clock: Clock
  /** fired when the table is closed */
  readonly closing: AbortSignal
  /** `false`: a server that another one referred to gets no password */
  readonly known: boolean
}

/** Rejects with what the server or the network said, at the latest after the table's timeout. */
export async function connect(host: Host, o: ConnectOptions): Promise<Connection> {
  const limit = new AbortController()
  const { timeout } = o.table
  const timer = o.clock.after(timeout * 1000, () => limit.abort(new Error(`no connection within ${timeout} s`)))
  const signal = AbortSignal.any([limit.signal, o.closing])
  let connection: Connection | undefined
  try {
    connection = await secured(host, o, signal)
    await bind(connection, host, o, askerOf(signal))
    return connection
  } catch (error) {
    connection?.close()
    throw signal.aborted ? signal.reason : error
  } finally {
    timer.cancel()
  }
}
async function secured(host: Host, o: ConnectOptions, signal: AbortSignal): Promise<Connection> {
  if (host.scheme === 'ldaps') {
    const options = await tlsOptions(o.table, host, o.folder)
    const socket = connectTls({ ...options, host: host.host, port: host.port })
    return new Connection(await opened(socket, 'secureConnect', signal), o.clock)
  }
  const to = host.scheme === 'ldapi' ? { path: host.host } : { port: host.port, host: host.host }
  const plain = !o.table.startTls || host.scheme === 'ldapi'
  // TLS reads by itself what a socket tells as events
  const socket = plain ? connectReused(to) : connectTcp(to)
  const connection = new Connection(await opened(socket, 'connect', signal), o.clock)
  if (plain) return connection
  try {
    const options = await tlsOptions(o.table, host, o.folder)
    const request = messageOf((messageId) => new ExtendedRequest({ messageId, oid: START_TLS }))
    const { result } = await connection.request(request, o.table.timeout * 1000, askerOf(signal))
    if (result.code !== 0) throw errorFor('StartTLS', result)
    await connection.upgrade((plain) => opened(connectTls({ ...options, socket: plain }), 'secureConnect', signal))
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}
/** Resolves when the socket is ready; destroys it otherwise. */
function opened(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error) => {
      socket.removeAllListeners()
      signal.removeEventListener('abort', aborted)
      if (!error) return resolve(socket)
      socket.on('error', () => undefined)
      socket.destroy()
      reject(new Error(textOf(error)))
    }
    const aborted = () => done(signal.reason as Error)
    socket.once(event, () => done())
    socket.once('error', done)
    socket.once('close', () => done(new Error('the server closed the connection')))
    signal.addEventListener('abort', aborted)
    if (signal.aborted) aborted()
  })
}
