/** A node that runs, with what commands and signals may ask of it. */
import type { LoadedConfig, Node } from '@postern/core'
import type { Served } from '../control/answers.ts'
import { CommandError, EX } from '../exit.ts'
import { remoteErrorOf } from './errors.ts'
import type { DaemonLog } from './log.ts'
import { IdleMemory } from './memory.ts'
import { workersIn } from './plan-of.ts'

export class ServedNode implements Served {
  readonly node: Node
  readonly #log: DaemonLog
  #loaded: LoadedConfig
  readonly #starting = new AbortController()
  #started = false
  #gone!: () => void
  /** everything has been stopped */
  readonly ended = new Promise<void>((done) => (this.#gone = done))
  #stops: Promise<void> | undefined
  #reloaded: () => void = () => undefined

  constructor(node: Node, log: DaemonLog, loaded: LoadedConfig) {
    this.node = node
    this.#loaded = loaded
    this.#log = log
  }
  /** False when it was told to stop before it had started: then everything is stopped again. */
  async start(): Promise<boolean> {
    const { signal } = this.#starting
    if (signal.aborted) return false
    try {
      await this.node.start(signal)
    } catch (error) {
      if (signal.aborted) return false
      throw error
    }
    new IdleMemory()
    return (this.#started = true)
  }
  /** `fn` is called whenever the configuration has become another. */
  onReload(fn: () => void): void {
    this.#reloaded = fn
  }
  listening() {
    return this.#log.listening
  }
  /** Throws what is wrong with the new configuration; the old one runs on. */
  async reload(change: () => Promise<void> = () => this.#reload()): Promise<void> {
    const restore = this.#log.forget()
    try {
      await change()
      this.#log.follow(this.node)
      this.#reloaded()
    } catch (error) {
      restore()
      const { text, problems } = remoteErrorOf(error)
      this.node.log.error('reload.failed', { cause: text, problems })
      throw error
    }
  }
  async #reload(): Promise<void> {
    const next = await this.#loaded.again()
    if (workersIn(next) !== workersIn(this.#loaded))
      throw new CommandError(
        EX.CONFIG,
        'a reload cannot change workers where one process does everything; restart instead',
      )
    await this.node.reload(next)
    this.#loaded = next
  }
  /** The second call does not wait for what is in hand. */
  async stop(now: boolean): Promise<void> {
    if (!this.#started) return this.#starting.abort()
    if (this.#stops && !now) return this.#stops
    const stops = this.node.stop(now ? 0 : undefined).catch((error: unknown) => {
      this.node.log.error('stop.failed', { cause: error instanceof Error ? error.stack : String(error) })
    })
    this.#stops = stops
    await stops
    this.#gone()
  }
}
