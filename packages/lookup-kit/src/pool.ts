/**
 * Connections to one server, shared by many lookups: opened when they are needed, up to a number, and closed when nobody
 * needed them for a while. One that failed is thrown away, never lent again.
 */
import type { Clock, Timer } from '@postern/core'
import { Refused } from './servers.ts'

export interface PoolOptions<C> {
  /** connections at a time */
  readonly size: number
  /** ms after which an idle one is closed */
  readonly idle: number
  readonly clock: Pick<Clock, 'now' | 'after'>
  /** Opens one. When the signal is aborted it must reject and leave nothing behind. */
  connect(signal: AbortSignal): Promise<C>
  /** Closes one at once, whatever it does at the moment. */
  destroy(connection: C): void
  /** does the server have no room for another connection? Then one of ours is waited for */
  full?(error: Error): boolean
}
interface Waiter<C> {
  /** nothing: a place for a new connection is free */
  readonly give: (connection: C | undefined) => void
  readonly fail: (error: Error) => void
}

const CLOSED = 'the table was closed'

export class Pool<C> {
  readonly #o: PoolOptions<C>
  /** the one used last at the end */
  readonly #idle: { readonly connection: C; readonly since: number }[] = []
  readonly #busy = new Set<C>()
  readonly #waiting: Waiter<C>[] = []
  /** what is under way: to be ended by `close` */
  readonly #users = new Set<AbortController>()
  #closed = false
  #opening = 0
  #timer: Timer | undefined

  constructor(options: PoolOptions<C>) {
    this.#o = options
  }
  get open(): number {
    return this.#idle.length + this.#busy.size
  }
  /**
   * Lends a connection to `work`. One whose work rejects with anything but `Refused` is destroyed; had it been used before
   * and been closed by the server since, the work is done once more on a new one. Rejects when `stop` is aborted, as `close`
   * does, and then destroys the connection: an answer might still be on its way.
   */
  async use<R>(work: (connection: C) => Promise<R>, stop: AbortController): Promise<R> {
    if (this.#closed) throw new Error(CLOSED)
    const { signal } = stop
    this.#users.add(stop)
    try {
      const lent = await this.#take(signal)
      try {
        return await this.#with(lent.connection, work, signal)
      } catch (error) {
        if (lent.fresh || signal.aborted || error instanceof Refused) throw error
      }
      // the server was started again, or closes what is idle: the others are as old
      for (const { connection } of this.#idle.splice(0)) this.#o.destroy(connection)
      return await this.#with((await this.#take(signal)).connection, work, signal)
    } finally {
      this.#users.delete(stop)
    }
  }
  /** A connection ended by itself. */
  gone(connection: C): void {
    const at = this.#idle.findIndex((one) => one.connection === connection)
    if (at >= 0) this.#idle.splice(at, 1)
    this.#o.destroy(connection)
  }
  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    for (const stop of this.#users) stop.abort(new Error(CLOSED))
    for (const { connection } of this.#idle.splice(0)) this.#o.destroy(connection)
    for (const connection of this.#busy) this.#o.destroy(connection)
  }

  async #with<R>(connection: C, work: (c: C) => Promise<R>, signal: AbortSignal): Promise<R> {
    let fine = false
    try {
      const answer = await untilAborted(work(connection), signal)
      fine = true
      return answer
    } catch (error) {
      fine = error instanceof Refused
      throw error
    } finally {
      this.#back(connection, fine && !this.#closed)
    }
  }
  async #take(signal: AbortSignal): Promise<{ readonly connection: C; readonly fresh: boolean }> {
    for (;;) {
      signal.throwIfAborted()
      const idle = this.#idle.pop()
      if (idle) return this.#lend(idle.connection, false)
      if (this.open + this.#opening < this.#o.size) {
        const fresh = await this.#connect(signal)
        if (fresh !== undefined) return this.#lend(fresh, true)
        if (this.#idle.length > 0 || this.#busy.size + this.#opening === 0) continue
      }
      const given = await this.#wait(signal)
      if (given !== undefined) return { connection: given, fresh: false }
    }
  }
  #lend(connection: C, fresh: boolean) {
    this.#busy.add(connection)
    return { connection, fresh }
  }
  /** `undefined`: the server has no room for more, and one of ours will be free */
  async #connect(signal: AbortSignal): Promise<C | undefined> {
    this.#opening++
    try {
      return await this.#o.connect(signal)
    } catch (error) {
      const others = this.#busy.size + this.#opening - 1
      if (others > 0 && this.#o.full?.(error as Error)) return undefined
      // who waits for a place must learn that there is none to come; that this one's lookup was ended says nothing
      if (others > 0 || signal.aborted) this.#waiting.shift()?.give(undefined)
      else for (const one of this.#waiting.splice(0)) one.fail(error as Error)
      throw error
    } finally {
      this.#opening--
    }
  }
  #wait(signal: AbortSignal): Promise<C | undefined> {
    return new Promise((resolve, reject) => {
      const out = () => {
        const at = this.#waiting.indexOf(waiter)
        if (at >= 0) this.#waiting.splice(at, 1)
        reject(signal.reason as Error)
      }
      const done = () => signal.removeEventListener('abort', out)
      const waiter: Waiter<C> = {
        give: (connection) => (done(), resolve(connection)),
        fail: (error) => (done(), reject(error)),
      }
      this.#waiting.push(waiter)
      signal.addEventListener('abort', out, { once: true })
    })
  }
  #back(connection: C, fine: boolean): void {
    this.#busy.delete(connection)
    const next = this.#waiting.shift()
    if (!fine) {
      this.#o.destroy(connection)
      next?.give(undefined)
    } else if (next) {
      this.#busy.add(connection)
      next.give(connection)
    } else {
      this.#idle.push({ connection, since: this.#o.clock.now() })
      this.#timer ??= this.#o.clock.after(this.#o.idle, () => this.#tidy())
    }
  }
  #tidy(): void {
    this.#timer = undefined
    const old = this.#o.clock.now() - this.#o.idle
    while (this.#idle.length > 0 && this.#idle[0]!.since <= old) this.#o.destroy(this.#idle.shift()!.connection)
    const next = this.#idle[0]
    if (next) this.#timer = this.#o.clock.after(Math.max(1, next.since - old), () => this.#tidy())
  }
}

/** Ends with the signal, though the work goes on. */
function untilAborted<R>(work: Promise<R>, signal: AbortSignal): Promise<R> {
  return new Promise((resolve, reject) => {
    const out = () => reject(signal.reason as Error)
    signal.addEventListener('abort', out, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', out))
    if (signal.aborted) out()
  })
}
