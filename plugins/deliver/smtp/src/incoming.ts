/** Chunks from the server, one after the other: while a table is asked for a line, those behind it wait. */
import type { MaybePromise } from '@postern/core'
import { turn } from '@postern/turn'
import { ReplyReader } from './replies.ts'
import type { ReplyFilter } from './replies.ts'

export interface Incoming {
  /** False: what came behind the reply is dropped. */
  reply(text: string): boolean
  /** a reply that has no end, or a table that is away */
  broken(kind: 'protocol' | 'data', cause?: unknown): void
}

export class IncomingReplies {
  readonly #to: Incoming
  readonly #reader = new ReplyReader()
  readonly #chunks: Buffer[] = []
  /** the end of what is being read */
  #reading: Promise<void> | undefined

  constructor(to: Incoming) {
    this.#to = to
  }
  set filter(filter: ReplyFilter | undefined) {
    this.#reader.filter = filter
  }
  take(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.readNow()
  }
  /** Reads it with what other servers have said in this turn of the event loop. */
  takeInTurn(chunk: Buffer): void {
    if (this.#chunks.push(chunk) === 1 && !this.#reading) turn.read(this.readNow)
  }
  /** Reads what has come, as far as it need not wait. */
  readonly readNow = (): void => {
    while (!this.#reading && this.#chunks.length > 0) this.#read(this.#chunks.shift()!)
  }
  /** Calls `fn` when all that has come was read, and says whether that is later. */
  later(fn: () => void): boolean {
    this.readNow()
    void this.#reading?.then(fn)
    return this.#reading !== undefined
  }

  #read(chunk: Buffer): void {
    const end = (whole: boolean): void => {
      if (!whole) this.#to.broken('protocol')
    }
    const failed = (cause: unknown): void => this.#to.broken('data', cause)
    let read: MaybePromise<boolean>
    try {
      read = this.#reader.read(chunk, (reply) => this.#to.reply(reply))
    } catch (cause) {
      return failed(cause)
    }
    if (!(read instanceof Promise)) return end(read)
    this.#reading = read.then(end, failed).then(() => {
      this.#reading = undefined
      this.readNow()
    })
  }
}
