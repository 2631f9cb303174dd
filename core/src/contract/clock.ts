/** The queue's clock: wall time for people, monotonic time for waits. A test brings its own. */
export interface Timer {
  cancel(): void
}
export interface Clock {
  /** ms since 1970; never runs backwards while the process lives, and a jump of the wall clock shifts nothing */
  now(): number
  /** runs `fn` once after `ms`; does not keep the process alive */
  after(ms: number, fn: () => void): Timer
}

const started = Date.now() - performance.now()
/** Monotonic while running, wall clock at the start. */
export const systemClock: Clock = {
  now: () => Math.round(started + performance.now()),
  after(ms, fn) {
    // setTimeout overflows above 2^31-1 ms; callers re-arm long waits
    const t = setTimeout(fn, Math.min(ms, 0x7fffffff))
    t.unref()
    return { cancel: () => clearTimeout(t) }
  },
}
