/** What the writer does some time after records have come: a sync that nobody asked for, a mark before a pause. */

/** ms that a record waits for a sync when nobody waits for it */
const LAZY_SYNC = 200
/** ms without a write after which the last batch gets its mark */
const IDLE_MARK = 50

export class Timers {
  readonly #sync: () => void
  readonly #mark: () => void
  #lazy: NodeJS.Timeout | undefined
  #idle: NodeJS.Timeout | undefined

  constructor(sync: () => void, mark: () => void) {
    this.#sync = sync
    this.#mark = mark
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
  stop(): void {
    clearTimeout(this.#lazy)
    clearTimeout(this.#idle)
  }
}
