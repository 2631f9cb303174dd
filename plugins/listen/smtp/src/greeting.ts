/** Before the banner: is there room, who is there, and does the core want to talk to it. */
import type { TLSSocket } from 'node:tls'
import type { OpenSession, Reply } from '@postern/core'
import type { Connection } from './connection.ts'
import { UNKNOWN } from './peer.ts'
import type { PeerNames } from './peer.ts'
import { PORTS_BUSY } from './replies.ts'
import type { SmtpServer } from './server.ts'
import { tlsFacts } from './tls.ts'
import { after, refuses } from './transaction.ts'
import type { Pending } from './transaction.ts'

/** Why a connection that was counted is turned away. */
function turnedAway(server: SmtpServer, address: string, over: 'count' | 'rate' | undefined): Reply | undefined {
  const { settings, sessions, draining } = server
  if (draining) return settings.replies.shuttingDown
  if (sessions.size > settings.maxSessions) return PORTS_BUSY
  if (over === 'count') return settings.replies.tooManyConnections(address)
  return over === 'rate' ? settings.replies.tooFast(address) : undefined
}

const openFacts = (c: Connection, names: PeerNames): OpenSession => ({
  protocol: c.settings.protocol,
  client: { address: c.remoteAddress, port: c.remotePort, ...names },
  server: { address: c.localAddress, port: c.localPort, name: c.settings.serverName },
  softBounce: c.settings.softBounce,
  ...(c.settings.recipientLimit !== undefined && { recipientLimit: c.settings.recipientLimit }),
  ...(c.secure ? { tls: tlsFacts(c._socket as TLSSocket) } : {}),
})

/** Greets the client, or sends it away. */
export function greet(c: Connection): Pending {
  return after(c.settings.limitExceptions(c.remoteAddress), (exempt) => count(c, exempt))
}
function count(c: Connection, exempt: boolean): Pending {
  if (c.gone) return undefined
  c.counted = !exempt
  return after(exempt ? undefined : c._server.anvil.connect(c.remoteAddress), (limit) => {
    const over = turnedAway(c._server, c.remoteAddress, limit)
    if (over) return turnAway(c, over, limit)
    if (c.gone) return undefined
    return after(c._server.peers?.names(c.remoteAddress) ?? UNKNOWN, (names) => ask(c, names))
  })
}
function turnAway(c: Connection, over: Reply, why: 'count' | 'rate' | undefined): undefined {
  const { listener, anvil } = c._server
  const limit = why && (why === 'count' ? anvil.limits.connections : anvil.limits.connectionRate)
  const { code, text } = over
  c.log.info('session.turned-away', { client: c.remoteAddress, listener: listener.name, code, text, why, limit })
  c.reply(over)
  c.hangUp()
}
function ask(c: Connection, names: PeerNames): Pending {
  if (c.gone || c._closing) return undefined
  c.open(c._server.listener.open(openFacts(c, names)))
  return after(c.settings.offers.of(c.remoteAddress), (offer) => {
    c.offer = offer
    return connect(c)
  })
}
function connect(c: Connection): Pending {
  if (c.gone) return undefined
  return after(c.settings.bareNewlineExclusions(c.remoteAddress), (allowed) => {
    c.bareNewlineAllowed = allowed
    return judged(c)
  })
}
function judged(c: Connection): Pending {
  if (c.gone) return undefined
  return after(c.dialogue.connect(), (decision) => {
    if (refuses(decision)) c.denied = decision
    c.reply(decision ?? c.settings.banner)
  })
}
