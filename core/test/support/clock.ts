/** A clock that stands still until the test moves it. */
import type { Clock, Timer } from '@postern/core'

interface Pending {
  readonly at: number
  readonly n: number
  readonly fn: () => void
}
/** Lets everything that is ready run: promises, and what they start. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise<void>((r) => setImmediate(r))
}

export class FakeClock implements Clock {
  #now: number
  #n = 0
  #pending: Pending[] = []
  constructor(now = 1_700_000_000_000) {
    this.#now = now
  }
  now(): number {
    return this.#now
  }
  /** when the timers that wait are due, earliest first */
  get due(): readonly number[] {
    return this.#pending.map((p) => p.at).sort((a, b) => a - b)
  }
  after(ms: number, fn: () => void): Timer {
    const p: Pending = { at: this.#now + ms, n: this.#n++, fn }
    this.#pending.push(p)
    return { cancel: () => void (this.#pending = this.#pending.filter((x) => x !== p)) }
  }
  /** Moves on by `ms`; timers that come due run in order, each with the time it asked for. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settle()
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#pending = this.#pending.filter((x) => x !== next)
      this.#now = Math.max(this.#now, next.at)
      next.fn()
      await settle()
    }
    this.#now = end
  }
  #next(end: number): Pending | undefined {
    return this.#pending.filter((p) => p.at <= end).sort((a, b) => a.at - b.at || a.n - b.n)[0]
  }
}
