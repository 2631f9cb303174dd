/**
 * One connection to a server. Set-up (connecting, EHLO with its fall-back to HELO, STARTTLS) and closing are the
 * library's; replies are read and messages sent here, without a promise, a timer or an error object for each reply.
 */
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import type { Action } from './base.ts'
import { Base } from './base.ts'
import type { Failure, Stage } from './failure.ts'
import { HandshakeError } from './failure.ts'
import type { Features } from './features.ts'
import { NO_FEATURES, parseFeatures, withoutKeywords } from './features.ts'
import { wantsEhlo } from './hello.ts'
import type { Hello } from './hello.ts'
import type { ConnectionSettings } from './connection-settings.ts'
import type { Peer } from './peer.ts'
import { IncomingReplies } from './incoming.ts'
import { Outgoing } from './outgoing.ts'
import { codedLines } from './replies.ts'
import type { ReplyFilter } from './replies.ts'
import { Exchange } from './exchange.ts'
import type { Timeouts, Transaction } from './transaction.ts'

/** How long a server may take to close after QUIT. Its reply is not waited for (smtp_skip_quit_response = yes). */
const CLOSE_TIMEOUT = 5000

let made = 0

export class Connection extends Base {
  /** of this process */
  readonly number = ++made
  readonly peer: Peer
  readonly lmtp: boolean
  readonly assumeFinal: boolean
  readonly timeouts: Timeouts
  readonly outgoing = new Outgoing(() => this.socket)
  features: Features = NO_FEATURES
  /** messages sent over it */
  uses = 0
  /** the last transaction was given up half-way: it needs RSET before the next */
  dirty = false
  readonly #incoming = new IncomingReplies({
    reply: (text) => this.#reply(text),
    broken: (kind, cause) => {
      const stage = this.#stage()
      this.fail(kind === 'data' ? { kind, stage, cause } : { kind, stage, reply: 'a reply without end' })
    },
  })
  readonly #hello: Hello
  readonly #encrypt: boolean
  readonly #unmet: string | undefined
  #exchange: Exchange | undefined
  #failed: Failure | undefined
  #rejectOpen: ((error: HandshakeError) => void) | undefined
  /** the reply to it is being handled */
  #answering: Action | undefined
  /** the reply being handled, whole */
  #said = ''
  #timeout = 0

  constructor(options: ConnectionSettings) {
    const { peer, timeouts, tls } = options
    super({
      host: peer.address,
      port: peer.port ?? 25,
      secure: false,
      name: options.heloName,
      lmtp: options.lmtp,
      ignoreTLS: tls === 'none',
      opportunisticTLS: tls === 'may',
      requireTLS: tls === 'encrypt',
      // without DANE or a pinned name nothing could be verified against: what MX says is not authenticated (RFC 7672 section 1.3.1)
      tls: { rejectUnauthorized: false, ...options.tlsOptions },
      localAddress: options.bindAddress,
      connectionTimeout: timeouts.connect,
      greetingTimeout: timeouts.helo,
      socketTimeout: timeouts.helo,
      socketCloseTimeout: CLOSE_TIMEOUT,
    })
    this.peer = peer
    this.lmtp = options.lmtp
    this.assumeFinal = options.assumeFinal
    this.timeouts = timeouts
    this.#hello = options.hello
    this.#encrypt = tls === 'encrypt'
    this.#unmet = options.tlsUnmet
  }

  /** Resolves when the server has answered EHLO, LHLO or HELO. Rejects with a HandshakeError. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#rejectOpen = reject
      this.connect(() => {
        this.#rejectOpen = undefined
        resolve()
      })
    })
  }
  /** What is read in place of a line, from here on. */
  set filter(filter: ReplyFilter | undefined) {
    this.#incoming.filter = filter
  }
  /** Sends one message; the transaction is told how it goes. */
  run(transaction: Transaction): void {
    if (!this.usable) return transaction.onEnd({ kind: 'lost', stage: 'mail' })
    this.uses++
    this.#exchange = new Exchange(this, transaction)
    this.#exchange.start()
  }
  /** Idle and not closed by either side. */
  get usable(): boolean {
    return !this._destroyed && this.#exchange === undefined && this.socket.writable && !this.socket.readableEnded
  }
  get socket(): Socket {
    return this._socket as Socket
  }
  /** ms without a read or write until the connection has failed */
  limit(ms: number): void {
    if (ms === this.#timeout) return
    this.#timeout = ms
    this.socket.setTimeout(ms)
  }
  /** The exchange is over, and well enough for another one. */
  finished(dirty: boolean): void {
    this.#exchange = undefined
    this.dirty = dirty
  }
  override quit(): void {
    if (!this._destroyed && this.socket.writable) this.socket.write('QUIT\r\n')
    this.close()
  }
  /** Ends everything at once, without another word to the server. */
  fail(failure: Failure): void {
    if (this.#failed || this._destroyed) return
    this.#failed = failure
    const exchange = this.#exchange
    const reject = this.#rejectOpen
    this.#exchange = undefined
    this.#rejectOpen = undefined
    this.close()
    if (this._socket) this._socket.destroy()
    reject?.(new HandshakeError(failure))
    exchange?.end(failure)
  }
  abort(): void {
    this.#incoming.readNow()
    this.fail({ kind: 'aborted', stage: this.#stage() })
  }

  // what the library calls

  /** The greeting has a time of its own; the library would cut it to what connecting left over. */
  override _remainingSetupTime(): number {
    return this.timeouts.helo
  }
  /** The address is known: nothing is left to resolve. */
  override _resolveAndConnect(options: object, connected: (resolved: object) => void): void {
    if (this.peer.port === undefined) this._connectToHost(options, false)
    else connected({})
  }
  override _connectToHost(_options: object, _secure: boolean): void {
    const { address, port } = this.peer
    const { localAddress } = this.options
    // each write is all that is to be said: the kernel must not wait for more (RFC 896)
    const to = port === undefined ? { path: address } : { host: address, port, localAddress, noDelay: true }
    try {
      this._socket = connect(to, () => this._onConnect())
      this._setupConnectionHandlers()
    } catch (cause) {
      this.fail({ kind: 'connect', stage: 'connect', cause: cause as Error })
    }
  }
  override _onData(chunk: Buffer): void {
    // greeting, EHLO and STARTTLS at once: what comes behind a handshake's beginning is not text
    if (this.#exchange) this.#incoming.takeInTurn(chunk)
    else this.#incoming.take(chunk)
  }
  override _onEnd(): void {
    // what was said before counts
    this.#incoming.readNow()
    super._onEnd()
  }
  override _onError(cause: Error, type: string, reply: string | false): void {
    this.#incoming.readNow()
    this._clearPhase()
    this.fail(this.#failure(cause, type, reply))
  }
  override _onClose(): void {
    if (this._destroyed) return
    // what was said before counts
    if (this.#incoming.later(() => this._onClose())) return
    if (this.stage === 'connected' && !this.#exchange && !this.#rejectOpen) return this._destroy()
    this._onError(new Error('connection closed'), 'ECONNECTION', false)
  }
  override _onTimeout(): void {
    this.fail({ kind: 'timeout', stage: this.#stage() })
  }
  /** Any positive greeting is one, as for Postfix. */
  override _actionGreeting(reply: string): void {
    if (!reply.startsWith('2') || this.lmtp || wantsEhlo(reply, this.#hello))
      return super._actionGreeting(reply.startsWith('2') ? `220${reply.slice(3)}` : reply)
    this._clearPhase()
    this._responseActions.push(this._actionHELO)
    this._sendCommand(`HELO ${this.options.name}`)
  }
  override _actionEHLO(said: string): void {
    const reply = withoutKeywords(said, this.#hello.discarded)
    const offered = reply.startsWith('2') ? parseFeatures(reply) : NO_FEATURES
    if (this.#encrypt && !this.secure && !reply.startsWith('421')) {
      if (!offered.startTls) return this.fail({ kind: 'tls-not-offered', stage: 'ehlo' })
      if (this.#unmet !== undefined) return this.fail({ kind: 'tls-unmet', stage: 'ehlo', what: this.#unmet })
    }
    super._actionEHLO(reply)
  }
  /** It counts as one to EHLO, for what it offers too: Postfix reads both alike. */
  override _actionHELO(said: string): void {
    const reply = withoutKeywords(said, this.#hello.discarded)
    if (reply.startsWith('2')) {
      if (this.#encrypt) return this.fail({ kind: 'tls-not-offered', stage: 'helo' })
      this.features = parseFeatures(reply)
    }
    super._actionHELO(reply)
  }
  override _parseEhloExtensions(reply: string): void {
    this.features = parseFeatures(reply)
  }

  /** False: what came behind it is dropped; before a handshake it must not count behind it (RFC 3207 section 6). */
  #reply(reply: string): boolean {
    if (this.#exchange) this.#exchange.reply(reply)
    else {
      this.#answering = this._responseActions.shift()
      if (!this.#answering) this.#unasked(reply)
      else {
        this.#said = reply
        this.#answering(codedLines(reply))
      }
      this.#answering = undefined
    }
    return !this._destroyed && !this.upgrading
  }
  /** A server says 421 when it closes an idle connection (RFC 5321 section 3.8); whatever it says, it is not in step with us. */
  #unasked(reply: string): void {
    this.fail({ kind: 'protocol', stage: 'idle', reply })
  }
  #failure(cause: Error, type: string, reply: string | false): Failure {
    const stage = this.#stage()
    if (this.upgrading) return { kind: 'tls-failed', stage, cause }
    if (reply !== false && type === 'ETLS') return { kind: 'tls-refused', stage, reply: this.#said }
    if (reply !== false) return { kind: 'refused', stage, reply: this.#said }
    if (stage === 'connect') return { kind: 'connect', stage, cause: named(cause, type) }
    return type === 'ETIMEDOUT' ? { kind: 'timeout', stage } : { kind: 'lost', stage, cause }
  }
  #stage(): Stage {
    if (this.#exchange) return this.#exchange.stage
    if (this.stage === 'init') return 'connect'
    const action = this.#answering ?? this._responseActions[0]
    if (action === this._actionGreeting) return 'greeting'
    if (action === this._actionHELO) return 'helo'
    if (action === this._actionSTARTTLS) return 'starttls'
    return this.#rejectOpen ? (this.lmtp ? 'lhlo' : 'ehlo') : 'idle'
  }
}
const named = (cause: Error, code: string): Error => ('code' in cause ? cause : Object.assign(cause, { code }))
