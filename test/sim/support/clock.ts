/** Simulated time. Nothing passes by itself: `run` goes from timer to timer and lets promises run in between. */
import type { Clock, Timer } from '@postern/core'
import { Timers } from './timers.ts'

const turn = setImmediate
/** rounds of timers at one instant after which somebody is taken to wait for time by asking again and again */
const STANDSTILL = 100_000

/** the loop has one order of turns: two simulations at a time would not be the same ones again */
let running = false

export class SimClock implements Clock {
  readonly start: number
  readonly #timers = new Timers()
  readonly #immediates: (() => void)[] = []
  #now: number

  /** `start`: ms since 1970 */
  constructor(start = Date.UTC(2030, 0, 1)) {
    this.start = start
    this.#now = start
  }
  now(): number {
    return this.#now
  }
  /** seconds since the simulation began */
  get seconds(): number {
    return (this.#now - this.start) / 1000
  }
  after(ms: number, fn: () => void): Timer {
    const entry = this.#timers.add(this.#now + Math.max(0, ms), fn)
    return { cancel: () => this.#timers.cancel(entry) }
  }
  /** `fn` each `ms`, first in `ms`. */
  every(ms: number, fn: () => void): void {
    this.after(ms, () => {
      fn()
      this.every(ms, fn)
    })
  }
  /** Goes on by `seconds`, or until `done` says so; the timers of one instant run together. */
  async run(seconds: number, done: () => boolean = () => false): Promise<void> {
    const end = this.#now + seconds * 1000
    const restore = this.#takeOver()
    try {
      await this.#settle()
      let rounds = 0
      for (let at = this.#timers.next; at <= end && !done(); at = this.#timers.next) {
        rounds = at > this.#now ? 0 : rounds + 1
        if (rounds > STANDSTILL) throw new Error(`time stands still at ${this.seconds} s: timers set timers of 0 ms`)
        this.#now = Math.max(this.#now, at)
        for (const fn of this.#timers.take(at)) fn()
        await this.#settle()
      }
      if (!done()) this.#now = end
    } finally {
      restore()
    }
  }
  /** Promises, and what asked for a turn of the loop, until nobody has anything to do at this instant. */
  async #settle(): Promise<void> {
    do {
      for (const fn of this.#immediates.splice(0)) fn()
      await new Promise<void>((r) => turn(r))
    } while (this.#immediates.length > 0)
  }
  /** Turns of the loop are the simulation's own while it runs. */
  #takeOver(): () => void {
    if (running) throw new Error('another simulation runs in this process')
    running = true
    const { setImmediate } = globalThis
    const mine = (fn: (...args: unknown[]) => void, ...args: unknown[]) => void this.#immediates.push(() => fn(...args))
    globalThis.setImmediate = mine as unknown as typeof setImmediate
    return () => {
      globalThis.setImmediate = setImmediate
      running = false
    }
  }
}
