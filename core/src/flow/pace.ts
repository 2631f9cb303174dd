/**
 * Who brings mail waits a moment for his 250 while a busy process has much of it in memory: one client goes on for each message that has left.
 * What is accepted faster than it goes out grows old in memory, where it costs full collections of garbage, and is delivered later.
 *
 * Only the processor's time is shared this way. Mail that waits for slow next hops leaves the event loop idle, and then nobody waits.
 */
import type { Clock } from '../contract/clock.ts'
import { PassingSet } from '../passing.ts'

/** bytes of content in delivery up to which nobody waits */
const AT_EASE = 4 * 1024 * 1024
/** bytes that a message counts for at most: larger ones are in files */
const IN_MEMORY = 256 * 1024
/** ms; a turn of the event loop that is shorter had next to nothing to do */
const IDLE_TURN = 0.3

export class Pace {
  readonly #clock: Clock
  /** longest first */
  readonly #waiting = new PassingSet<() => void>()
  #bytes = 0
  /** `performance.now()` at the end of the last turn that was looked at */
  #turned = 0
  #watched = false

  constructor(clock: Clock) {
    this.#clock = clock
  }
  /** A message of that size is in delivery. */
  enter(size: number): void {
    this.#bytes += Math.min(size, IN_MEMORY)
  }
  /** It is not any more. */
  leave(size: number): void {
    this.#bytes -= Math.min(size, IN_MEMORY)
    for (const go of this.#waiting) return go()
  }
  /** Resolves when the next client may go on, after `longest` ms in any case; `undefined`: at once. */
  wait(longest: number): Promise<void> | undefined {
    return this.#bytes > AT_EASE ? new Promise((done) => this.#hold(done, longest)) : undefined
  }

  #hold(done: () => void, longest: number): void {
    const timer = this.#clock.after(longest, () => go())
    const go = (): void => {
      timer.cancel()
      out()
      done()
    }
    const out = this.#waiting.add(go)
    if (this.#watched) return
    this.#watched = true
    this.#turned = performance.now()
    setImmediate(this.#turn)
  }
  readonly #turn = (): void => {
    const now = performance.now()
    if (now - this.#turned < IDLE_TURN) for (const go of [...this.#waiting]) go()
    this.#turned = now
    this.#watched = this.#waiting.size > 0
    if (this.#watched) setImmediate(this.#turn)
  }
}
