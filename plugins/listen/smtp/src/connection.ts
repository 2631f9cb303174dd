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
import { filtered } from './command-filter.ts'
import { overdue } from './deadlines.ts'
import type { Local } from './door.ts'
import { footerFor } from './footer.ts'
import { greet } from './greeting.ts'
import type { Intake } from './intake.ts'
import { Patience } from './limits.ts'
import type { Offer } from './offer.ts'
import { Outbox } from './outbox.ts'
import type { SmtpServer } from './server.ts'
import type { Settings } from './settings.ts'
import { Speech } from './speech.ts'
import { CommandStream } from './stream.ts'
import type { LineHandler } from './stream.ts'
import { leaveWithClient, tlsFacts } from './tls.ts'
import type { Pending, Transaction } from './transaction.ts'
import { Transfer } from './transfer.ts'
import { Turns } from './turns.ts'

export class Connection extends SMTPConnection implements LineHandler {
  declare _server: SmtpServer
  declare _parser: CommandStream | false
  readonly settings: Settings
  readonly patience: Patience
  /** the core's side; there from the greeting on */
  dialogue!: Session
  /** HELO, EHLO or LHLO has been answered */
  greeted = false
  /** what the client may use */
  offer: Offer
  /** bytes that it said its message has, see parameters.ts */
  size: number | undefined
  /** out of the server's sessions; false: it has left before */
  leave: () => boolean = () => false
  /** refused at connect: only QUIT is heard (RFC 5321 section 3.1) */
  denied: Reply | undefined
  transaction: Transaction | undefined
  /** the message that BDATs bring, or that what comes of it is dropped */
  chunking: Chunks | 'failed' | undefined
  bareNewlineAllowed = false
  /** the limits of anvil hold for the client */
  counted = false
  readonly #out = new Outbox((text) => this.#write(text))
  readonly #speech = new Speech(this.#out)
  readonly #turns = new Turns(this, this.#speech, this.#out)
  readonly #transfer = new Transfer()

  constructor(server: SmtpServer, socket: Socket | TLSSocket, options: { id: string } & Partial<Local>) {
    super(server, socket, options)
    this.settings = server.settings
    this.offer = server.settings.offers.others
    this.patience = new Patience(server.settings.limits)
    this.secure = server.settings.wrapper
    this.#speech.soft = this.settings.softBounce
    this.#speech.footer = footerFor(this.settings, this, () => this.#speech.session)
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

  override init(): void {
    this._setListeners(() => {
      if (this.#turns.run(() => greet(this))) this.goOn()
    })
  }
  open(session: Session): void {
    this.dialogue = session
    this.#speech.session = session
  }

  // ---- commands

  onLine(line: string | undefined, bareLf: boolean): boolean {
    return this.#turns.run(() => {
      this.#speech.hear(line)
      return filtered(this, line, (read) => dispatch(this, read, bareLf))
    })
  }
  onContent(): boolean {
    return this.#turns.run(() => this.#transfer.complete())
  }
  /** Names the command that replies belong to from here on. */
  begin(verb: string, known: boolean, junk = false): void {
    this.#speech.name(verb, known)
    this.#turns.junk = junk
  }

  /** The parser reads the next command, or content. */
  goOn(): void {
    if (this._parser) this._parser.resume()
  }
  /** Nothing is begun that the client could finish. */
  get idle(): boolean {
    return !this.transaction && !this._upgrading && !this.#transfer.expected
  }

  // ---- replies

  /** Says `reply` with the others of its group. */
  reply(reply: Reply): void {
    if (!this._closed) this.#speech.say(reply)
  }
  /** A refusal of the protocol's own. */
  refuse(stage: string, reply: Reply): undefined {
    this.#speech.session?.refused(stage, reply)
    this.reply(reply)
    return undefined
  }
  /** A refusal that many honest clients get: an error only after too many of them. */
  refuseOvershoot(reply: Reply): void {
    const { failed } = this.#speech
    this.reply(reply)
    this.#speech.failed = failed
    this.patience.tooManyRecipients()
  }
  #write(text: string): void {
    // in the middle of a handshake it would be plain text among the records
    if (!this._upgrading && this._socket.writable) this._socket.write(text)
  }
  onIdle(): boolean {
    this.#out.flushInTurn()
    const socket = this._socket
    if (!socket.writableNeedDrain || socket.destroyed) return true
    // a client that does not read its replies must not fill our memory with them
    socket.once('drain', () => this.goOn())
    return false
  }
  onEof(): void {
    this.hangUp()
  }
  /** The library's own words (socket and handshake errors) are not ours to say. */
  override send(code: number): void {
    if (code === 421) this.close()
  }
  hangUp(): void {
    this.#out.flush()
    this.#transfer.abort()
    if (this.#saidBye) this._socket.destroy()
    this.close()
  }
  /**
   * A client that has said QUIT is owed nothing but our answer, which the system has. Most have closed their side by now:
   * closing half of it first would cost a timer, and an error with its stack.
   */
  get #saidBye(): boolean {
    return this.#speech.command === 'QUIT' && !this.secure && this._socket.writableLength === 0
  }

  // ---- content

  /** What follows is content; `then` runs when it is complete. */
  receive(reader: ContentReader, intake: Intake | undefined, then: () => Pending): void {
    this.#transfer.expect(this._parser, reader, intake, then)
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
    this.#transfer.abort()
    this.transaction = undefined
    this.size = undefined
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
        this.goOn()
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
    if (this._upgrading) leaveWithClient(this._socket, socket, () => this._upgrading)
  }
  override _onTimeout(): void {
    if (this._closing || this._upgrading || this._socket.writableNeedDrain) return void this._socket.destroy()
    // it is the client that waits for us
    if (this._parser && this._parser.busy) return this._armTimeout()
    this.#timeOut()
  }
  #timeOut(): void {
    this.#speech.unasked()
    this.refuse('timeout', this.settings.replies.timeout)
    this.hangUp()
  }
  checkDeadlines(now: number): void {
    const parser = this._parser
    if (!parser || this._closing || this._upgrading || parser.busy) return
    if (overdue(parser, this.#transfer.since, this.settings, now)) this.#timeOut()
  }
  leaveWhenIdle(): void {
    const parser = this._parser
    if (this._closing || !parser || parser.busy || !this.idle) return
    this.reply(this.settings.replies.shuttingDown)
    this.hangUp()
  }
  cut(): void {
    if (!this._closing && !this._upgrading && !(this._parser && this._parser.busy)) {
      this.#speech.unasked()
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
    this.#turns.dispose()
    this.#out.dispose()
    this.#transfer.abort()
    if (this.counted) this._server.anvil.disconnect(this.remoteAddress)
    this.#speech.session?.end()
    this._server.gone(this)
  }
}
