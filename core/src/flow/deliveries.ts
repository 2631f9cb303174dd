/** Batches recipients per transport and next hop, runs the deliveries, records each outcome as soon as it is known. */
import type { JobRecipient, Outcome, Transport } from '../contract/deliver.ts'
import { deferred } from '../contract/deliver.ts'
import type { OutcomeRecord } from '../contract/store.ts'
import type { AttemptView } from '../contract/views.ts'
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

export class Deliveries {
  readonly #engine: Engine
  readonly #roundOver: (m: ActiveMessage) => void
  readonly #destinations = new Map<string, Destination>()
  /** legs of a message that is still being resolved, by destination */
  readonly #gathering = new Map<ActiveMessage, Map<string, Leg>>()
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
    const limit = way?.limits?.concurrency ?? graph.settings.defaultDestinationConcurrencyLimit
    const key = keyOf(leg.transport, leg.nexthop)
    const d = this.#destinations.get(key) ?? new Destination(leg.transport, leg.nexthop, limit)
    this.#destinations.set(key, d)
    if (this.#destinations.size > DESTINATIONS_KEPT) this.#sweep()
    leg.message.pending++
    d.push(leg)
    this.#pump(d)
  }
  /** Dead sites that nobody asked for again. */
  #sweep(): void {
    for (const d of this.#destinations.values())
      if (d.idle && !d.dead(this.#engine.clock)) this.#destinations.delete(d.key)
  }
  #pump(d: Destination): void {
    for (let leg = d.next(); leg; leg = d.next()) this.#run(d, leg)
    // a destination is an object only while it is active or remembered dead
    if (d.idle && !d.dead(this.#engine.clock)) this.#destinations.delete(d.key)
  }
  #run(d: Destination, leg: Leg): void {
    const pin = this.#engine.pin()
    this.#deliver(d, leg, pin.graph)
      .catch((error: unknown) =>
        pin.graph.log.error('queue.fault', {
          id: leg.message.message.id,
          cause: error instanceof Error ? error.stack : String(error),
        }),
      )
      .finally(() => {
        pin.release()
        d.active--
        this.#pump(d)
        this.#leave(leg.message)
      })
  }
  async #deliver(d: Destination, leg: Leg, graph: Graph): Promise<void> {
    const m = leg.message
    const job = new DeliveryJob(m.message, leg.transport, leg.nexthop, leg.recipients, (to, outcome) => {
      this.#feedback(d, outcome, graph)
      this.settled(m, this.#recipients.get(m)!.get(to.n)!, to, outcome, leg.transport, leg.nexthop, graph)
    })
    const dead = d.dead(this.#engine.clock)
    if (dead !== undefined) return void job.all(deferred('4.4.1', `delivery temporarily suspended: ${dead}`))
    const refused = await this.#attempt(leg, graph)
    if (refused) return void job.all(refused)
    const way = graph.transport(leg.transport)
    if (!way) return void job.all(deferred('4.3.5', `mail transport unavailable: nobody provides "${leg.transport}"`))
    // on disk before anybody is called: a delivery that kills the process is known after the restart
    this.#engine.store.attempt(
      m.message.id,
      leg.recipients.map((r) => r.n),
    )
    m.attempts++
    await this.#call(way, job, graph)
  }
  /** The transport's own code: guarded by a deadline, and every recipient it leaves open is deferred. */
  async #call(way: Transport, job: DeliveryJob, graph: Graph): Promise<void> {
    const ms = way.limits?.deadline ?? DELIVERY_DEADLINE
    const scope = new AbortScope()
    const release = this.#engine.scope.onAbort((reason) => scope.abort(reason))
    const call = new HookCall({ scope, clock: this.#engine.clock, log: graph.log }, ms)
    const timer = this.#engine.clock.after(ms, () => scope.abort(new Error(`no end within ${ms} ms`)))
    let stopped: (() => void) | undefined
    try {
      const overdue = new Promise<never>((_, reject) => (stopped = scope.onAbort(reject)))
      overdue.catch(() => undefined)
      await Promise.race([way.deliver(job, call), overdue])
    } catch (error) {
      graph.log.error('deliver.fault', {
        id: job.messageId,
        transport: job.transport,
        nexthop: job.nexthop,
        cause: error instanceof Error ? (error.stack ?? error.message) : String(error),
      })
      if (job.unsettled.length > 0) job.all(faultOutcome(error))
    } finally {
      timer.cancel()
      stopped?.()
      release()
      call.done()
    }
    if (job.unsettled.length > 0) {
      graph.log.error('deliver.fault', {
        id: job.messageId,
        transport: job.transport,
        cause: `${job.unsettled.length} recipients were left without an outcome`,
      })
      job.all(faultOutcome(new Error('the transport gave no outcome')))
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
      graph.log.debug('deliver.cause', { id: m.message.id, recipient: to.address, cause: String(outcome.cause) })
  }
  #settleOne(m: ActiveMessage, r: ActiveRecipient, outcome: Outcome, twin: boolean): void {
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
    if (!batch) return
    const written = this.#engine.store.outcome(batch.m.message.id, batch.records)
    written?.catch((error: unknown) => {
      const pin = this.#engine.pin()
      pin.graph.log.error('queue.outcomeFailed', { id: batch.m.message.id, cause: String(error) })
      pin.release()
    })
  }
  #leave(m: ActiveMessage): void {
    if (--m.pending > 0) return
    this.#flushBatch()
    this.#roundOver(m)
  }
}
