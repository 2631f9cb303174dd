/** The daemon itself: builds a node, takes the spool, starts, serves, stops. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { createNode } from '@postern/core'
import type { Node } from '@postern/core'
import { bundledFrom } from '../config.ts'
import type { Found } from '../config.ts'
import { answers } from '../control/answers.ts'
import { pidPath } from '../control/path.ts'
import { ControlServer } from '../control/server.ts'
import { EX } from '../exit.ts'
import { remoteErrorOf } from './errors.ts'
import { greetingLines, greetingOf } from './greeting.ts'
import { DaemonLog } from './log.ts'
import { isDetached, tellParent } from './parent.ts'
import { watchSignals, watchStrays } from './signals.ts'

/** Resolves when it has been stopped. Throws what kept it from starting. */
export async function runDaemon(found: Found): Promise<void> {
  const log = new DaemonLog()
  const node = await createNode(found.loaded, { log, resolveFrom: bundledFrom() })
  log.follow(node)
  await new RunningDaemon(node, log).run()
}

class RunningDaemon {
  readonly node: Node
  readonly #log: DaemonLog
  readonly #starting = new AbortController()
  #started = false
  #gone!: () => void
  readonly #ended = new Promise<void>((done) => (this.#gone = done))
  #stops: Promise<void> | undefined

  constructor(node: Node, log: DaemonLog) {
    this.node = node
    this.#log = log
  }
  async run(): Promise<void> {
    const { spool } = this.node.graph.settings
    await mkdir(spool, { recursive: true, mode: 0o700 })
    const control = await ControlServer.open(spool, answers(this), remoteErrorOf, () => this.node.log)
    watchStrays(this.node, () => control.remove())
    const unwatch = watchSignals({
      stop: (now) => void this.stop(now),
      reload: () => void this.reload().catch(() => undefined),
    })
    try {
      await this.node.start(this.#starting.signal)
      this.#started = true
      await writeFile(pidPath(spool), `${process.pid}\n`)
      await this.#greet()
      await this.#ended
    } finally {
      unwatch()
      await rm(pidPath(spool), { force: true })
      await control.close()
    }
    // what a plugin left open must not keep a daemon that has stopped
    process.exit(EX.OK)
  }
  async #greet(): Promise<void> {
    const greeting = await greetingOf(this.node, this.listening())
    if (isDetached()) await tellParent({ postern: 'ready', greeting })
    else process.stdout.write(greetingLines(greeting).join('\n') + '\n')
  }
  listening() {
    return this.#log.listening
  }
  /** Throws what is wrong with the new configuration; the old one runs on. */
  async reload(): Promise<void> {
    const restore = this.#log.forget()
    try {
      await this.node.reload()
      this.#log.follow(this.node)
    } catch (error) {
      restore()
      const { text, problems } = remoteErrorOf(error)
      this.node.log.error('reload.failed', { cause: text, problems })
      throw error
    }
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
