/** Calls that wait for their replies, by their numbers. */
import { newXid, resultsOf } from './rpc.ts'
import type { Reader } from './xdr.ts'

interface Waiting {
  resolve(results: Reader): void
  reject(error: unknown): void
}

export class Pending {
  readonly #waiting = new Map<number, Waiting>()
  readonly #busy: (busy: boolean) => void

  /** `busy`: told when the first call begins to wait, and when none waits any more */
  constructor(busy: (busy: boolean) => void) {
    this.#busy = busy
  }
  get size(): number {
    return this.#waiting.size
  }
  /** Waits for the reply to the call that `send` sends; `end` is run at the end in any case. */
  async wait(signal: AbortSignal, send: (xid: number) => void, end?: () => void): Promise<Reader> {
    signal.throwIfAborted()
    let xid = newXid()
    while (this.#waiting.has(xid)) xid = newXid()
    const reply = new Promise<Reader>((resolve, reject) => this.#waiting.set(xid, { resolve, reject }))
    if (this.#waiting.size === 1) this.#busy(true)
    const stop = () => this.#waiting.get(xid)?.reject(signal.reason)
    signal.addEventListener('abort', stop)
    try {
      send(xid)
      return await reply
    } finally {
      signal.removeEventListener('abort', stop)
      end?.()
      this.#waiting.delete(xid)
      if (this.#waiting.size === 0) this.#busy(false)
    }
  }
  /** Gives a reply to its call. One that nobody waits for (late, sent twice, made up) is dropped. */
  settle(xid: number | undefined, message: Buffer): void {
    const waiting = xid === undefined ? undefined : this.#waiting.get(xid)
    if (!waiting) return
    try {
      waiting.resolve(resultsOf(message))
    } catch (error) {
      waiting.reject(error)
    }
  }
  fail(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error)
  }
}
