/** A whole node, of which only time, the store and the next hops are simulated. */
import { createNode, loadConfig } from '@postern/core'
import type { Config, LogSink, Node, TransportLimits } from '@postern/core'
import { SimClock } from './clock.ts'
import { Network, simNetwork } from './network.ts'
import type { Behaviour } from './network.ts'
import { gap, seeded } from './random.ts'
import type { Random } from './random.ts'
import { SimStore, simQueue } from './store.ts'
import type { Backlog } from './store.ts'

export interface SimOptions {
  readonly seed?: number
  /** settings of the configuration's top level */
  readonly settings?: Config
  /** of the one transport */
  readonly limits?: TransportLimits
  readonly site: (name: string) => Behaviour
  readonly backlog?: (clock: SimClock) => Backlog
}
export interface Mail {
  readonly sender: string
  readonly recipients: readonly string[]
}
/** SIM_SEED: another course of events, to see whether what is asserted holds for that one too. */
export const SEED = Number(process.env.SIM_SEED ?? 1)
const EMPTY = new Uint8Array()
const HEADER = Buffer.from('Subject: simulated\r\n')

export class Simulation {
  readonly clock: SimClock
  readonly network: Network
  readonly store: SimStore
  readonly random: Random
  /** the node's own, so that what it draws does not shift the arrivals */
  readonly #chance: Random
  /** `error` lines of the log, and what was said in them */
  readonly errors: string[] = []
  activeMax = 0
  #node!: Node

  private constructor(options: SimOptions) {
    this.random = seeded(options.seed ?? SEED)
    this.#chance = seeded((options.seed ?? SEED) + 1)
    this.clock = new SimClock()
    this.network = new Network(this.clock, options.site)
    this.store = new SimStore(this.clock, options.backlog?.(this.clock))
  }
  static async start(options: SimOptions): Promise<Simulation> {
    const sim = new Simulation(options)
    const plugins = [simQueue(sim.store), simNetwork(sim.network, options.limits)]
    const loaded = await loadConfig({ config: { myhostname: 'mx.sim.test', ...options.settings, plugins } })
    sim.#node = await createNode(loaded, { clock: sim.clock, log: sim.#log(), random: sim.#chance })
    await sim.#node.start()
    return sim
  }
  /** One message, now. */
  async send(mail: Mail): Promise<void> {
    await this.#node.import({
      envelope: {
        sender: mail.sender,
        origin: { kind: 'submit', by: 'simulation' },
        created: this.clock.now(),
        smtputf8: false,
        marks: {},
        reason: 'simulated',
      },
      recipients: mail.recipients.map((address) => ({ address, original: address })),
      header: HEADER,
      body: EMPTY,
    })
  }
  /** Arrivals, each on its own, from now until `until` (seconds since the simulation began). */
  arrive(perSecond: number, until: number, mail: (n: number) => Mail): void {
    let n = 0
    const next = () =>
      this.clock.after(gap(this.random, perSecond), () => {
        if (this.clock.seconds >= until) return
        void this.send(mail(n++))
        next()
      })
    next()
  }
  /** Goes on by `seconds`, or until `done` says so. */
  async run(seconds: number, done?: () => boolean): Promise<void> {
    const watch = done && (() => (this.#look(), done()))
    await this.clock.run(seconds, watch ?? (() => (this.#look(), false)))
  }
  #look(): void {
    this.activeMax = Math.max(this.activeMax, this.queue.active)
  }
  get queue() {
    return this.#node.status().queue
  }
  /** Values that are read each `seconds` while the simulation runs. */
  sample<T>(seconds: number, read: (at: number) => T): { readonly at: number; readonly value: T }[] {
    const samples: { at: number; value: T }[] = []
    this.clock.every(seconds * 1000, () => samples.push({ at: this.clock.seconds, value: read(this.clock.seconds) }))
    return samples
  }
  #log(): LogSink {
    return {
      enabled: (level) => level === 'error',
      write: (level, event, fields) => {
        if (level === 'error') this.errors.push(`${event} ${JSON.stringify(fields)}`)
      },
    }
  }
}
