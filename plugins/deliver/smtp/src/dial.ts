/** A new connection to one server, in clear again when opportunistic TLS fails. */
import { isIP } from 'node:net'
import type { Logger } from '@postern/core'
import { Connection } from './connection.ts'
import { HandshakeError } from './failure.ts'
import type { Failure } from './failure.ts'
import type { Peer } from './peer.ts'
import type { Settings } from './settings.ts'

/** `mayFallBack`: a handshake that failed is followed by a session in clear. `dialling` is told of each connection before it is open, so that it can be aborted. */
export async function dial(
  peer: Peer,
  settings: Settings,
  log: Logger,
  mayFallBack: boolean,
  dialling: (connection: Connection) => void,
): Promise<Connection | Failure> {
  const first = await tryOnce(peer, settings, settings.tls, dialling)
  if (first instanceof Connection || first.kind !== 'tls-failed' || settings.tls !== 'may' || !mayFallBack) return first
  log.info('smtp.tls.fallback', { relay: peer.relay, cause: first.cause })
  return tryOnce(peer, settings, 'none', dialling)
}

async function tryOnce(
  peer: Peer,
  settings: Settings,
  tls: Settings['tls'],
  dialling: (connection: Connection) => void,
): Promise<Connection | Failure> {
  const { heloName, timeouts, tlsOptions, bind, protocol } = settings
  const family = isIP(peer.address)
  const bindAddress = family === 4 || family === 6 ? bind[family] : undefined
  const connection = new Connection({
    peer,
    lmtp: protocol === 'lmtp',
    heloName,
    tls,
    tlsOptions,
    bindAddress,
    timeouts,
  })
  settings.cache().add(connection)
  dialling(connection)
  try {
    await connection.open()
    return connection
  } catch (e) {
    if (e instanceof HandshakeError) return e.failure
    throw e
  }
}
