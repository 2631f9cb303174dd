/**
 * Connections to one server, shared by many lookups: opened when they are needed, up to a number, and closed when nobody
 * needed them for a while. One that failed is thrown away, never lent again.
 */
import { PassingSet } from '@postern/core'
import type { Clock, Timer } from '@postern/core'
import type { Ending } from './ending.ts'
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
interface Lent<C> {
  readonly connection: C
  /** nobody has used it yet */
  readonly fresh: boolean
}

const CLOSED = 'the table was closed'

export class Pool<C> {
  readonly #o: PoolOptions<C>
  /** the one used last at the end */
  readonly #idle: { readonly connection: C; readonly since: number }[] = []
  readonly #busy = new Set<C>()
  readonly #waiting: Waiter<C>[] = []
  /** what is under way: to be ended by `close` */
  readonly #users = new PassingSet<Ending>()
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
   * and been closed by the server since, the work is done once more on a new one. Rejects when `ending` comes, as `close`
   * makes it, and then destroys the connection: an answer might still be on its way.
   */
  async use<R>(work: (connection: C) => Promise<R>, ending: Ending): Promise<R> {
    if (this.#closed) throw new Error(CLOSED)
    const done = this.#users.add(ending)
    try {
      const lent = this.#lendIdle(ending) ?? (await this.#take(ending))
      try {
        return await this.#with(lent.connection, work, ending)
      } catch (error) {
        if (lent.fresh || ending.aborted || error instanceof Refused) throw error
      }
      // the server was started again, or closes what is idle: the others are as old
      for (const { connection } of this.#idle.splice(0)) this.#o.destroy(connection)
      return await this.#with((await this.#take(ending)).connection, work, ending)
    } finally {
      done()
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
    for (const ending of this.#users) ending.abort(new Error(CLOSED))
    for (const { connection } of this.#idle.splice(0)) this.#o.destroy(connection)
    for (const connection of this.#busy) this.#o.destroy(connection)
  }

  /** Ends with `ending`, though the work goes on. */
  #with<R>(connection: C, work: (c: C) => Promise<R>, ending: Ending): Promise<R> {
    return new Promise((resolve, reject) => {
      let lent = true
      const back = (fine: boolean) => {
        if (!lent) return
        lent = false
        forget()
        this.#back(connection, fine && !this.#closed)
      }
      let forget: () => void = () => undefined
      forget = ending.listen((reason) => {
        back(false)
        reject(reason)
      })
      if (!lent) return
      work(connection).then(
        (answer) => {
          back(true)
          resolve(answer)
        },
        (error: unknown) => {
          back(error instanceof Refused)
          reject(error as Error)
        },
      )
    })
  }
  #lendIdle(ending: Ending): Lent<C> | undefined {
    const idle = ending.aborted ? undefined : this.#idle.pop()
    return idle && this.#lend(idle.connection, false)
  }
  async #take(ending: Ending): Promise<Lent<C>> {
    for (;;) {
      ending.throwIfAborted()
      const idle = this.#lendIdle(ending)
      if (idle) return idle
      if (this.open + this.#opening < this.#o.size) {
        const fresh = await this.#connect(ending.signal)
        if (fresh !== undefined) return this.#lend(fresh, true)
        if (this.#idle.length > 0 || this.#busy.size + this.#opening === 0) continue
      }
      const given = await this.#wait(ending)
      if (given !== undefined) return { connection: given, fresh: false }
    }
  }
  #lend(connection: C, fresh: boolean): Lent<C> {
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
  #wait(ending: Ending): Promise<C | undefined> {
    return new Promise((resolve, reject) => {
      let forget: () => void = () => undefined
      const waiter: Waiter<C> = {
        give: (connection) => (forget(), resolve(connection)),
        fail: (error) => (forget(), reject(error)),
      }
      this.#waiting.push(waiter)
      forget = ending.listen((reason) => {
        const at = this.#waiting.indexOf(waiter)
        if (at >= 0) this.#waiting.splice(at, 1)
        reject(reason)
      })
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
