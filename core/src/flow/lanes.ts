/** Which delivery starts next: destinations with their windows, and the places of each transport that go round among them. */
import { destinationPolicy } from '../contract/roles.ts'
import type { DestinationLimits, DestinationPolicy } from '../contract/deliver.ts'
import type { Lease } from '../contract/shared.ts'
import { traceOf } from '../errors.ts'
import type { Graph } from '../graph/graph.ts'
import { HookCall } from '../hooks/call.ts'
import { Destination, keyOf } from './destination.ts'
import type { Dead, Leg } from './destination.ts'
import type { Engine } from './engine.ts'
import { rulesOf, share } from './rules.ts'

/** destinations in memory above which those that are done are swept */
const DESTINATIONS_KEPT = 10_000
/** ms that the limits of a next hop may take to be found */
const POLICY_DEADLINE = 30_000
/** ms until a place is asked for again when all are leased */
const LEASE_AGAIN = 250
/** deliveries that may always wait for a next hop, however full the queue is */
const ALWAYS_TAKEN = 50
/** deferred at a time when a site dies, before others get a turn of the loop */
const BURIED_AT_ONCE = 500

interface Lane {
  active: number
  /** destinations that wait for a place */
  readonly ring: Destination[]
}
/** What becomes of a leg that is not delivered now. */
export interface LaneWork {
  /** resolves when the place is free again; never rejects */
  deliver(d: Destination, leg: Leg): Promise<void>
  dead(leg: Leg, dead: Dead): void
  /** too much waits for this next hop: not before `ms` */
  postpone(leg: Leg, ms: number): void
  /** tried in spite of a dead site: it ends by an attempt of its own */
  mustTry(leg: Leg, graph: Graph): boolean
  /** messages that may still become active */
  room(): number
}

export class Lanes {
  readonly #engine: Engine
  readonly #work: LaneWork
  readonly #destinations = new Map<string, { d: Destination; graph: Graph }>()
  readonly #lanes = new Map<string, Lane>()
  #sweepAt = DESTINATIONS_KEPT
  #closed = false

  constructor(engine: Engine, work: LaneWork) {
    this.#engine = engine
    this.#work = work
  }
  /** A message's recipients for one next hop, cut into deliveries when its limits are known. */
  enqueue(leg: Leg, graph: Graph): void {
    if (this.#closed) return this.#work.postpone(leg, 0)
    const d = this.#destination(leg, graph)
    if (d.isDead(this.#now) && !this.#work.mustTry(leg, graph)) return this.#work.dead(leg, d.dead!)
    // a next hop may have as much waiting as would still find room: then there is always some left for the others
    if (d.backlog >= Math.max(ALWAYS_TAKEN, this.#work.room()) && d.rules) return this.#work.postpone(leg, d.wait)
    if (d.rules) this.#cut(d, leg)
    else d.push(leg)
    this.#pump(d)
  }
  open(): void {
    this.#closed = false
  }
  /** No delivery starts any more: what waits for a place stays in the queue as it is. */
  close(): void {
    this.#closed = true
    for (const { d } of this.#destinations.values()) for (const leg of d.drain()) this.#work.postpone(leg, 0)
  }
  reviveAll(): void {
    for (const { d } of this.#destinations.values()) d.revive()
  }
  /** The limits of a next hop, as far as somebody knows them now. */
  rules(leg: Pick<Leg, 'transport' | 'nexthop'>) {
    return this.#destinations.get(keyOf(leg.transport, leg.nexthop))?.d.rules
  }
  /** The site of a delivery was found, or was not. */
  feedback(d: Destination, failed: { esc: `4.${number}.${number}`; text: string } | undefined, graph: Graph): void {
    if (!failed) return d.found()
    if (d.failed(this.#now, graph.settings.minimalBackoffTime, failed.esc, failed.text)) void this.#bury(d, graph)
  }

  get #now(): number {
    return this.#engine.clock.now()
  }
  #destination(leg: Leg, graph: Graph): Destination {
    const key = keyOf(leg.transport, leg.nexthop)
    const known = this.#destinations.get(key)
    if (known?.graph === graph) return known.d
    if (!known && this.#destinations.size >= this.#sweepAt) this.#sweep()
    const d = known?.d ?? new Destination(leg.transport, leg.nexthop)
    this.#destinations.set(key, { d, graph })
    this.#rule(d, graph)
    return d
  }
  #rule(d: Destination, graph: Graph): void {
    const set = (own?: DestinationLimits): void => {
      d.rule(rulesOf(graph.settings, graph.transport(d.transport)?.limits, own, this.#engine.workers))
      for (const leg of d.drain()) this.#cut(d, leg)
    }
    const failed = (error: unknown): void => {
      graph.log.error('limits.fault', { transport: d.transport, nexthop: d.nexthop, cause: traceOf(error) })
      set()
    }
    const policy = graph.one<DestinationPolicy>(destinationPolicy)
    if (!policy) return set()
    const frame = { scope: this.#engine.scope, clock: this.#engine.clock, log: graph.log, ids: {} }
    const call = new HookCall(frame, POLICY_DEADLINE)
    try {
      const own = policy.limitsFor(d.transport, d.nexthop, call)
      if (!(own instanceof Promise)) {
        call.done()
        return set(own)
      }
      void this.#inTime(own)
        .then(set)
        .catch(failed)
        .then(() => {
          call.done()
          this.#pump(d)
        })
    } catch (error) {
      failed(error)
    }
  }
  #inTime<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = () => reject(new Error(`no limits within ${POLICY_DEADLINE} ms`))
      const timer = this.#engine.clock.after(POLICY_DEADLINE, late)
      work.then(resolve, reject).finally(() => timer.cancel())
    })
  }
  /** A delivery takes no more recipients than its next hop's limit. */
  #cut(d: Destination, leg: Leg): void {
    const { recipients } = d.rules!
    for (let at = 0; at < leg.recipients.length; at += recipients) {
      if (at > 0) leg.message.pending++
      d.push({ ...leg, recipients: leg.recipients.slice(at, at + recipients) })
    }
  }
  /** Sites that nobody asked for again; next when there are twice as many as now remain. */
  #sweep(): void {
    for (const { d } of this.#destinations.values()) this.#tidy(d)
    this.#sweepAt = Math.max(DESTINATIONS_KEPT, 2 * this.#destinations.size)
  }
  /** A destination is an object only while it is active, or remembered for its death or its rate. */
  #tidy(d: Destination): void {
    if (d.idle && !d.timed && d.rules && !d.isDead(this.#now) && d.isQuiet(this.#now)) this.#destinations.delete(d.key)
  }

  #lane(transport: string): Lane {
    const known = this.#lanes.get(transport)
    if (known) return known
    const lane: Lane = { active: 0, ring: [] }
    this.#lanes.set(transport, lane)
    return lane
  }
  #places(transport: string): number {
    const { graph } = this.#engine
    const { processLimits, defaultProcessLimit } = graph.settings
    const own = Object.hasOwn(processLimits, transport) ? processLimits[transport] : undefined
    const limit = own ?? graph.transport(transport)?.limits?.processes ?? defaultProcessLimit
    return limit === 0 ? Infinity : share(limit, this.#engine.workers)
  }
  #pump(d: Destination): void {
    if (this.#closed) return
    const lane = this.#lane(d.transport)
    const limit = this.#places(d.transport)
    const now = this.#now
    while (lane.active < limit && d.mayStart(now)) this.#start(lane, d, d.next()!)
    if (d.backlog > 0 && d.active < d.window) {
      if (d.opensAt(now) > now) this.#later(d, now)
      else if (!d.queued) {
        d.queued = true
        lane.ring.push(d)
      }
    }
    this.#tidy(d)
  }
  #later(d: Destination, now: number): void {
    if (d.timed) return
    d.timed = true
    this.#engine.clock.after(d.opensAt(now) - now, () => {
      d.timed = false
      this.#pump(d)
    })
  }
  #start(lane: Lane, d: Destination, leg: Leg): void {
    lane.active++
    const { leased, rateDelay } = d.rules!
    if (leased === undefined) return this.#go(lane, d, leg)
    const granted = (lease: Lease): void => {
      if (lease.granted > 0)
        // the wait behind a delivery holds the place: no other worker may start in it
        return this.#go(lane, d, leg, () =>
          rateDelay > 0 ? void this.#engine.clock.after(rateDelay, () => lease.release()) : lease.release(),
        )
      d.returned(leg, this.#now + LEASE_AGAIN)
      if (this.#closed) for (const waits of d.drain()) this.#work.postpone(waits, 0)
      this.#freed(lane, d)
    }
    const lease = this.#engine.shared.lease(`destination ${d.key}`, 1, leased)
    if (lease instanceof Promise) lease.then(granted, () => granted({ granted: 1, release: () => undefined }))
    else granted(lease)
  }
  #go(lane: Lane, d: Destination, leg: Leg, release?: () => void): void {
    const began = this.#now
    d.started(began)
    void this.#work.deliver(d, leg).then(() => {
      release?.()
      d.ended(this.#now, this.#now - began)
      this.#freed(lane, d)
    })
  }
  /** Places go round: who has had one stands behind those that wait. */
  #freed(lane: Lane, d: Destination): void {
    lane.active--
    if (lane.ring.length > 0 && d.backlog > 0 && !d.queued) {
      d.queued = true
      lane.ring.push(d)
    }
    const limit = this.#places(d.transport)
    // one that cannot start now (its site died, its rate holds it) leaves the place to the next
    for (let n = lane.ring.length; n > 0 && lane.active < limit; n--) {
      const next = lane.ring.shift()!
      next.queued = false
      this.#pump(next)
    }
    if (!d.queued) this.#pump(d)
  }
  /** All that waits for a dead site is deferred with the reason, a part at a time. */
  async #bury(d: Destination, graph: Graph): Promise<void> {
    const dead = d.dead!
    let n = 0
    for (const leg of d.drain()) {
      if (this.#work.mustTry(leg, graph)) d.push(leg)
      else this.#work.dead(leg, dead)
      if (++n % BURIED_AT_ONCE === 0) await new Promise<void>((wake) => setImmediate(wake))
    }
    // a stop that came meanwhile found nothing here
    if (this.#closed) for (const leg of d.drain()) this.#work.postpone(leg, 0)
    this.#pump(d)
  }
}
