/** Lines that arrive on a socket, one by one, with a limit in time. */
import type { Socket } from 'node:net'

export class ConnectionClosed extends Error {
  override readonly name = 'ConnectionClosed'
}
export class ReplyTimeout extends Error {
  override readonly name = 'ReplyTimeout'
}

export class LineReader {
  #rest: Buffer = Buffer.alloc(0)
  #ended = false
  #wake: (() => void) | undefined
  readonly #socket: Socket
  readonly #onData = (chunk: Buffer) => {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
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

  get ended(): boolean {
    return this.#ended && this.#rest.length === 0
  }

  /** One line without its end. `what` stands in the error's text. */
  async line(what: string, ms: number): Promise<string> {
    const limit = Date.now() + ms
    for (;;) {
      const end = this.#rest.indexOf('\n')
      if (end >= 0) {
        const line = this.#rest.subarray(0, this.#rest[end - 1] === 13 ? end - 1 : end).toString('utf8')
        this.#rest = this.#rest.subarray(end + 1)
        return line
      }
      if (this.#ended) throw new ConnectionClosed(`${what}: connection closed before a reply`)
      await this.#more(what, limit - Date.now(), ms)
    }
  }

  /** A whole reply: lines up to the one without a hyphen behind the code (RFC 5321 section 4.2.1). */
  async reply(what: string, ms: number): Promise<string> {
    const lines: string[] = []
    for (;;) {
      const line = await this.line(what, ms)
      lines.push(line)
      if (!/^\d{3}-/.test(line)) return lines.join('\n')
    }
  }

  /** Resolves when the other side has closed. */
  async end(what: string, ms: number): Promise<void> {
    const limit = Date.now() + ms
    while (!this.#ended) await this.#more(what, limit - Date.now(), ms)
  }

  /** Lets go of the socket: the TLS layer reads it from here on. */
  detach(): void {
    this.#socket.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onEnd)
  }

  #more(what: string, left: number, ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => {
          this.#wake = undefined
          reject(new ReplyTimeout(`${what}: no reply within ${ms} ms`))
        },
        Math.max(0, left),
      )
      this.#wake = () => {
        clearTimeout(timer)
        this.#wake = undefined
        resolve()
      }
    })
  }
}
