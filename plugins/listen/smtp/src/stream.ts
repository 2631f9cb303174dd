/**
 * The parser on a socket: command lines, and content in between. It replaces the data path of SMTPStream and hands lines
 * over synchronously, with those of other clients that came in the same turn of the event loop; while one is being answered
 * nothing more is read, so a client is slowed down by TCP.
 */
import { isUtf8 } from 'node:buffer'
import { turn } from '@postern/turn'
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js'
import type { ContentReader } from './content.ts'

const LF = 10
const CR = 13
/** Lines answered in one turn before others get theirs. */
const TURN = 200
const NOTHING = Buffer.alloc(0)
const EIGHT_BIT = /[\x80-\xff]/

export interface LineHandler {
  /** one command line without its end; `undefined` when it is not UTF-8. True: answered; false: `resume` will be called */
  onLine(line: string | undefined, bareLf: boolean): boolean
  /** the content that `expect` asked for is complete; the same answer */
  onContent(): boolean
  /** all that has come is answered; the same answer */
  onIdle(): boolean
  /** the client has closed its side */
  onEof(): void
}

export class CommandStream extends SMTPStream {
  /** bytes taken since the last look, for deadlines */
  taken = 0
  /** ms for which content was held back by the core, not by the client */
  heldMs = 0
  /** when the line that is not complete yet began, on the performance clock */
  partialSince = 0
  readonly #handler: LineHandler
  readonly #limit: number
  #chunk: Buffer = NOTHING
  #at = 0
  #partial: Buffer | undefined
  #skipping = false
  #content: ContentReader | undefined
  /** held until the greeting is out */
  #busy = true
  #next: (() => void) | undefined

  /** `limit`: bytes of a command line that count; the rest of a longer one is read and dropped */
  constructor(handler: LineHandler, limit: number) {
    super()
    this.#handler = handler
    this.#limit = limit
  }

  /** What comes next is content. */
  expect(content: ContentReader): void {
    this.#content = content
  }
  /** What has come behind the line that is being answered, up to `limit` bytes. */
  ahead(limit: number): Buffer {
    return this.#chunk.subarray(this.#at, this.#at + limit)
  }
  get inContent(): boolean {
    return this.#content !== undefined
  }
  get busy(): boolean {
    return this.#busy
  }
  /** Goes on after a line or content that was answered later. */
  resume(): void {
    this.#busy = false
    this.#run()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding | 'buffer', next: () => void): void {
    this.taken += chunk.length
    this.#chunk = this.#partial ? Buffer.concat([this.#partial, chunk]) : chunk
    this.#partial = undefined
    this.#at = 0
    this.#next = next
    if (!this.#busy) turn.read(this.#take)
  }
  readonly #take = (): void => {
    // it may have gone on, or come to wait for something, meanwhile
    if (this.#next && !this.#busy) this.#run()
  }
  override _flushData(): void {
    if (!this.isClosed) this.#handler.onEof()
  }

  #run(): void {
    let turns = 0
    while (!this.#busy && !this.isClosed && this.#at < this.#chunk.length) {
      if (++turns > TURN) return this.#later()
      if (this.#content) this.#readContent(this.#content)
      else if (!this.#readLine()) break
    }
    if (this.#busy) return
    this.#chunk = NOTHING
    this.#at = 0
    if (!this.isClosed && !this.#handler.onIdle()) {
      this.#busy = true
      return
    }
    const next = this.#next
    this.#next = undefined
    next?.()
  }
  #later(): void {
    this.#busy = true
    setImmediate(() => this.resume())
  }

  #readContent(content: ContentReader): void {
    this.#at = content.read(this.#chunk, this.#at)
    if (content.ended) {
      this.#content = undefined
      this.#busy = true
      if (this.#handler.onContent()) this.#busy = false
    } else if (content.wait) {
      this.#busy = true
      const since = performance.now()
      void content.wait.then(() => {
        this.heldMs += performance.now() - since
        this.resume()
      })
    }
  }

  /** False: no complete line there. */
  #readLine(): boolean {
    const from = this.#at
    const lf = this.#chunk.indexOf(LF, from)
    if (lf < 0) {
      this.#keepPartial(from)
      return false
    }
    this.#at = lf + 1
    this.partialSince = 0
    const skipped = this.#skipping
    this.#skipping = false
    let end = lf
    while (end > from && this.#chunk[end - 1] === CR) end--
    const bareLf = end === lf && !skipped
    const line = this.#text(from, Math.min(end, from + this.#limit))
    this.#busy = true
    if (this.#handler.onLine(line, bareLf)) this.#busy = false
    return true
  }

  #text(from: number, to: number): string | undefined {
    const text = this.#chunk.toString('latin1', from, to)
    if (!EIGHT_BIT.test(text)) return text
    const bytes = this.#chunk.subarray(from, to)
    return isUtf8(bytes) ? bytes.toString('utf8') : undefined
  }

  #keepPartial(from: number): void {
    const chunk = this.#chunk
    this.partialSince ||= performance.now()
    const tooLong = chunk.length - from > this.#limit
    if (tooLong) this.#skipping = true
    // a copy: a small rest must not keep a large chunk in memory
    this.#partial = Buffer.from(chunk.subarray(from, tooLong ? from + this.#limit : chunk.length))
    this.#at = chunk.length
  }
}
