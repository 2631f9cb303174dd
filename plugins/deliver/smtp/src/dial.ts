/** A new connection to one server, in clear again when opportunistic TLS fails. */
import { isIP } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Call, Logger } from '@postern/core'
import { Connection } from './connection.ts'
import { HandshakeError } from './failure.ts'
import type { Failure } from './failure.ts'
import { keywordSet } from './hello.ts'
import type { Peer } from './peer.ts'
import type { Settings } from './settings.ts'
import type { Source } from './sources.ts'
import type { TlsDemand } from './tls-policy.ts'

export interface Dialling {
  readonly settings: Settings
  readonly source: Source
  readonly demand: TlsDemand
  readonly call: Call
  readonly log: Logger
  /** a handshake that failed is followed by a session in clear */
  readonly mayFallBack: boolean
  /** told of each connection before it is open, so that it can be aborted */
  current(connection: Connection): void
}

export async function dial(peer: Peer, how: Dialling): Promise<Connection | Failure> {
  const { demand, log, mayFallBack } = how
  const first = await fromSource(peer, how, demand.tls)
  if (first instanceof Connection || first.kind !== 'tls-failed' || demand.tls !== 'may' || !mayFallBack) return first
  log.info('smtp.tls.fallback', { relay: peer.relay, cause: first.cause })
  return fromSource(peer, how, 'none')
}

/** From the first of our addresses that can be bound; from any where none can, unless smtpBindAddressEnforce. */
async function fromSource(peer: Peer, how: Dialling, tls: TlsDemand['tls']): Promise<Connection | Failure> {
  const { sources } = how.settings
  const family = isIP(peer.address)
  const wanted = family === 4 || family === 6 ? how.source[family] : []
  for (const address of sources.usable(wanted)) {
    const answer = await tryOnce(peer, how, tls, address)
    if (answer instanceof Connection || !cannotBind(answer)) return answer
    sources.unusable(address, answer.cause, how.log)
  }
  if (wanted.length > 0 && sources.enforce) return { kind: 'bind', stage: 'connect' }
  return tryOnce(peer, how, tls, undefined)
}
const cannotBind = (failure: Failure): failure is Failure & { cause?: Error } =>
  failure.kind === 'connect' && (failure.cause as NodeJS.ErrnoException | undefined)?.syscall === 'bind'

async function tryOnce(
  peer: Peer,
  how: Dialling,
  tls: TlsDemand['tls'],
  bindAddress: string | undefined,
): Promise<Connection | Failure> {
  const { heloName, timeouts, tlsOptions, protocol, assumeFinal, cache } = how.settings
  const { versions, unmet } = how.demand
  const discarded = await keywordsFor(peer, how)
  if ('kind' in discarded) return discarded
  const connection = new Connection({
    peer,
    lmtp: protocol === 'lmtp',
    assumeFinal,
    heloName,
    hello: { ...how.settings.hello, discarded },
    tls,
    tlsUnmet: unmet,
    tlsOptions: { ...tlsOptions, ...versions },
    bindAddress,
    timeouts,
  })
  cache().add(connection)
  how.current(connection)
  try {
    await connection.open()
    if (connection.secure) tellTls(connection, how.log)
    return connection
  } catch (e) {
    if (e instanceof HandshakeError) return e.failure
    throw e
  }
}

/** What of the server's answer to EHLO is not heeded: its address counts more than what is said for all. */
async function keywordsFor(peer: Peer, { settings, call }: Dialling): Promise<ReadonlySet<string> | Failure> {
  for (const table of settings.hello.byAddress) {
    const answer = await table.get(peer.address, call)
    if (answer.kind === 'found') return keywordSet(answer.value)
    if (answer.kind === 'failed') return { kind: 'data', stage: 'ehlo', cause: answer.cause }
  }
  return settings.hello.discarded
}

function tellTls({ socket, peer }: Connection, log: Logger): void {
  const s = socket as TLSSocket
  const trust = s.authorized ? 'Trusted' : s.getPeerCertificate().subject ? 'Untrusted' : 'Anonymous'
  log.info('smtp.tls', { relay: peer.relay, protocol: s.getProtocol(), cipher: s.getCipher().name, trust })
}
