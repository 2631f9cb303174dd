/** The generations of a node: the one that counts, those that drain, and what is left of the others until the store has stopped. */
import type { Clock } from '../contract/clock.ts'
import { traceOf } from '../errors.ts'
import { Generation, STOP_LIMIT, within } from './generation.ts'
import type { Graph } from './graph.ts'

export interface GenerationsOptions {
  readonly clock: Clock
  /** the use that provides the queue's store: the first generation's serves all, and is stopped last of all */
  readonly storeUse: string | undefined
  /** gives a generation's listeners their doors */
  openDoors(generation: Generation): void
}
export class Generations {
  readonly #o: GenerationsOptions
  #current: Generation
  /** those that drain */
  readonly #old = new Map<Generation, Promise<void>>()
  /** those that have drained; what their stores' plugins keep is let go behind the store */
  readonly #retired = new Set<Generation>()

  constructor(first: Graph, options: GenerationsOptions) {
    this.#o = options
    this.#current = new Generation(first, options.clock)
    options.openDoors(this.#current)
  }
  /** For new sessions and attempts. */
  get current(): Generation {
    return this.#current
  }
  async start(signal: AbortSignal, store: () => Promise<void>): Promise<void> {
    await aborted(signal, this.#current.start(signal, { store }))
    await aborted(signal, this.#current.ready())
  }
  /** Starts the next one; the old one drains. When the next cannot start, the old one goes on, and the error says why. */
  async replace(graph: Graph, signal: AbortSignal): Promise<void> {
    const old = this.#current
    const next = new Generation(graph, this.#o.clock)
    this.#o.openDoors(next)
    try {
      await aborted(signal, next.start(signal))
      this.#current = next
      await aborted(signal, next.ready())
    } catch (error) {
      // the old one takes its doors back and goes on
      this.#current = old
      await within(STOP_LIMIT, old.ready()).catch((e: unknown) =>
        old.graph.log.error('node.reloadFailed', { cause: traceOf(e) }),
      )
      await next.stop()
      throw error
    }
    this.#old.set(old, this.#retire(old))
  }
  async #retire(old: Generation): Promise<void> {
    const over = new AbortController()
    const timer = this.#o.clock.after(old.graph.settings.drainTimeout, () => over.abort())
    await old.drain(over.signal)
    timer.cancel()
    await old.stop(this.#o.storeUse)
    this.#old.delete(old)
    this.#retired.add(old)
  }
  /** No new work anywhere; resolves when all have let go, or `signal` says that the time is over. */
  async drain(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#current.drain(signal), ...this.#old.values()])
  }
  /** Stops every one of them, then `store`, then what provided it. */
  async stop(store: () => Promise<void>): Promise<void> {
    for (const old of [...this.#old.keys()]) {
      await old.stop(this.#o.storeUse)
      this.#retired.add(old)
    }
    await this.#current.stop(this.#o.storeUse)
    try {
      await within(STOP_LIMIT, store())
    } catch (error) {
      this.#current.graph.log.error('queue.stopFailed', { cause: traceOf(error) })
    }
    for (const generation of [...this.#retired, this.#current]) await generation.stop()
  }
}

/** `work`, or the abort, whichever comes first: a plugin that hangs in start must not keep a stop waiting. */
async function aborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  work.catch(() => undefined)
  let off: (() => void) | undefined
  const abort = new Promise<never>((_, reject) => {
    const fn = () => reject(signal.reason as Error)
    if (signal.aborted) fn()
    signal.addEventListener('abort', fn, { once: true })
    off = () => signal.removeEventListener('abort', fn)
  })
  try {
    return await Promise.race([work, abort])
  } finally {
    off?.()
  }
}
