/** One connection to a server that answers one request after the other. */
import { connect } from 'node:net'
import type { NetConnectOpts, Socket } from 'node:net'

/**
 * Takes one reply off the front of what has come; `undefined`: there is more to come. Throws what makes the connection
 * useless: a reply whose end cannot be found.
 */
export type Parse<R> = (bytes: Buffer) => { readonly reply: R; readonly length: number } | undefined

interface Exchange {
  take(chunk: Buffer): void
  fail(error: Error): void
}

export class Connection<R> {
  readonly #socket: Socket
  readonly #parse: Parse<R>
  readonly #lost: () => void
  readonly #born = performance.now()
  #exchange: Exchange | undefined
  #idle: NodeJS.Timeout | undefined
  #requests = 0
  /** a part of a reply has come to the last request */
  #heard = false

  /** `lost`: told once when it is of no more use */
  constructor(to: NetConnectOpts, parse: Parse<R>, lost: () => void) {
    this.#parse = parse
    this.#lost = lost
    this.#socket = connect(to)
    this.#socket.on('data', (chunk) => {
      this.#heard = true
      // nobody has asked for it
      if (!this.#exchange) return this.close()
      this.#exchange.take(chunk)
    })
    this.#socket.on('error', (error) => this.close(error))
    this.#socket.on('end', () => this.close())
    this.#socket.on('close', () => this.close())
  }
  get age(): number {
    return performance.now() - this.#born
  }
  /** The last request failed only because the server had closed a connection that was kept: another one is worth a try. */
  get stale(): boolean {
    return this.#requests > 1 && !this.#heard
  }
  /** The reply. When it rejects, the connection is closed. */
  async ask(request: Buffer, signal: AbortSignal): Promise<R> {
    signal.throwIfAborted()
    clearTimeout(this.#idle)
    this.#requests++
    this.#heard = false
    this.#socket.ref()
    const aborted = () => this.close(signal.reason as Error)
    signal.addEventListener('abort', aborted)
    try {
      return await new Promise<R>((resolve, reject) => {
        let come: Buffer = Buffer.alloc(0)
        const take = (chunk: Buffer) => {
          come = come.length === 0 ? chunk : Buffer.concat([come, chunk])
          const parsed = this.#parse(come)
          if (!parsed) return
          this.#exchange = undefined
          resolve(parsed.reply)
          // nobody knows what the rest belongs to
          if (parsed.length < come.length) this.close()
        }
        this.#exchange = {
          take: (chunk) => {
            try {
              take(chunk)
            } catch (error) {
              this.close(error as Error)
            }
          },
          fail: reject,
        }
        if (this.#socket.destroyed) return this.close()
        this.#socket.write(request)
      })
    } finally {
      signal.removeEventListener('abort', aborted)
    }
  }
  /** Kept for the next request, and closed after `ms` without one. Keeps no process alive. */
  rest(ms: number): void {
    this.#idle = setTimeout(() => this.close(), ms)
    this.#idle.unref()
    this.#socket.unref()
  }
  close(error = new Error('the server closed the connection')): void {
    clearTimeout(this.#idle)
    this.#socket.destroy()
    const exchange = this.#exchange
    this.#exchange = undefined
    exchange?.fail(error)
    this.#lost()
  }
}
