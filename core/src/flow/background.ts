/** Bounded work behind facts (webhooks): nobody floats a promise, and a slow consumer costs its own events, not the mail. */
import { traceOf } from '../errors.ts'
import type { Logger } from '../contract/log.ts'

const AT_ONCE = 8
const QUEUE_LIMIT = 10_000
interface Task {
  readonly use: string
  readonly fn: (signal: AbortSignal) => Promise<void>
}

export class Background {
  readonly #log: () => Logger
  readonly #queue: Task[] = []
  readonly #controller = new AbortController()
  #running = 0
  #dropped = 0
  #wake: (() => void)[] = []

  constructor(log: () => Logger) {
    this.#log = log
  }
  add(use: string, fn: Task['fn']): void {
    if (this.#queue.length >= QUEUE_LIMIT) {
      if (this.#dropped++ % 1000 === 0) this.#log().error('background.dropped', { use, dropped: this.#dropped })
      return
    }
    this.#queue.push({ use, fn })
    this.#pump()
  }
  /** Resolves when everything has been done. */
  async drain(): Promise<void> {
    while (this.#running > 0 || this.#queue.length > 0) await new Promise<void>((r) => this.#wake.push(r))
  }
  abort(): void {
    this.#queue.length = 0
    this.#controller.abort(new Error('the node is stopping'))
  }
  #pump(): void {
    while (this.#running < AT_ONCE && this.#queue.length > 0) {
      const task = this.#queue.shift()!
      this.#running++
      Promise.resolve()
        .then(() => task.fn(this.#controller.signal))
        .catch((error: unknown) =>
          this.#log().error('background.failed', {
            use: task.use,
            cause: traceOf(error),
          }),
        )
        .finally(() => {
          this.#running--
          this.#pump()
          if (this.#running === 0) for (const wake of this.#wake.splice(0)) wake()
        })
    }
  }
}
