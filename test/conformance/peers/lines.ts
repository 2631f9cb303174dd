/** Lines of bytes from a socket. The testkit's reader answers text; here a byte that is no UTF-8 must stay what it is. */
import type { Socket } from 'node:net'

export const ENDED = Symbol('ended')
export const LATE = Symbol('late')

export class ByteLines {
  #rest = Buffer.alloc(0)
  #ended = false
  #wake: (() => void) | undefined
  readonly #socket: Socket
  readonly #onData = (chunk: Buffer) => {
    this.#rest = Buffer.concat([this.#rest, chunk])
    this.#wake?.()
  }
  readonly #onEnd = () => {
    this.#ended = true
    this.#wake?.()
  }

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', this.#onData).on('end', this.#onEnd).on('close', this.#onEnd).on('error', this.#onEnd)
  }

  /** A line with its end, in latin1; `ENDED` when the other side has closed, `LATE` after `ms`. */
  async next(ms: number): Promise<string | typeof ENDED | typeof LATE> {
    const limit = Date.now() + ms
    for (;;) {
      const end = this.#rest.indexOf('\n')
      if (end >= 0) {
        const line = this.#rest.toString('latin1', 0, end + 1)
        this.#rest = this.#rest.subarray(end + 1)
        return line
      }
      if (this.#ended) return ENDED
      if (!(await this.#more(limit - Date.now()))) return LATE
    }
  }

  /** The TLS layer reads the socket from here on; what came before it is forgotten (RFC 3207 section 4.2). */
  detach(): void {
    this.#socket.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onEnd)
  }

  #more(ms: number): Promise<boolean> {
    if (ms <= 0) return Promise.resolve(false)
    return new Promise((resolve) => {
      const done = (came: boolean) => {
        clearTimeout(timer)
        this.#wake = undefined
        resolve(came)
      }
      const timer = setTimeout(() => done(false), ms)
      this.#wake = () => done(true)
    })
  }
}

export const utf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8')
export const withoutEnd = (line: string): string => line.replace(/[\r\n]+$/, '')
