/** Outcomes on their way into the store. What it will not take now is kept and offered again; no message ends before. */
import type { OutcomeOptions, OutcomeRecord } from '../contract/store.ts'
import { textOf } from '../errors.ts'
import type { ActiveMessage } from './active.ts'
import type { Engine } from './engine.ts'

/** ms between tries to write outcomes that the store would not take */
const WRITE_AGAIN = 5000

export class Outcomes {
  readonly #engine: Engine
  /** outcomes of one turn of the loop are one record */
  #batch: { m: ActiveMessage; records: OutcomeRecord[] } | undefined

  constructor(engine: Engine) {
    this.#engine = engine
  }
  record(m: ActiveMessage, record: OutcomeRecord): void {
    if (this.#batch?.m === m) {
      this.#batch.records.push(record)
      return
    }
    this.flush()
    this.#batch = { m, records: [record] }
    queueMicrotask(() => this.flush())
  }
  flush(): void {
    const batch = this.#batch
    this.#batch = undefined
    if (batch) this.write(batch.m, batch.records)
  }
  write(m: ActiveMessage, records: readonly OutcomeRecord[], options?: OutcomeOptions): void {
    const once = () => this.#engine.store.outcome(m.message.id, records, options)
    let written: Promise<void> | undefined
    try {
      written = once()
    } catch (error) {
      written = Promise.reject(error as Error)
    }
    if (written) m.writes.push(written.catch((error: unknown) => this.#again(m, once, error)))
  }
  async #again(m: ActiveMessage, once: () => Promise<void> | undefined, first: unknown): Promise<void | false> {
    for (let error = first; !this.#engine.scope.reason;) {
      const { log } = this.#engine.graph
      log.error('queue.outcomeFailed', { id: m.message.id, cause: textOf(error), again: WRITE_AGAIN })
      await this.#pause()
      try {
        await once()
        return
      } catch (again) {
        error = again
      }
    }
    return false
  }
  #pause(): Promise<void> {
    return new Promise<void>((r) => {
      const timer = this.#engine.clock.after(WRITE_AGAIN, () => {
        off()
        r()
      })
      const off = this.#engine.scope.onAbort(() => {
        timer.cancel()
        r()
      })
    })
  }
  /** Waits for outcomes that the store took late; false when a stop came first. */
  async taken(m: ActiveMessage): Promise<boolean> {
    if (m.writes.length === 0) return true
    return (await Promise.all(m.writes)).every((w) => w !== false)
  }
}
