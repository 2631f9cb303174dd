/** Connections to one server, kept for later requests, bounded in number, and used no longer than they are good for. */
import type { NetConnectOpts } from 'node:net'
import { Connection } from './connection.ts'
import type { Parse } from './connection.ts'

export interface ConnectionsOptions<R> {
  readonly to: NetConnectOpts
  readonly parse: Parse<R>
  /** how many there may be at once; requests above wait for their turn */
  readonly most: number
  /** ms without a request after which one is closed */
  readonly maxIdle: number
  /** ms after which one is used no more, so that each server behind a balancer gets its share */
  readonly maxAge: number
}

export class Connections<R> {
  readonly #o: ConnectionsOptions<R>
  readonly #all = new Set<Connection<R>>()
  #free: Connection<R>[] = []
  readonly #queue: (() => void)[] = []
  #closed = false

  constructor(options: ConnectionsOptions<R>) {
    this.#o = options
  }
  /** how many there are */
  get size(): number {
    return this.#all.size
  }
  /** The reply. Rejects with the signal's reason, when there is no server, and with what `parse` throws. */
  async ask(request: Buffer, signal: AbortSignal): Promise<R> {
    for (;;) {
      const connection = await this.#take(signal)
      try {
        const reply = await connection.ask(request, signal)
        this.#giveBack(connection)
        return reply
      } catch (error) {
        if (!connection.stale || signal.aborted || this.#closed) throw error
        // the others that were kept are as old
        for (const other of [...this.#free]) other.close()
      }
    }
  }
  close(): void {
    this.#closed = true
    for (const connection of [...this.#all]) connection.close(new Error('closed'))
    this.#wake(this.#queue.length)
  }

  async #take(signal: AbortSignal): Promise<Connection<R>> {
    for (;;) {
      if (this.#closed) throw new Error('closed')
      if (signal.aborted) {
        // it may have been this one's turn
        this.#wake(1)
        throw signal.reason
      }
      const free = this.#free.pop()
      if (free && free.age < this.#o.maxAge) return free
      if (free) free.close()
      else if (this.#all.size < this.#o.most) return this.#open()
      else await this.#turn(signal)
    }
  }
  #open(): Connection<R> {
    const connection = new Connection(this.#o.to, this.#o.parse, () => {
      if (!this.#all.delete(connection)) return
      this.#free = this.#free.filter((one) => one !== connection)
      this.#wake(1)
    })
    this.#all.add(connection)
    return connection
  }
  #giveBack(connection: Connection<R>): void {
    // it may have been lost with its last reply
    if (!this.#all.has(connection)) return
    this.#free.push(connection)
    connection.rest(this.#o.maxIdle)
    this.#wake(1)
  }
  /** Waits until a connection may be there, or the signal is aborted. */
  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const woken = () => {
        signal.removeEventListener('abort', gone)
        resolve()
      }
      const gone = () => {
        const at = this.#queue.indexOf(woken)
        if (at >= 0) this.#queue.splice(at, 1)
        resolve()
      }
      signal.addEventListener('abort', gone, { once: true })
      this.#queue.push(woken)
    })
  }
  #wake(count: number): void {
    for (const one of this.#queue.splice(0, count)) one()
  }
}
