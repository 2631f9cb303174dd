/** Simulated next hops, and the transport that goes to them: a delivery is a wait on the simulated clock. */
import { deferred, definePlugin, delivered, routeTo, silent } from '@postern/core'
import type { Call, Clock, Job, Outcome, TransportLimits } from '@postern/core'
import { z } from 'zod'

/** How a site behaves. Times are seconds since the simulation began; waits are ms. */
export interface Behaviour {
  /** ms that a delivery takes */
  readonly latency: number | ((seconds: number) => number)
  /** false: nobody answers there */
  readonly up?: (seconds: number) => boolean
  /** ms until a connection to a site that is not up is known to have failed */
  readonly refusal?: number
  /** true: it answers, but takes no mail now (a 450 to each recipient) */
  readonly busy?: boolean
}
/** One connection. */
export interface Dial {
  /** seconds since the simulation began */
  readonly at: number
  readonly site: string
  readonly sender: string
  /** of the message, ms */
  readonly age: number
}
export class Site {
  readonly name: string
  readonly behaviour: Behaviour
  active = 0
  activeMax = 0
  dials = 0
  delivered = 0
  constructor(name: string, behaviour: Behaviour) {
    this.name = name
    this.behaviour = behaviour
  }
}
const REFUSAL = 10

export class Network {
  readonly sites = new Map<string, Site>()
  /** by the message's sender: ms from arrival to delivery, of each recipient */
  readonly delays = new Map<string, number[]>()
  /** by the message's sender: when the last one was delivered, seconds since the simulation began */
  readonly lastAt = new Map<string, number>()
  /** each connection in order, when it is to be kept */
  dials: Dial[] | undefined
  active = 0
  readonly #clock: Clock
  readonly #begin: number
  readonly #of: (site: string) => Behaviour

  /** `of`: how a site behaves that is met for the first time */
  constructor(clock: Clock, of: (site: string) => Behaviour) {
    this.#clock = clock
    this.#begin = clock.now()
    this.#of = of
  }
  site(name: string): Site {
    const known = this.sites.get(name)
    if (known) return known
    const site = new Site(name, this.#of(name))
    this.sites.set(name, site)
    return site
  }
  async deliver(job: Job, call: Call) {
    const site = this.site(job.nexthop)
    this.#dial(site, job)
    const { latency, up, refusal = REFUSAL, busy } = site.behaviour
    const began = this.#seconds
    const there = up?.(began) ?? true
    await this.#wait(there ? (typeof latency === 'number' ? latency : latency(began)) : refusal, call.signal)
    site.active--
    this.active--
    if (call.signal.aborted) return job.all(deferred('4.4.2', 'the simulation is over'))
    if (!there) return job.all(noConnection(site.name))
    if (busy) return job.all(deferred('4.2.1', 'host said: 450 4.2.1 mailbox busy'))
    site.delivered += job.recipients.length
    this.#arrived(job)
    return job.all(delivered('2.0.0', 'Ok'))
  }
  get #seconds(): number {
    return (this.#clock.now() - this.#begin) / 1000
  }
  #dial(site: Site, job: Job): void {
    const { sender, created } = job.envelope
    this.dials?.push({ at: this.#seconds, site: site.name, sender, age: this.#clock.now() - created })
    this.active++
    site.dials++
    site.activeMax = Math.max(site.activeMax, ++site.active)
  }
  #arrived(job: Job): void {
    const { sender, created } = job.envelope
    const delays = this.delays.get(sender) ?? []
    this.delays.set(sender, delays)
    for (let i = 0; i < job.recipients.length; i++) delays.push(this.#clock.now() - created)
    this.lastAt.set(sender, this.#seconds)
  }
  #wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(ms, resolve)
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }
}
const noConnection = (site: string): Outcome =>
  deferred('4.4.1', `connect to ${site}[192.0.2.1]:25: Connection refused`, { siteDown: true })

/** Everything is routed to its domain by the one transport `sim`; nobody is told of anything. */
export const simNetwork = (network: Network, limits: TransportLimits | undefined) =>
  definePlugin({
    name: 'sim-network',
    options: z.strictObject({}),
    apply(mta) {
      mta.resolve.tap((view) => routeTo('sim', view.recipient.domain))
      mta.report.tap(() => silent('a simulation'))
      mta.deliver('sim', { limits, deliver: (job, call) => network.deliver(job, call) })
    },
  })
