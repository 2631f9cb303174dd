/** One connection to a server. Many requests are under way on it at once, told apart by their message ids. */
import type { Socket } from 'node:net'
import { AbandonRequest, ProtocolOperation as Op, UnbindRequest } from 'ldapts'
import { PassingMap } from '@postern/core'
import type { Clock, Timer } from '@postern/core'
import { Lost, Refusal } from './errors.ts'
import { readInto } from './incoming.ts'
import type { Message } from './message.ts'
import { Outbox } from './outbox.ts'
import { Pace } from './pace.ts'
import { Pending, TimedOut, Watch } from './pending.ts'
import type { Answer, Asker, Done } from './pending.ts'
import { Frames, LARGEST, ResponseReader, unknownKind } from './wire.ts'

/** ids start again above this (RFC 4511 section 4.1.1.1) */
const LAST_ID = 2 ** 31 - 1
/** requests that were given up and whose answers may still come; those before are forgotten */
const MOST_ABANDONED = 1000

export class Connection {
  #socket: Socket
  readonly #frames = new Frames()
  readonly #reader = new ResponseReader()
  readonly #out = new Outbox()
  readonly #pending = new PassingMap<number, Pending>()
  readonly #abandoned = new Set<number>()
  #lastId = 0
  /** of this turn of the event loop */
  #now = 0
  /** whoever asked last */
  #watch: Watch | undefined
  /** messages that came, to tell a slow search from a server that is away */
  #heard = 0
  #ended: Error | undefined
  readonly #clock: Pick<Clock, 'after' | 'now'>
  /** one for all requests: it rings when the first of them is due, or would have been */
  #timer: Timer | undefined
  #rings = Infinity
  readonly #take = (bytes: Buffer, from: number, to: number) => this.#message(bytes, from, to)

  readonly #flush = () => {
    const messages = this.#out.take()
    if (!this.#ended && this.#socket.writable) this.#socket.write(messages)
  }
  readonly #aborted = (watch: Watch, reason: Error) => {
    for (const [id, pending] of [...this.#pending])
      if (pending.watch === watch) this.#abandon(id, new Refusal(reason.message, 'retry'))
  }
  readonly #goOn = () => void (this.#ended || this.#socket.resume())
  readonly #pace = new Pace()

  constructor(socket: Socket, clock: Pick<Clock, 'after' | 'now'>) {
    this.#socket = socket
    this.#clock = clock
    this.#listen()
  }
  get alive(): boolean {
    return this.#ended === undefined
  }

  /** Tells `Lost`, `TimedOut` after `ms`, a `Refusal` when the asker is aborted; or the answer, whatever its code. */
  ask(message: Message, ms: number, asker: Asker | undefined, done: Done): void {
    if (asker?.aborted) return done(new Refusal('aborted', 'retry'))
    if (this.#ended) return done(this.#ended)
    const id = this.#newId()
    this.#wake()
    message.write(this.#out, id)
    if (this.#pending.size === 0) this.#pace.begin()
    const pending = new Pending(message, ms, this.#now, this.#heard, asker && this.#watched(asker), done)
    this.#pending.set(id, pending)
    if (pending.due < this.#rings) this.#ring(pending.due)
  }
  /** The same as a promise, which rejects with what is told instead of an answer. */
  request(message: Message, ms: number, asker?: Asker): Promise<Answer> {
    return new Promise((resolve, reject) =>
      this.ask(message, ms, asker, (answer) => (answer instanceof Error ? reject(answer) : resolve(answer))),
    )
  }
  /** What may pass in the clear ends here: `secure` is made of the socket and takes its place. */
  async upgrade(secure: (socket: Socket) => Promise<Socket>): Promise<void> {
    if (!this.#frames.empty) throw new Error('the server sent something behind its answer to StartTLS')
    this.#socket.removeAllListeners()
    this.#socket.on('error', () => undefined)
    this.#socket = await secure(this.#socket)
    this.#listen()
  }
  /** Ends it; what is under way is told `reason`. */
  close(reason: Error = new Lost('the connection is closed')): void {
    if (this.#ended) return
    this.#ended = reason
    this.#timer?.cancel()
    for (const [id, pending] of [...this.#pending]) this.#settle(id, pending, reason)
    // RFC 4511 section 4.3: a goodbye, and nothing is waited for
    if (this.#socket.writable) this.#socket.end(new UnbindRequest({ messageId: this.#newId() }).write())
    this.#socket.destroySoon()
    this.#clock.after(1000, () => this.#socket.destroy())
  }

  #listen(): void {
    const lost = (why: string) => this.close(new Lost(why))
    if (!readInto(this.#socket, (chunk) => this.#read(chunk)))
      this.#socket.on('data', (chunk: Buffer) => void this.#read(chunk))
    this.#socket.on('error', (error) => lost(error.message))
    this.#socket.on('end', () => lost('the server closed the connection'))
    this.#socket.on('close', () => lost('the connection was lost'))
    this.#socket.setNoDelay(true)
    this.#socket.setKeepAlive(true, 60_000)
  }
  /** `false`: reading rests for a while, as long as the server has enough to do. */
  #read(chunk: Buffer): boolean {
    // after its end nothing is believed any more
    if (this.#ended) return true
    const before = this.#pending.size
    try {
      this.#frames.feed(chunk, this.#take)
    } catch (error) {
      this.close(new Lost((error as Error).message))
      return true
    }
    const ms = this.#pace.rest(before - this.#pending.size, this.#pending.size)
    // a socket that is not read keeps no process alive, so this does
    if (ms > 0) setTimeout(this.#goOn, ms)
    return ms === 0
  }
  /** Throws on what the server must not say: the connection is of no use then. */
  #message(bytes: Buffer, from: number, to: number): void {
    const reader = this.#reader
    reader.open(bytes, from, to)
    this.#heard++
    const { id, operation } = reader
    // RFC 4511 section 4.4: the server says that it will go
    if (id === 0) throw new Error('the server ends the connection')
    const pending = this.#pending.get(id)
    if (!pending) return this.#late(id, operation)
    const { ends, attributes } = pending.message
    if (operation === ends) {
      pending.result = reader.result()
      return this.#settle(id, pending, pending)
    }
    if (ends !== Op.LDAP_RES_SEARCH) throw unknownKind(operation)
    if (operation === Op.LDAP_RES_SEARCH_ENTRY) pending.addEntry(reader.entry(attributes))
    else if (operation === Op.LDAP_RES_SEARCH_REF) pending.addReference(reader.urls())
    else throw unknownKind(operation)
    pending.bytes += to - from
    if (pending.bytes > LARGEST)
      this.#abandon(id, new Refusal(`search: more than ${LARGEST} bytes of entries`, 'retry'))
  }
  /** What was given up may be answered all the same (RFC 4511 section 4.11); what nobody asked for may not. */
  #late(id: number, operation: number): void {
    if (!this.#abandoned.has(id)) throw new Error('the server answered what was not asked')
    if (operation !== Op.LDAP_RES_SEARCH_ENTRY && operation !== Op.LDAP_RES_SEARCH_REF) this.#abandoned.delete(id)
  }
  #settle(id: number, pending: Pending, answer: Answer | Error): void {
    this.#pending.delete(id)
    pending.watch?.leave()
    pending.done(answer)
  }
  #watched(asker: Asker): Watch {
    if (!this.#watch || this.#watch.asker !== asker || this.#watch.idle) this.#watch = new Watch(asker, this.#aborted)
    return this.#watch.enter()
  }
  #abandon(id: number, why: Error): void {
    const pending = this.#pending.get(id)
    if (!pending) return
    for (const old of this.#abandoned) {
      if (this.#abandoned.size < MOST_ABANDONED) break
      this.#abandoned.delete(old)
    }
    this.#abandoned.add(id)
    this.#wake()
    this.#out.append(new AbandonRequest({ messageId: this.#newId(), abandonId: id }).write())
    this.#settle(id, pending, why)
  }
  #ring(at: number): void {
    this.#timer?.cancel()
    this.#rings = at
    this.#timer = this.#clock.after(Math.max(1, at - this.#clock.now()), () => this.#expire())
  }
  /** Gives up what is due, and nothing else. */
  #expire(): void {
    const now = this.#clock.now()
    let [silent, next] = [false, Infinity]
    for (const [id, pending] of [...this.#pending])
      if (pending.due > now) next = Math.min(next, pending.due)
      else {
        const nothing = this.#heard === pending.heard
        silent ||= nothing
        this.#abandon(id, new TimedOut(`no answer within ${pending.ms / 1000} s`, nothing))
      }
    this.#rings = Infinity
    if (silent) this.close(new Lost('the server does not answer'))
    else if (next < Infinity) this.#ring(next)
  }
  /** What is asked in one turn of the event loop goes out in one piece: each write of its own costs more than a search. */
  #wake(): void {
    if (!this.#out.empty) return
    this.#now = this.#clock.now()
    setImmediate(this.#flush)
  }
  #newId(): number {
    do this.#lastId = this.#lastId >= LAST_ID ? 1 : this.#lastId + 1
    while (this.#pending.has(this.#lastId) || this.#abandoned.has(this.#lastId))
    return this.#lastId
  }
}
