/**
 * Several servers that know the same: one is asked, another when it cannot be reached. A server that failed is left
 * alone for a while as long as there is another, and for a second when there is none: one that swallows packets must
 * not cost each lookup its timeout.
 */
import type { Clock } from '@postern/core'

/** ms for which the last error is the answer of a server that failed when there is no other */
const PAUSE = 1000

export interface ServersOptions<T = unknown> {
  readonly clock: Pick<Clock, 'now'>
  /** ms for which a server that failed is left alone; default a minute */
  readonly rest?: number
  /** tells that a server cannot be reached, once until it can */
  readonly lost?: (server: string, error: Error) => void
  readonly back?: (server: string) => void
  /** in which order they are asked; default: from a random one on */
  readonly first?: (count: number) => number
  /** those with a smaller number are asked before all others, e.g. sockets of this machine; default: no such order */
  readonly rank?: (server: T) => number
}
/** A server was reached and said no: another would say the same. */
export class Refused extends Error {}

/** One of them, and how it was when it was asked last. */
export interface ServerState<T> {
  readonly name: string
  readonly server: T
  failed: Error | undefined
  failedAt: number
}

export class Servers<T> {
  readonly #servers: readonly ServerState<T>[]
  readonly #o: ServersOptions<T>

  constructor(servers: readonly (readonly [name: string, server: T])[], options: ServersOptions<T>) {
    this.#servers = servers.map(([name, server]) => ({ name, server, failed: undefined, failedAt: 0 }))
    this.#o = options
  }
  /**
   * Asks one after the other until one answers; first those that do not rest, then, because a resting one may be back, the
   * others. Rejects with the last server's error; with `Refused`, and when `signal` is aborted, at once.
   */
  async ask<R>(ask: (server: T) => Promise<R>, signal?: Pick<AbortSignal, 'aborted' | 'reason'>): Promise<R> {
    // an error is dear: its stack is written down when it is made
    let last: Error | undefined
    for (const one of this.order()) {
      if (signal?.aborted) throw signal.reason as Error
      const paused = this.paused(one)
      if (paused) {
        last = paused
        continue
      }
      try {
        const answer = await ask(one.server)
        this.well(one)
        return answer
      } catch (error) {
        if (error instanceof Refused || signal?.aborted) throw error
        last = error as Error
        this.ill(one, last)
      }
    }
    throw last ?? new Error('no server')
  }
  /** In which order they are to be asked now; for those who do without the promises of `ask`. */
  order(): readonly ServerState<T>[] {
    if (this.#servers.length === 1) return this.#servers
    const now = this.#o.clock.now()
    const count = this.#servers.length
    const first = (this.#o.first ?? ((n: number) => Math.floor(Math.random() * n)))(count)
    const turned = [...this.#servers.slice(first), ...this.#servers.slice(0, first)]
    const { rank } = this.#o
    if (rank) turned.sort((a, b) => rank(a.server) - rank(b.server))
    const rest = this.#o.rest ?? 60_000
    const resting = (s: (typeof turned)[number]) => s.failed !== undefined && now - s.failedAt < rest
    return [...turned.filter((s) => !resting(s)), ...turned.filter(resting)]
  }
  /** The last error of one that failed a moment ago: its answer, without asking it. */
  paused(one: ServerState<T>): Error | undefined {
    return one.failed && this.#o.clock.now() - one.failedAt < PAUSE ? one.failed : undefined
  }
  well(one: ServerState<T>): void {
    if (!one.failed) return
    this.#o.back?.(one.name)
    one.failed = undefined
  }
  ill(one: ServerState<T>, error: Error): void {
    if (!one.failed) this.#o.lost?.(one.name, error)
    one.failed = error
    one.failedAt = this.#o.clock.now()
  }
}
