/** The primary's work: workers that are started, replaced and stopped; what they share. It touches no mail and loads no plugin. */
import type { Json, Level } from '@postern/core'
import { Exchange } from './exchange.ts'
import { WorkerGone } from './protocol.ts'
import { Slot } from './slot.ts'
import { Sockets } from './sockets.ts'
import { WorkerProcess } from './worker-process.ts'
import type { Commons, Program } from './worker-process.ts'

const STOPPING = 'postern is being stopped'

export class Supervisor {
  readonly #program: Program
  readonly #commons: Commons
  #slots: readonly Slot[] = []
  /** a generation that starts beside the present one */
  #coming: readonly Slot[] = []
  /** a generation that finishes what it has begun */
  readonly #leaving = new Set<Slot>()
  #changing = false
  #stopping = false

  constructor(program: Program) {
    this.#program = program
    this.#commons = {
      sockets: new Sockets(program.asRoot),
      exchange: new Exchange(),
      released: () => this.#sweep(),
    }
  }
  get slots(): readonly Slot[] {
    return this.#slots
  }
  /** those that are ready, in the order of their numbers */
  get workers(): readonly WorkerProcess[] {
    return this.#slots.flatMap((slot) => (slot.manned ? [slot.worker!] : []))
  }
  /**
   * The first worker alone: `gate` runs when its configuration checks. Then the others; one of those that cannot start is
   * tried again. Resolves with what the first one said when it was ready; rejects with what kept it from that.
   */
  async start(count: number, gate: (built: Json) => Promise<void>): Promise<Json> {
    const [first, ...others] = (this.#slots = this.#crew(count))
    const facts = await first!.start(gate)
    void first!.keep()
    await Promise.all(others.map((slot) => this.#startAndKeep(slot)))
    return facts
  }
  /** Resolves when the first try is over; `keep` goes on with it. */
  async #startAndKeep(slot: Slot): Promise<void> {
    await slot.start().catch(() => undefined)
    void slot.keep()
  }
  /**
   * A new generation of `count` workers on the same sockets: they start and become ready, then the old ones stop accepting,
   * finish and end. Rejects with what keeps a new one from starting; the old ones go on then. A stop ends both.
   */
  async replace(count: number): Promise<void> {
    const next = this.#crew(count)
    this.#changing = true
    this.#coming = next
    try {
      await Promise.all(next.map((slot) => slot.start()))
      if (this.#stopping) throw new WorkerGone(STOPPING)
    } catch (error) {
      await Promise.all(next.map((slot) => slot.retire(true)))
      throw this.#stopping ? new WorkerGone(STOPPING) : error
    } finally {
      this.#changing = false
      this.#coming = []
    }
    const old = this.#slots
    this.#slots = next
    for (const slot of next) void slot.keep()
    for (const slot of old) this.#leave(slot)
    this.log('info', 'workers.replaced', { workers: count })
  }
  #leave(slot: Slot): void {
    this.#leaving.add(slot)
    void slot.retire(false).then(() => {
      this.#leaving.delete(slot)
      this.#sweep()
    })
  }
  /** Resolves when every worker has ended. The second call may hurry the first. */
  async stop(now: boolean): Promise<void> {
    this.#stopping = true
    // nobody comes back to them: a client is refused now rather than left waiting
    this.#commons.sockets.close()
    await Promise.all([...this.#slots, ...this.#coming, ...this.#leaving].map((slot) => slot.retire(now)))
  }
  /** Written by a worker's log plugin; to standard error where there is none. */
  log(level: Level, event: string, fields: Record<string, Json>): void {
    const [worker] = this.workers
    if (worker) worker.log(level, event, fields)
    else process.stderr.write(`${JSON.stringify({ level, time: new Date(), event, ...fields })}\n`)
  }
  #crew(count: number): Slot[] {
    return Array.from({ length: count }, (_, index) => {
      const hire = () => new WorkerProcess(this.#program, this.#commons, index, count)
      const log = (level: Level, event: string, fields: Record<string, Json>) => this.log(level, event, fields)
      return new Slot(index, { hire, log, manned: () => this.#sweep() })
    })
  }
  /** Sockets that nobody will come back to are closed, once everybody is there who might. */
  #sweep(): void {
    if (!this.#changing && !this.#stopping && this.#slots.every((slot) => slot.manned)) this.#commons.sockets.sweep()
  }
}
