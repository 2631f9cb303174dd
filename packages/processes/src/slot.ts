/** The place of one worker: whoever dies in it is replaced, in a crash loop ever more slowly. */
import type { Json, Level } from '@postern/core'
import { WorkerGone, WorkerRefused } from './protocol.ts'
import type { WorkerProcess } from './worker-process.ts'

/** ms of work after which a death is not the loop's next turn */
const STEADY = 30_000
const LONGEST_PAUSE = 30_000
/** ms until a worker that was told to end at once is killed */
const LAST_PATIENCE = 20_000
const UNNEEDED = 'it is not needed any more'

export interface SlotParts {
  hire(): WorkerProcess
  log(level: Level, event: string, fields: Record<string, Json>): void
  /** a worker is ready to work */
  manned(): void
}
/** ms to wait after so many deaths in a row: the first is forgiven */
export const pauseAfter = (deaths: number): number =>
  deaths <= 1 ? 0 : Math.min(LONGEST_PAUSE, 1000 * 2 ** Math.min(deaths - 2, 10))

export class Slot {
  readonly index: number
  worker: WorkerProcess | undefined
  /** workers that took a dead one's place */
  restarts = 0
  readonly #parts: SlotParts
  #deaths = 0
  /** why the present worker could not start */
  #failure: string | undefined
  #retired = false
  #awake: (() => void) | undefined

  constructor(index: number, parts: SlotParts) {
    this.index = index
    this.#parts = parts
  }
  get manned(): boolean {
    return this.worker?.state === 'ready'
  }
  /** Starts a worker; `gate` runs when its configuration checks, before it opens anything. Rejects with what is wrong. */
  async start(gate?: (built: Json) => Promise<void>): Promise<Json> {
    // a stop came before its turn: nobody would wait for one that begins now
    if (this.#retired) throw new WorkerGone(UNNEEDED)
    const worker = this.#parts.hire()
    this.worker = worker
    this.#failure = undefined
    try {
      const built = await worker.built
      await gate?.(built)
      if (this.#retired) throw new WorkerGone(UNNEEDED)
      worker.begin()
      const facts = await worker.ready
      this.#parts.manned()
      return facts
    } catch (error) {
      this.#failure = (error as Error).message
      await dismiss(worker, error instanceof WorkerRefused)
      throw error
    }
  }
  /** Replaces the worker whenever it dies or could not start, until the slot is retired. */
  async keep(): Promise<void> {
    while (!this.#retired) {
      const { worker } = this
      const how = await worker?.gone
      if (this.#retired) return
      if (worker && Date.now() - worker.since > STEADY) this.#deaths = 0
      const pause = pauseAfter(++this.#deaths)
      const event = this.#failure === undefined ? 'worker.died' : 'worker.notStarted'
      const cause = this.#failure ?? how ?? ''
      this.#parts.log('error', event, { worker: this.index, pid: worker?.pid ?? 0, cause, pause })
      if (pause > 0) await this.#sleep(pause)
      if (this.#retired) return
      this.restarts++
      // the next turn says what was wrong
      await this.start().catch(() => undefined)
    }
  }
  /** Lets the worker finish, or with `now` end at once; resolves when it has gone. May be called again to hurry. */
  async retire(now: boolean): Promise<void> {
    this.#retired = true
    this.#awake?.()
    const { worker } = this
    if (!worker || worker.state === 'gone') return
    worker.state = 'leaving'
    worker.ask('stop', { now })
    const late = now ? setTimeout(() => worker.kill(), LAST_PATIENCE) : undefined
    await worker.gone
    clearTimeout(late)
  }
  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#awake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** One that has said what is wrong ends by itself, and first writes its log. */
async function dismiss(worker: WorkerProcess, byItself: boolean): Promise<void> {
  const late = setTimeout(() => worker.kill(), byItself ? LAST_PATIENCE : 0)
  await worker.gone
  clearTimeout(late)
}
