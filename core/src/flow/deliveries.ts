/** Batches recipients per transport and next hop, runs the deliveries, records each outcome as soon as it is known. */
import type { Timer } from '../contract/clock.ts'
import type { JobRecipient, Outcome, Transport } from '../contract/deliver.ts'
import { deferred } from '../contract/deliver.ts'
import type { OutcomeRecord } from '../contract/store.ts'
import type { AttemptView } from '../contract/views.ts'
import { textOf, traceOf } from '../errors.ts'
import type { Graph } from '../graph/graph.ts'
import { AbortScope, HookCall } from '../hooks/call.ts'
import type { ActiveMessage, ActiveRecipient } from './active.ts'
import { Destination, keyOf } from './destination.ts'
import type { Leg } from './destination.ts'
import { runStage } from './engine.ts'
import type { Engine } from './engine.ts'
import { DeliveryJob, faultOutcome } from './job.ts'
import { MarkStore } from './slots.ts'

/** How long one delivery may take when its transport says nothing. */
const DELIVERY_DEADLINE = 3_600_000
/** destinations in memory above which those that are done are swept */
const DESTINATIONS_KEPT = 10_000

/** ms that a transport has, when its time is over, to say what became of its recipients */
const ABORT_GRACE = 1500
/** ms between tries to write outcomes that the store would not take */
const WRITE_AGAIN = 5000
interface Lane {
  active: number
  readonly ready: Destination[]
}

export class Deliveries {
  readonly #engine: Engine
  readonly #roundOver: (m: ActiveMessage) => void
  readonly #destinations = new Map<string, Destination>()
  /** legs of a message that is still being resolved, by destination */
  readonly #gathering = new Map<ActiveMessage, Map<string, Leg>>()
  /** places in use per transport, and the destinations that wait for one */
  readonly #transports = new Map<string, Lane>()
  #sweepAt = DESTINATIONS_KEPT
  readonly #recipients = new WeakMap<ActiveMessage, Map<number, ActiveRecipient>>()

  constructor(engine: Engine, roundOver: (m: ActiveMessage) => void) {
    this.#engine = engine
    this.#roundOver = roundOver
  }
  /** One more recipient for a next hop; nothing starts before `release`. */
  add(m: ActiveMessage, r: ActiveRecipient, to: JobRecipient, transport: string, nexthop: string, graph: Graph): void {
    const way = graph.transport(transport)
    if (!way) {
      const outcome = deferred('4.3.5', `mail transport unavailable: nobody provides "${transport}"`)
      graph.log.error('transport.unknown', { id: m.message.id, transport, there: graph.transportNames() })
      return this.settled(m, r, to, outcome, transport, nexthop, graph)
    }
    const known = this.#recipients.get(m) ?? new Map<number, ActiveRecipient>()
    this.#recipients.set(m, known.set(r.n, r))
    const legs = this.#gathering.get(m) ?? new Map<string, Leg>()
    this.#gathering.set(m, legs)
    const key = keyOf(transport, nexthop)
    const limit = way.limits?.recipients ?? graph.settings.defaultDestinationRecipientLimit
    const leg = legs.get(key)
    if (leg && leg.recipients.length < limit) leg.recipients.push(to)
    else {
      if (leg) this.#enqueue(leg, way, graph)
      legs.set(key, { message: m, transport, nexthop, recipients: [to] })
    }
  }
  /** All recipients are resolved: what was gathered may go. */
  release(m: ActiveMessage): void {
    const legs = this.#gathering.get(m)
    this.#gathering.delete(m)
    const pin = this.#engine.pin()
    for (const leg of legs?.values() ?? []) this.#enqueue(leg, pin.graph.transport(leg.transport), pin.graph)
    pin.release()
    this.#leave(m)
  }
  /** Another recipient's delivery of an earlier round was to the same mailbox. */
  duplicate(m: ActiveMessage, r: ActiveRecipient): void {
    m.unsettled.delete(r.n)
    this.#record(m, {
      n: r.n,
      state: 'delivered',
      esc: '2.0.0',
      text: 'delivered with another recipient of this message',
    })
  }
  reviveAll(): void {
    for (const d of this.#destinations.values()) d.revived()
  }

  #enqueue(leg: Leg, way: Transport | undefined, graph: Graph): void {
    const key = keyOf(leg.transport, leg.nexthop)
    let d = this.#destinations.get(key)
    if (!d) {
      if (this.#destinations.size >= this.#sweepAt) this.#sweep()
      d = new Destination(
        leg.transport,
        leg.nexthop,
        way?.limits?.concurrency ?? graph.settings.defaultDestinationConcurrencyLimit,
      )
      this.#destinations.set(key, d)
    }
    leg.message.pending++
    d.push(leg)
    this.#pump(d, graph)
  }
  /** Dead sites that nobody asked for again; next when there are twice as many as now remain. */
  #sweep(): void {
    for (const d of this.#destinations.values())
      if (d.idle && !d.dead(this.#engine.clock)) this.#destinations.delete(d.key)
    this.#sweepAt = Math.max(DESTINATIONS_KEPT, 2 * this.#destinations.size)
  }
  #pump(d: Destination, graph: Graph): void {
    const t = this.#transports.get(d.transport) ?? { active: 0, ready: [] }
    this.#transports.set(d.transport, t)
    while (t.active < graph.settings.defaultProcessLimit) {
      const leg = d.next()
      if (!leg) break
      t.active++
      this.#run(d, leg, t)
    }
    if (t.active >= graph.settings.defaultProcessLimit && d.hasNext && !d.queued) {
      d.queued = true
      t.ready.push(d)
    }
    this.#tidy(d)
  }
  /** A destination is an object only while it is active or remembered dead. */
  #tidy(d: Destination): void {
    if (d.idle && !d.dead(this.#engine.clock)) this.#destinations.delete(d.key)
  }
  #run(d: Destination, leg: Leg, t: Lane): void {
    const pin = this.#engine.pin()
    const busy: { transport?: Promise<unknown> } = {}
    const free = () => {
      pin.release()
      d.active--
      t.active--
      // places go round: who has had one stands behind those that wait
      const next = t.ready.shift()
      if (next && d.hasNext && !d.queued) {
        d.queued = true
        t.ready.push(d)
      }
      if (!next) return this.#pump(d, pin.graph)
      next.queued = false
      this.#pump(next, pin.graph)
      this.#tidy(d)
    }
    void this.#deliver(d, leg, pin.graph, busy).then(() => {
      this.#leave(leg.message)
      // a transport that goes on after its time keeps its place: the site must not get two for one
      if (busy.transport) busy.transport.then(free, free)
      else free()
    })
  }
  /** Never rejects: whatever happens, each recipient has an outcome. */
  async #deliver(d: Destination, leg: Leg, graph: Graph, busy: { transport?: Promise<unknown> }): Promise<void> {
    const m = leg.message
    const job = new DeliveryJob(m.message, leg.transport, leg.nexthop, leg.recipients, (to, outcome) => {
      this.#feedback(d, outcome, graph)
      this.settled(m, this.#recipients.get(m)!.get(to.n)!, to, outcome, leg.transport, leg.nexthop, graph)
    })
    try {
      const instead = this.#instead(d, m, graph) ?? (await this.#attempt(leg, graph))
      if (instead) return void job.all(instead)
      const way = graph.transport(leg.transport)
      if (!way) return void job.all(deferred('4.3.5', `mail transport unavailable: nobody provides "${leg.transport}"`))
      // on disk before anybody is called: a delivery that kills the process is known after the restart
      this.#engine.store.attempt(
        m.message.id,
        leg.recipients.map((r) => r.n),
      )
      m.attempts++
      await this.#call(way, job, graph, busy)
    } catch (error) {
      this.#fault(job, graph, error)
    }
    if (job.unsettled.length > 0)
      this.#fault(job, graph, new Error(`${job.unsettled.length} recipients were left without an outcome`))
  }
  /** What keeps this delivery from being tried: an operator's word, or a site known to be away. */
  #instead(d: Destination, m: ActiveMessage, graph: Graph): Outcome | undefined {
    if (m.told) return deferred('4.0.0', m.told === 'hold' ? 'held by an operator' : 'deleted by an operator')
    const dead = d.dead(this.#engine.clock)
    // mail ends only by an attempt of its own: what is past its lifetime is tried even so
    return dead === undefined || isPastLifetime(m, graph)
      ? undefined
      : deferred('4.4.1', `delivery temporarily suspended: ${dead}`)
  }
  #fault(job: DeliveryJob, graph: Graph, error: unknown): void {
    graph.log.error('deliver.fault', {
      id: job.messageId,
      transport: job.transport,
      nexthop: job.nexthop,
      cause: traceOf(error),
    })
    if (job.unsettled.length > 0) job.all(faultOutcome(error))
  }
  /** The transport's own code, within its time. When that is over it is told, and has a moment to say what it knows. */
  async #call(way: Transport, job: DeliveryJob, graph: Graph, busy: { transport?: Promise<unknown> }): Promise<void> {
    const ms = way.limits?.deadline ?? DELIVERY_DEADLINE
    const scope = new AbortScope()
    const release = this.#engine.scope.onAbort((reason) => scope.abort(reason))
    const call = new HookCall({ scope, clock: this.#engine.clock, log: graph.log, ids: { id: job.messageId } }, ms)
    const timer = this.#engine.clock.after(ms, () => scope.abort(new Error(`no end within ${ms} ms`)))
    let grace: Timer | undefined
    let stopped: (() => void) | undefined
    try {
      const overdue = new Promise<never>((_, reject) => {
        stopped = scope.onAbort((reason) => {
          grace = this.#engine.clock.after(ABORT_GRACE, () => reject(reason))
        })
      })
      const work = Promise.resolve(way.deliver(job, call))
      busy.transport = work
      await Promise.race([work, overdue])
      busy.transport = undefined
    } finally {
      grace?.cancel()
      timer.cancel()
      stopped?.()
      release()
      call.done()
    }
  }
  async #attempt(leg: Leg, graph: Graph): Promise<Outcome | undefined> {
    if (!graph.root.attempt) return undefined
    const m = leg.message.message
    const view: AttemptView = {
      messageId: m.id,
      sender: m.envelope.sender,
      transport: leg.transport,
      nexthop: leg.nexthop,
      recipients: leg.recipients.map((r) => r.address),
      attempts: leg.message.attempts,
      marks: new MarkStore({ ...m.envelope.marks }),
    }
    const result = await runStage(graph.root, 'attempt', view, {
      ids: { id: m.id },
      scope: this.#engine.scope,
      clock: this.#engine.clock,
      log: graph.log,
    })
    if (!result) return undefined
    if (result.fault) return deferred('4.3.0', 'temporary fault before the delivery')
    const v = result.verdict as
      { kind: 'defer'; esc: `4.${number}.${number}`; text: string } | { kind: 'hold'; reason: string }
    if (v.kind === 'defer') return deferred(v.esc, v.text)
    leg.message.held = { by: result.by.use.name, reason: v.reason }
    return deferred('4.0.0', `held: ${v.reason}`)
  }
  #feedback(d: Destination, outcome: Outcome, graph: Graph): void {
    if (outcome.siteDown && outcome.kind === 'deferred')
      d.died(this.#engine.clock, graph.settings.minimalBackoffTime, outcome.text)
    else if (outcome.kind === 'delivered') d.revived()
  }

  /** One recipient has an outcome: into the store, the log, the round. */
  settled(
    m: ActiveMessage,
    r: ActiveRecipient,
    to: JobRecipient,
    outcome: Outcome,
    transport: string,
    nexthop: string,
    graph: Graph,
  ): void {
    if (outcome.kind === 'delivered') m.delivered++
    this.#settleOne(m, r, outcome, false)
    for (const twin of m.twins.get(r.n) ?? []) this.#settleOne(m, twin, outcome, true)
    m.twins.delete(r.n)
    graph.facts.attempted?.({
      messageId: m.message.id,
      sender: m.message.envelope.sender,
      recipient: to.address,
      original: to.original,
      transport,
      nexthop,
      outcome,
      delay: this.#engine.clock.now() - m.message.envelope.created,
    })
    if (outcome.cause !== undefined)
      graph.log.debug('deliver.cause', { id: m.message.id, recipient: to.address, cause: textOf(outcome.cause) })
  }
  #settleOne(m: ActiveMessage, r: ActiveRecipient, outcome: Outcome, twin: boolean): void {
    m.unsettled.delete(r.n)
    if (outcome.kind === 'delivered')
      this.#record(m, { n: r.n, state: 'delivered', esc: outcome.esc, text: outcome.text })
    else (outcome.kind === 'failed' ? m.failures : m.deferrals).push({ recipient: r, outcome, twin })
  }
  /** Outcomes of one turn of the loop are one record. */
  #batch: { m: ActiveMessage; records: OutcomeRecord[] } | undefined
  #record(m: ActiveMessage, record: OutcomeRecord): void {
    if (this.#batch?.m === m) {
      this.#batch.records.push(record)
      return
    }
    this.#flushBatch()
    this.#batch = { m, records: [record] }
    queueMicrotask(() => this.#flushBatch())
  }
  #flushBatch(): void {
    const batch = this.#batch
    this.#batch = undefined
    if (batch) this.write(batch.m, batch.records)
  }
  /** Outcomes into the store. What it will not take now is kept and offered again; the message does not end before. */
  write(m: ActiveMessage, records: readonly OutcomeRecord[], nextTry?: number): void {
    const once = () =>
      this.#engine.store.outcome(m.message.id, records, nextTry === undefined ? undefined : { nextTry })
    let written: Promise<void> | undefined
    try {
      written = once()
    } catch (error) {
      written = Promise.reject(error as Error)
    }
    if (written) m.writes.push(written.catch((error: unknown) => this.#writeAgain(m, once, error)))
  }
  async #writeAgain(m: ActiveMessage, once: () => Promise<void> | undefined, first: unknown): Promise<void | false> {
    for (let error = first; !this.#engine.scope.reason;) {
      const pin = this.#engine.pin()
      pin.graph.log.error('queue.outcomeFailed', { id: m.message.id, cause: textOf(error), again: WRITE_AGAIN })
      pin.release()
      await new Promise<void>((r) => {
        const timer = this.#engine.clock.after(WRITE_AGAIN, () => {
          off()
          r()
        })
        const off = this.#engine.scope.onAbort(() => {
          timer.cancel()
          r()
        })
      })
      try {
        await once()
        return
      } catch (again) {
        error = again
      }
    }
    return false
  }
  #leave(m: ActiveMessage): void {
    if (--m.pending > 0) return
    this.#flushBatch()
    this.#roundOver(m)
  }
}

export function isPastLifetime(m: ActiveMessage, graph: Graph): boolean {
  const life =
    m.message.envelope.sender === '' ? graph.settings.bounceQueueLifetime : graph.settings.maximalQueueLifetime
  return m.expired || m.began - m.message.envelope.created >= life
}
