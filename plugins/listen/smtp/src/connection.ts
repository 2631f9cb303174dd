/**
 * One client's dialogue on the wire: lines in, replies out. What a command means stands in commands/, what is decided
 * comes from the core's session.
 */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Reply, Session } from '@postern/core'
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js'
import { dispatch } from './commands/index.ts'
import type { Chunks, ContentReader } from './content.ts'
import { overdue } from './deadlines.ts'
import { openFacts, overLimit } from './greeting.ts'
import type { Intake } from './intake.ts'
import { Patience } from './limits.ts'
import { Outbox } from './outbox.ts'
import { UNKNOWN } from './peer.ts'
import type { PeerNames } from './peer.ts'
import * as replies from './replies.ts'
import type { SmtpServer } from './server.ts'
import type { Settings } from './settings.ts'
import { CommandStream } from './stream.ts'
import type { LineHandler } from './stream.ts'
import { tlsFacts } from './tls.ts'
import { after, refuses } from './transaction.ts'
import type { Pending, Transaction } from './transaction.ts'

export class Connection extends SMTPConnection implements LineHandler {
  declare _server: SmtpServer
  declare _parser: CommandStream | false
  readonly settings: Settings
  readonly patience: Patience
  /** the core's side; there from the greeting on */
  dialogue!: Session
  /** HELO, EHLO or LHLO has been answered */
  greeted = false
  /** refused at connect: only QUIT is heard (RFC 5321 section 3.1) */
  denied: Reply | undefined
  transaction: Transaction | undefined
  /** the message that BDATs bring, or that what comes of it is dropped */
  chunking: Chunks | 'failed' | undefined
  bareNewlineAllowed = false
  #opened = false
  readonly #out = new Outbox((text) => this.#write(text))
  #command = ''
  #failed = false
  #junk = false
  #leaving = false
  #intake: Intake | undefined
  #contentSince = 0
  #afterContent: (() => Pending) | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(server: SmtpServer, socket: Socket | TLSSocket, options: { id: string }) {
    super(server, socket, options)
    this.settings = server.settings
    this.patience = new Patience(server.settings.limits)
    this.secure = server.settings.wrapper
  }

  get log() {
    return this._server.log
  }
  /** the client is, and with it the core's session */
  get gone(): boolean {
    return this._closed
  }
  /** `name[address]`, as log lines and replies have it */
  get peer(): string {
    return `${this.dialogue.view.client.name}[${this.remoteAddress}]`
  }

  // ---- greeting

  override init(): void {
    this._setListeners(() => {
      const over = overLimit(this._server, this.remoteAddress)
      if (over) this.#turnAway(over)
      else if (this.#run(() => this.#named())) this.#goOn()
    })
  }
  #turnAway(reply: Reply): void {
    this.log.info('session.turned-away', { client: this.remoteAddress, code: reply.code, text: reply.text })
    this.reply(reply)
    this.#hangUp()
  }
  #named(): Pending {
    return after(this._server.peers?.names(this.remoteAddress) ?? UNKNOWN, (names) => this.#greet(names))
  }
  #greet(names: PeerNames): Pending {
    if (this._closed || this._closing) return undefined
    this.dialogue = this._server.listener.open(openFacts(this, names))
    this.#opened = true
    this.bareNewlineAllowed = this.settings.bareNewlineExclusions.has(this.remoteAddress)
    return after(this.dialogue.connect(), (decision) => {
      if (refuses(decision)) this.denied = decision
      this.reply(decision ?? this.settings.banner)
    })
  }

  // ---- commands

  onLine(line: string | undefined, bareLf: boolean): boolean {
    return this.#run(() => dispatch(this, line, bareLf))
  }
  onContent(): boolean {
    const next = this.#afterContent
    this.#afterContent = undefined
    return this.#run(() => next?.())
  }
  /** Names the command that replies belong to from here on. */
  begin(command: string, junk = false): void {
    this.#command = command
    this.#junk = junk
  }

  /** True: answered. False: the parser is told when it may go on. */
  #run(step: () => Pending): boolean {
    this.#failed = false
    this.#junk = false
    let pending: Pending
    try {
      pending = step()
    } catch (cause) {
      this.#fault(cause)
    }
    if (!pending) return this.#settle()
    this.#out.flushSoon()
    pending
      .catch((cause: unknown) => this.#fault(cause))
      .then(() => {
        if (this.#settle()) this.#goOn()
      })
      .catch((cause: unknown) => this.log.error('session.fault', { cause }))
    return false
  }
  #goOn(): void {
    if (this._parser) this._parser.resume()
  }
  /** Our own mistake: the dialogue's state is not to be trusted any more. */
  #fault(cause: unknown): void {
    this.log.error('session.fault', { command: this.#command, cause })
    this.reply(replies.LOCAL_ERROR)
  }

  /** After each command: errors are counted, and whoever has used up our patience goes. */
  #settle(): boolean {
    if (this._closed) return true
    const thin = this.patience.thin
    if (this.#failed) this.patience.error()
    if (this.#junk) this.patience.junk()
    if (!this.#leaving) this.#maybeLeave()
    if (thin && this.settings.errorSleep > 0) {
      this.#timer = setTimeout(() => {
        if (this.#leaving) this.#hangUp()
        this.#goOn()
      }, this.settings.errorSleep)
      return false
    }
    if (this.#leaving) this.#hangUp()
    return true
  }
  #maybeLeave(): void {
    if (this.patience.spent) this.refuse('limits', this.settings.replies.tooManyErrors)
    else if (this._server.draining && this.#idle()) this.reply(this.settings.replies.shuttingDown)
  }
  #idle(): boolean {
    return !this.transaction && !this._upgrading && !this.#afterContent
  }

  // ---- replies

  /** Says `reply` with the others of its group. */
  reply(reply: Reply): void {
    if (this._closed) return
    this.#out.add(replies.isWired(reply) ? reply.wire : replies.wireOf(reply))
    if (reply.code >= 400) this.#failed = true
    // Postfix ends the session after 421 and 521, whoever says so
    if (reply.close || reply.code === 421 || reply.code === 521) this.#leaving = true
    if (this.#opened) this.dialogue.replied(this.#command, reply)
  }
  /** A refusal of the protocol's own. */
  refuse(stage: string, reply: Reply): undefined {
    if (this.#opened) this.dialogue.refused(stage, reply)
    this.reply(reply)
    return undefined
  }
  /** A refusal that many honest clients get: an error only after too many of them. */
  refuseOvershoot(reply: Reply): void {
    const failed = this.#failed
    this.reply(reply)
    this.#failed = failed
    this.patience.tooManyRecipients()
  }
  #write(text: string): void {
    // in the middle of a handshake it would be plain text among the records
    if (!this._upgrading && this._socket.writable) this._socket.write(text)
  }
  onIdle(): boolean {
    this.#out.flush()
    const socket = this._socket
    if (!socket.writableNeedDrain || socket.destroyed) return true
    // a client that does not read its replies must not fill our memory with them
    socket.once('drain', () => this.#goOn())
    return false
  }
  onEof(): void {
    this.#hangUp()
  }
  /** The library's own words (socket and handshake errors) are not ours to say. */
  override send(code: number): void {
    if (code === 421) this.close()
  }
  #hangUp(): void {
    this.#out.flush()
    this.#intake?.abort()
    this.close()
  }

  // ---- content

  /** What follows is content; `then` runs when it is complete. */
  receive(reader: ContentReader, intake: Intake | undefined, then: () => Pending): void {
    this.#afterContent = then
    this.#intake = intake
    this.#contentSince = performance.now()
    if (!this._parser) return
    this._parser.taken = 0
    this._parser.heldMs = 0
    this._parser.expect(reader)
  }
  /** One reply for a message, or in LMTP one for each recipient. */
  endOfMessage(reply: Reply, aborted: boolean): void {
    const times = this.settings.protocol === 'lmtp' ? Math.max(1, this.transaction?.recipients ?? 1) : 1
    this.endTransaction(aborted)
    for (let i = 0; i < times; i++) this.reply(reply)
    if (reply.code < 400) this.patience.forgive()
    this.#out.hurry()
  }
  /** `reset`: the core still holds it open */
  endTransaction(reset: boolean): void {
    this.#intake?.abort()
    this.#intake = undefined
    this.transaction = undefined
    this.chunking = undefined
    this.patience.newTransaction()
    if (reset) this.dialogue.reset()
  }

  // ---- TLS

  startTls(): void {
    this.#out.flush()
    const old = this._parser
    this.upgrade(
      () => old && old.resume(),
      () => {
        this.secure = true
        this.greeted = false
        // the handshake's time is over, the dialogue's begins; the listener is there already
        this._socket.setTimeout(this.settings.timeout)
        this.endTransaction(false)
        this.dialogue.secured(tlsFacts(this._socket as TLSSocket))
        this.#goOn()
      },
    )
  }
  override _resetSession(): void {
    // the library's envelope is not used
  }

  // ---- deadlines and ends

  override _armTimeout(socket: Socket = this._socket): void {
    const { settings } = this._server
    socket.setTimeout(this._upgrading ? settings.tlsTimeout : settings.timeout, () => this._onTimeout())
    if (this._upgrading) this.#watchHandshake(socket)
  }
  /** A client that closes its side in the middle has no more to say; sockets are half-open otherwise. */
  #watchHandshake(secured: Socket): void {
    const raw = this._socket
    const leave = () => {
      if (this._upgrading) raw.destroy()
    }
    if (raw.readableEnded) setImmediate(leave)
    for (const side of [secured, raw]) side.once('end', leave)
  }
  override _onTimeout(): void {
    if (this._closing || this._upgrading || this._socket.writableNeedDrain) return void this._socket.destroy()
    // it is the client that waits for us
    if (this._parser && this._parser.busy) return this._armTimeout()
    this.#timeOut()
  }
  #timeOut(): void {
    this.refuse('timeout', this.settings.replies.timeout)
    this.#hangUp()
  }
  checkDeadlines(now: number): void {
    const parser = this._parser
    if (!parser || this._closing || this._upgrading || parser.busy) return
    if (overdue(parser, this.#contentSince, this.settings, now)) this.#timeOut()
  }
  leaveWhenIdle(): void {
    const parser = this._parser
    if (this._closing || !parser || parser.busy || !this.#idle()) return
    this.reply(this.settings.replies.shuttingDown)
    this.#hangUp()
  }
  cut(): void {
    if (!this._closing && !this._upgrading && !(this._parser && this._parser.busy)) {
      this.reply(this.settings.replies.shuttingDown)
      this.#out.flush()
    }
    this._socket.destroy()
  }

  override _createParser(): CommandStream {
    return new CommandStream(this, this._server.settings.lineLimit)
  }
  override _onClose(): void {
    if (this._closed) return
    super._onClose()
    clearTimeout(this.#timer)
    this.#out.dispose()
    this.#intake?.abort()
    this.#intake = undefined
    this._server.anvil.disconnect(this.remoteAddress)
    if (this.#opened) this.dialogue.end()
    this._server.gone(this)
  }
}
