/** A whole MTA inside the test's process. */
import { join } from 'node:path'
import { createNode, loadConfig } from '@postern/core'
import type { Clock, Config, MessageDraft, Node } from '@postern/core'
import { dialogue } from '../smtp/dialogue.ts'
import type { Dialogue, DialogueOptions } from '../smtp/dialogue.ts'
import { tempFolder } from '../temp.ts'
import type { TempFolder } from '../temp.ts'
import { within } from '../wait.ts'
import { captureLog } from './log.ts'
import type { CapturedLog } from './log.ts'

export interface StartOptions {
  /** folder of the configuration, for relative names; default: the temporary folder */
  readonly folder?: string
  readonly clock?: Clock
  /** more folders to look for plugins in; the working folder is one */
  readonly resolveFrom?: readonly string[]
}
export interface TestMta {
  /** temporary folder, removed by `stop`; the spool is in it */
  readonly folder: string
  readonly log: CapturedLog
  /** the node that runs now; another one after `restart` */
  readonly node: Node
  /** The port of a listener: of the only one, or of the one with this name. */
  port(listener?: string): number
  /** Connects to a listener and reads the banner. */
  dialogue(listener?: string, options?: DialogueOptions): Promise<Dialogue>
  submit(draft: MessageDraft): Promise<string>
  /** Resolves when nothing is in delivery and nothing is due. */
  idle(ms?: number): Promise<void>
  /** Stops and starts over the same spool, with another configuration if one is given. */
  restart(config?: Config): Promise<void>
  stop(): Promise<void>
}

/**
 * Starts an MTA from a configuration in memory. What is not said: `myhostname` is mail.site.example, the spool lies in a
 * temporary folder. Give listeners `port: 0`. Throws PosternError with every problem of the configuration.
 */
export async function startMta(config: Config, options: StartOptions = {}): Promise<TestMta> {
  const folder = await tempFolder('postern-mta')
  const mta = new Mta(config, options, folder)
  try {
    await mta.start()
  } catch (error) {
    await folder.remove()
    throw error
  }
  return mta
}

class Mta implements TestMta {
  readonly log: CapturedLog
  node!: Node
  #config: Config
  /** events before this one are of a node that has been stopped */
  #since = 0
  readonly #sink
  readonly #options: StartOptions
  readonly #folder: TempFolder

  constructor(config: Config, options: StartOptions, folder: TempFolder) {
    this.#config = config
    this.#options = options
    this.#folder = folder
    const { log, sink } = captureLog()
    this.log = log
    this.#sink = sink
  }
  get folder(): string {
    return this.#folder.path
  }
  async start(): Promise<void> {
    this.#since = this.log.length
    const base: Config = { myhostname: 'mail.site.example', spool: join(this.folder, 'spool') }
    const loaded = await loadConfig({
      config: { ...base, ...this.#config },
      folder: this.#options.folder ?? this.folder,
    })
    const resolveFrom = [process.cwd(), ...(this.#options.resolveFrom ?? [])]
    this.node = await createNode(loaded, { log: this.#sink, clock: this.#options.clock, resolveFrom })
    await within('start', this.node.start(), 30_000)
  }
  port(listener?: string): number {
    const open = this.log.slice(this.#since).filter((e) => e.event === 'listener.open')
    const named = open.filter(
      (e) => listener === undefined || e.fields.use === listener || e.fields.protocol === listener,
    )
    if (named.length === 1 || (named.length > 1 && listener !== undefined)) return named[0]!.fields.port as number
    const names = open.map((e) => `${String(e.fields.use)} (${String(e.fields.protocol)})`).join(', ')
    throw new Error(
      `${listener === undefined ? 'which listener?' : `no listener ${listener};`} there is ${names || 'none'}`,
    )
  }
  dialogue(listener?: string, options?: DialogueOptions): Promise<Dialogue> {
    return dialogue(this.port(listener), options)
  }
  submit(draft: MessageDraft): Promise<string> {
    return this.node.submit(draft)
  }
  idle(ms = 20_000): Promise<void> {
    return within('queue idle', this.node.idle(), ms)
  }
  async restart(config?: Config): Promise<void> {
    await this.#end()
    if (config) this.#config = config
    await this.start()
  }
  async stop(): Promise<void> {
    await this.#end()
    await this.#folder.remove()
  }
  async #end(): Promise<void> {
    await within('stop', this.node.stop(1000), 30_000)
  }
}
