/** Connections: those in use, and idle ones kept for the next message to the same next hop or server. */
import { PassingMap } from '@postern/core'
import type { Clock, Timer } from '@postern/core'
import type { Connection } from './connection.ts'

export interface CacheLimits {
  /** ms an idle connection is kept; 0: not at all */
  readonly idle: number
  /** messages over one connection; 0: any number */
  readonly uses: number
  /** ms since it was opened, after which it takes no further message */
  readonly age: number
}
interface Kept {
  readonly connection: Connection
  readonly keys: readonly string[]
  readonly until: number
}
/** File descriptors are worth more than a saved handshake: above this the oldest idle connection goes. */
const MAX_IDLE = 256

export class ConnectionCache {
  readonly #limits: CacheLimits
  readonly #clock: Clock
  /** every open connection, by its number */
  readonly #open = new PassingMap<number, { readonly connection: Connection; readonly since: number }>()
  /** idle ones, the oldest first */
  readonly #idle = new PassingMap<number, Kept>()
  readonly #byKey = new Map<string, Connection[]>()
  #timer: Timer | undefined

  constructor(limits: CacheLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
  }
  /** A new connection, from before it is dialled: it is closed with all others at the end. */
  add(connection: Connection): void {
    this.#open.set(connection.number, { connection, since: this.#clock.now() })
    connection.once('end', () => {
      this.#open.delete(connection.number)
      this.#forget(connection)
    })
  }
  take(key: string): Connection | undefined {
    for (let list = this.#byKey.get(key); list?.length; list = this.#byKey.get(key)) {
      const connection = list[list.length - 1]!
      this.#forget(connection)
      if (connection.usable && !this.#aged(connection)) return connection
      connection.quit()
    }
    return undefined
  }
  /** A message has been sent: keeps the connection under its keys, or closes it. */
  give(connection: Connection, keys: readonly string[]): void {
    if (!connection.usable) return connection.close()
    const { idle, uses } = this.#limits
    if (idle === 0 || (uses > 0 && connection.uses >= uses) || this.#aged(connection)) return connection.quit()
    if (this.#idle.size >= MAX_IDLE) this.#drop(this.#idle.values().next().value!.connection)
    this.#idle.set(connection.number, { connection, keys, until: this.#clock.now() + idle })
    for (const key of keys) {
      const list = this.#byKey.get(key)
      if (list) list.push(connection)
      else this.#byKey.set(key, [connection])
    }
    this.#timer ??= this.#clock.after(idle, () => this.#sweep())
  }
  get idle(): number {
    return this.#idle.size
  }
  get size(): number {
    return this.#open.size
  }
  /** Idle ones are left politely, the others at once. */
  closeAll(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    for (const { connection } of [...this.#open.values()]) {
      if (this.#idle.has(connection.number)) this.#drop(connection)
      else connection.abort()
    }
  }

  #aged(connection: Connection): boolean {
    return this.#clock.now() - (this.#open.get(connection.number)?.since ?? 0) >= this.#limits.age
  }
  #drop(connection: Connection): void {
    this.#forget(connection)
    connection.quit()
  }
  #forget(connection: Connection): void {
    const kept = this.#idle.get(connection.number)
    if (!kept) return
    this.#idle.delete(connection.number)
    for (const key of kept.keys) {
      const list = this.#byKey.get(key)
      if (!list) continue
      const at = list.indexOf(connection)
      if (at >= 0) list.splice(at, 1)
      if (list.length === 0) this.#byKey.delete(key)
    }
  }
  #sweep(): void {
    this.#timer = undefined
    const now = this.#clock.now()
    for (const { connection, until } of [...this.#idle.values()]) {
      if (until > now) {
        this.#timer = this.#clock.after(until - now, () => this.#sweep())
        return
      }
      this.#drop(connection)
    }
  }
}
