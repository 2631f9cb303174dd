/** A graph that runs: started in order of needs, pinned by count, stopped in reverse. */
import { logSink, tableTypes } from '../contract/roles.ts'
import type { Clock } from '../contract/clock.ts'
import { PosternError, textOf, traceOf } from '../errors.ts'
import { typesIn } from './apply.ts'
import type { Graph } from './graph.ts'

/** ms that one plugin's stop may take: the store's must be reached */
export const STOP_LIMIT = 10_000

export class Generation {
  readonly graph: Graph
  readonly #clock: Clock
  #pins = 0
  #empty: (() => void) | undefined
  #started: number[] = []

  constructor(graph: Graph, clock: Clock) {
    this.graph = graph
    this.#clock = clock
  }
  pin(): { graph: Graph; release(): void } {
    this.#pins++
    let held = true
    return {
      graph: this.graph,
      release: () => {
        if (!held) return
        held = false
        if (--this.#pins === 0) this.#empty?.()
      },
    }
  }
  /** The log first, then tables, then `store`, then the others (without listeners when `doors` is false); stops what had started when one fails. */
  async start(signal: AbortSignal, options: { store?: () => Promise<void>; doors?: boolean } = {}): Promise<void> {
    const { collection, log } = this.graph
    this.graph.keeper.join()
    const early = [logSink.id, tableTypes.id]
    const providers = new Set(collection.provided.filter((p) => early.includes(p.role.id)).map((p) => p.use.name))
    try {
      await this.#startSome((name) => providers.has(name), signal)
      await collection.tables.open(typesIn(collection), log, this.#clock)
      await options.store?.()
      const doors = new Set(options.doors === false ? collection.listeners.map((l) => l.use.name) : [])
      await this.#startSome((name) => !providers.has(name) && !doors.has(name), signal)
    } catch (error) {
      await this.stop()
      throw error
    }
  }
  async #startSome(which: (use: string) => boolean, signal: AbortSignal): Promise<void> {
    for (const [i, l] of this.graph.collection.lifecycles.entries()) {
      if (!which(l.use.name)) continue
      if (signal.aborted) throw new PosternError('PN_STOPPING')
      try {
        await l.hooks.start?.(signal)
      } catch (error) {
        throw new PosternError('PN_START', `${l.use.name} (${l.use.where}): ${textOf(error)}`, {
          cause: error,
        })
      }
      this.#started.push(i)
      // whoever waited has gone: what started late must be stopped too
      if (signal.aborted) throw new PosternError('PN_STOPPING')
    }
  }
  async ready(): Promise<void> {
    for (const i of this.#started) await this.graph.collection.lifecycles[i]!.hooks.ready?.()
  }
  /** No new work; resolves when sessions and attempts have let go, or `signal` says that the time is over. */
  async drain(signal: AbortSignal): Promise<void> {
    const hooks = this.#started.map((i) => this.graph.collection.lifecycles[i]!)
    const over = new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    const drained = Promise.all(hooks.map((l) => this.#guarded('drain', l.use.name, () => l.hooks.drain?.(signal))))
    // a drain that does not heed its signal must not keep the others from stopping
    await Promise.race([drained, over])
    if (this.#pins > 0) await Promise.race([new Promise<void>((resolve) => (this.#empty = resolve)), over])
  }
  /** Everything but the use `except`, which a later generation's store still lives by; each hook within its time. */
  async stop(except?: string): Promise<void> {
    const started = this.#started.splice(0).reverse()
    for (const i of started) {
      const l = this.graph.collection.lifecycles[i]!
      if (l.use.name === except) this.#started.unshift(i)
      else await this.#guarded('stop', l.use.name, () => l.hooks.stop?.())
    }
    for (const table of this.graph.collection.tables.all()) await this.#guarded('stop', table.name, () => table.close())
    await this.graph.keeper.release(this.graph.log, except)
  }
  async #guarded(what: 'drain' | 'stop', use: string, fn: () => Promise<void> | void): Promise<void> {
    try {
      const work = Promise.resolve(fn())
      await (what === 'stop' ? within(STOP_LIMIT, work) : work)
    } catch (error) {
      this.graph.log.error(`plugin.${what}Failed`, { use, cause: traceOf(error) })
    }
  }
}
export function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout
  const late = new Promise<void>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${ms} ms`)), ms)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
