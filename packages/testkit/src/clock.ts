/** A clock that stands still until the test moves it. */
import type { Clock } from '@postern/core'

export interface FakeClock extends Clock {
  /** Moves the time on by `ms` and runs what is due, in the order of its time; a timer set meanwhile runs too if it is due. */
  advance(ms: number): void
  /** timers that wait */
  readonly pending: number
}

interface Waiting {
  readonly at: number
  readonly order: number
  readonly fn: () => void
}

/** `start`: ms since 1970; default 2030-01-01. */
export function fakeClock(start = Date.UTC(2030, 0, 1)): FakeClock {
  let now = start
  let order = 0
  const waiting = new Set<Waiting>()
  const due = (end: number): Waiting | undefined => {
    let first: Waiting | undefined
    for (const w of waiting) {
      if (w.at <= end && (!first || w.at < first.at || (w.at === first.at && w.order < first.order))) first = w
    }
    return first
  }
  return {
    now: () => now,
    after(ms, fn) {
      const entry: Waiting = { at: now + Math.max(0, ms), order: order++, fn }
      waiting.add(entry)
      return { cancel: () => void waiting.delete(entry) }
    },
    advance(ms) {
      const end = now + ms
      for (let next = due(end); next; next = due(end)) {
        waiting.delete(next)
        now = next.at
        next.fn()
      }
      now = end
    },
    get pending() {
      return waiting.size
    },
  }
}
