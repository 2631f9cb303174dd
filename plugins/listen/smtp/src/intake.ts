/** One message's way into the core: counted against the size limit, and only as fast as the core takes it. */
import type { ContentSink, Logger, Reply } from '@postern/core'
import { Prelude } from './prelude.ts'
import { TOO_BIG, WRITE_ERROR } from './replies.ts'

export class Intake {
  bytes = 0
  /** the core asks to wait; resolves when more may come */
  wait: Promise<void> | undefined
  /** why the message will not be taken, decided before its end */
  refusal: Reply | undefined
  readonly #sink: ContentSink
  readonly #limit: number
  readonly #log: Logger
  readonly #prelude = new Prelude()
  #open = true

  /** `limit` in bytes, 0 is none */
  constructor(sink: ContentSink, limit: number, log: Logger) {
    this.#sink = sink
    this.#limit = limit
    this.#log = log
  }

  write(chunk: Buffer): void {
    this.bytes += chunk.length
    if (!this.#open) return
    if (this.#limit > 0 && this.bytes > this.#limit) return this.refuse(TOO_BIG)
    if (this.#prelude.done) this.#pass(chunk)
    else for (const piece of this.#prelude.take(chunk)) this.#pass(piece)
  }

  /** Forgets what has come; what still comes is read and dropped, so that the dialogue stays in step. */
  refuse(reply: Reply): void {
    this.refusal ??= reply
    this.abort()
  }

  abort(): void {
    if (!this.#open) return
    this.#open = false
    try {
      this.#sink.abort()
    } catch (cause) {
      this.#log.error('content.abort', { cause })
    }
  }

  /** The content is complete. */
  async end(): Promise<Reply> {
    const held = this.#prelude.flush()
    if (this.#open && held) this.#pass(held)
    await this.wait
    if (this.refusal) return this.refusal
    // aborted meanwhile: the client has gone
    if (!this.#open) return WRITE_ERROR
    this.#open = false
    try {
      return await this.#sink.end()
    } catch (cause) {
      this.#log.error('content.end', { cause })
      return WRITE_ERROR
    }
  }

  #pass(chunk: Buffer): void {
    try {
      const wait = this.#sink.write(chunk)
      if (wait) this.#hold(wait)
    } catch (cause) {
      this.#failed(cause)
    }
  }

  #hold(wait: Promise<void>): void {
    const both = this.wait ? Promise.all([this.wait, wait]) : wait
    const settled: Promise<void> = both.then(
      () => this.#released(settled),
      (cause: unknown) => {
        this.#failed(cause)
        this.#released(settled)
      },
    )
    this.wait = settled
  }
  #released(settled: Promise<void>): void {
    if (this.wait === settled) this.wait = undefined
  }

  #failed(cause: unknown): void {
    this.#log.error('content.write', { cause })
    this.refuse(WRITE_ERROR)
  }
}
