/** What the writer does some time after records have come: a sync that nobody asked for, a mark before a pause. */

/** ms that a record waits for a sync when nobody waits for it */
const LAZY_SYNC = 200
/** ms without a write after which the last batch gets its mark */
const IDLE_MARK = 50

export class Timers {
  readonly #sync: () => void
  readonly #mark: () => void
  readonly #pump: () => void
  #overtaking: NodeJS.Timeout | undefined
  #lazy: NodeJS.Timeout | undefined
  #idle: NodeJS.Timeout | undefined

  constructor(sync: () => void, mark: () => void, pump: () => void) {
    this.#sync = sync
    this.#mark = mark
    this.#pump = pump
  }
  /** There is a record that nobody waits for. */
  lazy(): void {
    this.#lazy ??= setTimeout(() => {
      this.#lazy = undefined
      this.#sync()
    }, LAZY_SYNC)
  }
  /** A sync has ended. */
  idle(): void {
    this.#idle ??= setTimeout(() => {
      this.#idle = undefined
      this.#mark()
    }, IDLE_MARK).unref()
  }
  /** Something waits for a commit's order. */
  overtake(ms: number): void {
    this.#overtaking ??= setTimeout(() => {
      this.#overtaking = undefined
      this.#pump()
    }, ms).unref()
  }
  stop(): void {
    clearTimeout(this.#overtaking)
    clearTimeout(this.#lazy)
    clearTimeout(this.#idle)
  }
}
