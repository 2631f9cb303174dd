/** Before the banner: is there room, who is there, and does the core want to talk to it. */
import type { TLSSocket } from 'node:tls'
import type { OpenSession, Reply } from '@postern/core'
import type { Connection } from './connection.ts'
import type { PeerNames } from './peer.ts'
import { PORTS_BUSY } from './replies.ts'
import type { SmtpServer } from './server.ts'
import { tlsFacts } from './tls.ts'

/** Counts the connection; why it is turned away. */
export function overLimit(server: SmtpServer, address: string): Reply | undefined {
  const { settings, sessions, anvil, draining } = server
  const over = anvil.connect(address)
  if (draining) return settings.replies.shuttingDown
  if (sessions.size > settings.maxSessions) return PORTS_BUSY
  if (over === 'count') return settings.replies.tooManyConnections(address)
  return over === 'rate' ? settings.replies.tooFast(address) : undefined
}

export const openFacts = (c: Connection, names: PeerNames): OpenSession => ({
  protocol: c.settings.protocol,
  client: { address: c.remoteAddress, port: c.remotePort, ...names },
  server: { address: c.localAddress, port: c.localPort },
  ...(c.secure ? { tls: tlsFacts(c._socket as TLSSocket) } : {}),
})
