/** The sessions of one listener in one graph. Ports are not its business: sockets are handed to `accept`. */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { PassingSet } from '@postern/core'
import type { Listener, Logger, Shared } from '@postern/core'
import { SMTPServer } from 'smtp-server'
import { Anvil } from './anvil.ts'
import type { AnvilLimits } from './anvil.ts'
import { Connection } from './connection.ts'
import type { Peers } from './peer.ts'
import type { Local } from './door.ts'
import type { Settings } from './settings.ts'

export interface ServerParts {
  readonly settings: Settings
  readonly listener: Listener
  readonly anvil: AnvilLimits
  readonly peers: Peers | undefined
  readonly log: Logger
  readonly shared: Shared
}
/** How often deadlines are looked at, ms. */
const SWEEP = 1000

export class SmtpServer extends SMTPServer {
  readonly settings: Settings
  readonly listener: Listener
  readonly peers: Peers | undefined
  readonly log: Logger
  readonly anvil: Anvil
  readonly accept = (socket: Socket, local?: Local): void => this.#accept(socket, local)
  readonly sessions = new PassingSet<Connection>()
  /** no new sessions, and none goes on after its message */
  draining = false
  #empty: (() => void) | undefined
  #sweeper: NodeJS.Timeout | undefined
  #ids = 0

  constructor(parts: ServerParts) {
    // the library's own offers, limits and names stay out of the way
    super({
      // without it each connection asks the system for its host name
      name: parts.listener.name,
      hideSTARTTLS: true,
      authOptional: true,
      disableReverseLookup: true,
      logger: false,
      disabledCommands: ['AUTH'],
      // of a handshake in wrapper mode
      socketTimeout: parts.settings.tlsTimeout,
    })
    this.settings = parts.settings
    this.listener = parts.listener
    this.peers = parts.peers
    this.log = parts.log
    this.anvil = new Anvil(parts.listener.name, parts.anvil, parts.shared)
    if (parts.settings.tls) this.secureContext.set('*', parts.settings.tls)
    this.on('error', (error: Error) => this.log.debug('session.socket', { cause: error }))
  }

  start(): void {
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP)
    this.#sweeper.unref()
  }

  /** Lets sessions finish what they have begun; resolves when the last one has gone. */
  drain(): Promise<void> {
    this.draining = true
    // a handshake has no session that could finish
    for (const socket of this._pendingSockets.values()) socket.destroy()
    for (const session of [...this.sessions]) session.leaveWhenIdle()
    if (this.sessions.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#empty = resolve
    })
  }

  /** Ends all that is left, at once. */
  cut(): void {
    this.draining = true
    clearInterval(this.#sweeper)
    for (const socket of this._pendingSockets.values()) socket.destroy()
    for (const session of [...this.sessions]) session.cut()
  }

  gone(session: Connection): void {
    if (session.leave() && this.sessions.size === 0) this.#empty?.()
  }

  /** The library would fill in a key that everybody knows. */
  override updateSecureContext(): void {
    this.secureContext = new Map()
  }
  override _warnAboutDefaultCertificate(): void {
    // there is none to warn about
  }

  override connect(socket: Socket | TLSSocket, local?: Local): void {
    const session = new Connection(this, socket, { id: String(++this.#ids), ...local })
    // the library's own set of connections stays empty: it would hold the closed ones, see PassingSet
    session.leave = this.sessions.add(session)
    session.on('error', (error: Error) => this._onError(error))
    session.init()
  }

  #accept(socket: Socket, local: Local | undefined): void {
    if (!this.settings.wrapper) return this.connect(socket, local)
    if (this._pendingSockets.size >= this.settings.maxSessions) return void socket.destroy()
    this._pendingSockets.set(socket, socket)
    const release = (): void => void this._pendingSockets.delete(socket)
    socket.once('close', release)
    this._upgrade(socket, (error, secured) => {
      release()
      socket.removeListener('close', release)
      if (secured && !error && !this.draining) return this.connect(secured, local)
      if (error) this._onError(error)
      socket.destroy()
    })
  }

  #sweep(): void {
    const now = performance.now()
    for (const session of [...this.sessions]) session.checkDeadlines(now)
    this.anvil.sweep()
  }
}
