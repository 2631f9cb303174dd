/** One connection to a server. Many requests are under way on it at once, told apart by their message ids. */
import type { Socket } from 'node:net'
import { AbandonRequest, UnbindRequest } from 'ldapts'
import type { Call, Clock } from '@postern/core'
import { Lost, Refusal } from './errors.ts'
import { Frames, readResponse } from './wire.ts'
import type { Entry, Response, Result } from './wire.ts'

/** ids start again above this (RFC 4511 section 4.1.1.1) */
const LAST_ID = 2 ** 31 - 1

/** What answered a request: of a search, its entries and references too. */
export interface Answer {
  readonly result: Result
  readonly entries: readonly Entry[]
  /** each one a choice of URLs */
  readonly references: readonly (readonly string[])[]
}
/** A message without its id. */
export type MakeMessage = (id: number) => { write(): Buffer }
/** Whose request it is: ends it when aborted. */
export type Asker = Pick<Call, 'aborted' | 'onAbort'>

export const askerOf = (signal: AbortSignal): Asker => ({
  get aborted() {
    return signal.aborted
  },
  onAbort(fn) {
    const told = () => fn(signal.reason as Error)
    signal.addEventListener('abort', told)
    return () => signal.removeEventListener('abort', told)
  },
})

interface Pending {
  readonly entries: Entry[]
  readonly references: (readonly string[])[]
  readonly done: (answer: Result | Error) => void
}
/** Nothing came in time. */
export class TimedOut extends Error {
  /** the server said nothing at all meanwhile: the connection is given up */
  readonly silent: boolean
  constructor(message: string, silent: boolean) {
    super(message)
    this.silent = silent
  }
}

export class Connection {
  #socket: Socket
  #frames = new Frames()
  #pending = new Map<number, Pending>()
  #lastId = 0
  #outgoing: Buffer[] = []
  /** messages that came, to tell a slow search from a server that is away */
  #heard = 0
  #ended: Error | undefined
  readonly #clock: Pick<Clock, 'after'>

  constructor(socket: Socket, clock: Pick<Clock, 'after'>) {
    this.#socket = socket
    this.#clock = clock
    this.#listen()
  }
  get alive(): boolean {
    return this.#ended === undefined
  }
  get inFlight(): number {
    return this.#pending.size
  }

  /** Rejects with `Lost`, with `TimedOut` after `ms`, with a `Refusal` when the asker is aborted. */
  request(make: MakeMessage, ms: number, asker?: Asker): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (asker?.aborted) return reject(new Refusal('aborted', 'retry'))
      if (this.#ended) return reject(this.#ended)
      const id = this.#newId()
      const entries: Entry[] = []
      const references: (readonly string[])[] = []
      const heard = this.#heard
      const timer = this.#clock.after(ms, () => {
        const silent = this.#heard === heard
        this.#abandon(id, new TimedOut(`no answer within ${ms / 1000} s`, silent))
        if (silent) this.close(new Lost('the server does not answer'))
      })
      const unlisten = asker?.onAbort((reason) => this.#abandon(id, new Refusal(reason.message, 'retry')))
      const done = (answer: Result | Error) => {
        this.#pending.delete(id)
        timer.cancel()
        unlisten?.()
        if (answer instanceof Error) reject(answer)
        else resolve({ result: answer, entries, references })
      }
      this.#pending.set(id, { entries, references, done })
      this.#send(make(id).write())
    })
  }
  /** What may pass in the clear ends here: `secure` is made of the socket and takes its place. */
  async upgrade(secure: (socket: Socket) => Promise<Socket>): Promise<void> {
    if (!this.#frames.empty) throw new Error('the server sent something behind its answer to StartTLS')
    this.#socket.removeAllListeners()
    this.#socket.on('error', () => undefined)
    this.#socket = await secure(this.#socket)
    this.#listen()
  }
  /** Ends it; what is under way is rejected with `reason`. */
  close(reason: Error = new Lost('the connection is closed')): void {
    if (this.#ended) return
    this.#ended = reason
    for (const pending of [...this.#pending.values()]) pending.done(reason)
    // RFC 4511 section 4.3: a goodbye, and nothing is waited for
    if (this.#socket.writable) this.#socket.end(new UnbindRequest({ messageId: this.#newId() }).write())
    this.#socket.destroySoon()
    this.#clock.after(1000, () => this.#socket.destroy())
  }

  #listen(): void {
    const lost = (why: string) => this.close(new Lost(why))
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk))
    this.#socket.on('error', (error) => lost(error.message))
    this.#socket.on('end', () => lost('the server closed the connection'))
    this.#socket.on('close', () => lost('the connection was lost'))
    this.#socket.setNoDelay(true)
    this.#socket.setKeepAlive(true, 60_000)
  }
  #read(chunk: Buffer): void {
    try {
      for (const message of this.#frames.push(chunk)) this.#take(readResponse(message))
    } catch (error) {
      this.close(new Lost((error as Error).message))
    }
  }
  #take(response: Response): void {
    this.#heard++
    // RFC 4511 section 4.4: the server says that it will go
    if (response.id === 0) return this.close(new Lost('the server ends the connection'))
    const pending = this.#pending.get(response.id)
    if (!pending) return
    if (response.kind === 'entry') pending.entries.push(response.entry)
    else if (response.kind === 'reference') pending.references.push(response.urls)
    else pending.done(response.result)
  }
  #abandon(id: number, why: Error): void {
    const pending = this.#pending.get(id)
    if (!pending) return
    pending.done(why)
    this.#send(new AbandonRequest({ messageId: this.#newId(), abandonId: id }).write())
  }
  /** What is asked in one turn of the event loop goes out in one piece: each write of its own costs more than a search. */
  #send(message: Buffer): void {
    this.#outgoing.push(message)
    if (this.#outgoing.length === 1) setImmediate(() => this.#flush())
  }
  #flush(): void {
    const messages = this.#outgoing
    this.#outgoing = []
    if (this.#ended || !this.#socket.writable) return
    this.#socket.write(messages.length === 1 ? messages[0]! : Buffer.concat(messages))
  }
  #newId(): number {
    do this.#lastId = this.#lastId >= LAST_ID ? 1 : this.#lastId + 1
    while (this.#pending.has(this.#lastId))
    return this.#lastId
  }
}
