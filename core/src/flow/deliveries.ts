/** Batches recipients per transport and next hop and runs the deliveries. */
import { deferred } from '../contract/deliver.ts'
import type { JobRecipient, Outcome } from '../contract/deliver.ts'
import type { AttemptView } from '../contract/views.ts'
import { traceOf } from '../errors.ts'
import type { Graph } from '../graph/graph.ts'
import type { ActiveMessage, ActiveRecipient } from './active.ts'
import { keyOf } from './destination.ts'
import type { Dead, Destination, Leg } from './destination.ts'
import { runStage } from './engine.ts'
import type { Engine } from './engine.ts'
import { DeliveryJob, faultOutcome } from './job.ts'
import { Lanes } from './lanes.ts'
import { inOrder } from './order.ts'
import { Recording } from './recording.ts'
import type { Round } from './round.ts'
import { MarkStore } from './slots.ts'
import { callTransport } from './transport-call.ts'
import type { Busy } from './transport-call.ts'

const TOLD = {
  hold: 'held by an operator',
  delete: 'deleted by an operator',
  requeue: 'under a new id by an operator',
} as const
/** nobody was called: no relay to be named */
const NOBODY = { relay: 'none' }
/** of `deferTransports` */
export const DEFERRED_TRANSPORT = deferred('4.3.2', 'deferred transport', NOBODY)
/** deliveries of a part of a list that are left when the next part is read */
const LAST_OF_A_PART = 20

export interface DeliveriesHooks {
  /** all recipients in memory have an outcome */
  over(m: ActiveMessage): void
  nextPart(round: Round): void
  /** messages that may still become active */
  room(): number
}

export class Deliveries {
  readonly recording: Recording
  readonly lanes: Lanes
  readonly #engine: Engine
  readonly #hooks: DeliveriesHooks
  readonly #now = (): number => this.#engine.clock.now()

  constructor(engine: Engine, hooks: DeliveriesHooks) {
    this.#engine = engine
    this.#hooks = hooks
    this.recording = new Recording(engine, (way) => this.lanes.rules(way)?.retry)
    this.lanes = new Lanes(engine, {
      deliver: (d, leg) => this.#run(d, leg),
      dead: (leg, dead) => this.#suspended(leg, dead),
      postpone: (leg, ms) => this.#postpone(leg, ms),
      mustTry: ({ message }, graph) => message.round.flushed === 'name' || isPastLifetime(message, graph),
      room: () => hooks.room(),
    })
  }
  /** One more recipient for a next hop; nothing starts before `release`. */
  add(m: ActiveMessage, r: ActiveRecipient, to: JobRecipient, transport: string, nexthop: string, graph: Graph): void {
    if (!graph.transport(transport)) {
      const outcome = unprovided(transport)
      graph.log.error('transport.unknown', { id: m.message.id, transport, there: graph.transportNames() })
      return this.recording.settled(m, r, to, outcome, { transport, nexthop }, graph)
    }
    // as Postfix: until somebody flushes the queue
    if (!m.round.flushed && graph.settings.deferTransports.includes(transport))
      return this.recording.settled(m, r, to, DEFERRED_TRANSPORT, { transport, nexthop }, graph)
    m.delivering.set(r.n, r)
    const legs = (m.gathered ??= new Map<string, Leg>())
    const key = keyOf(transport, nexthop)
    const leg = legs.get(key)
    if (leg) leg.recipients.push(to)
    else legs.set(key, { message: m, transport, nexthop, recipients: [to] })
  }
  /** All recipients are resolved: what was gathered may go. */
  release(m: ActiveMessage): void {
    const legs = m.gathered
    m.gathered = undefined
    const pin = this.#engine.pin()
    m.pending += legs?.size ?? 0
    for (const leg of inOrder(legs)) this.lanes.enqueue(leg, pin.graph)
    pin.release()
    this.#leave(m)
  }
  /** Resolves when the place is free again: a transport that goes on after its time keeps it, or the site got two for one. */
  async #run(d: Destination, leg: Leg): Promise<void> {
    const pin = this.#engine.pin()
    const busy: Busy = {}
    const { round } = leg.message
    round.started()
    try {
      await this.#deliver(d, leg, pin.graph, busy)
    } finally {
      round.ended()
      this.#leave(leg.message)
    }
    await busy.transport?.catch(() => undefined)
    pin.release()
  }
  /** Never rejects: whatever happens, each recipient has an outcome. */
  async #deliver(d: Destination, leg: Leg, graph: Graph, busy: Busy): Promise<void> {
    const m = leg.message
    let site: { readonly failed?: Outcome } | undefined
    let calling = false
    const now = this.#now
    const began = now()
    const record = (to: JobRecipient, outcome: Outcome): void => {
      const timing = calling ? { began, readyAt: job.readyAt, uses: job.uses } : undefined
      // one word about the site a delivery; that it failed outweighs; a fault of ours says nothing of it
      if (calling && outcome.siteDown && outcome.kind === 'deferred') site = { failed: outcome }
      else if (calling) site ??= {}
      this.recording.settled(m, m.delivering.get(to.n)!, to, outcome, leg, graph, timing)
    }
    const job = new DeliveryJob(m.message, leg.transport, leg.nexthop, leg.recipients, record, now)
    try {
      const told = this.#told(m)
      if (told) return void this.#without(job, told, graph)
      // on disk before anybody is called: a delivery that kills the process is known after the restart
      const numbers = leg.recipients.map((r) => r.n)
      this.#engine.store.attempt(m.message.id, numbers, m.round.number)
      // a tap is code of whoever wrote it: what it may do to the process must not go unrecorded
      if (graph.root.attempt) await this.#engine.store.written?.(m.message.id)
      const instead = graph.root.attempt && (await this.#attempt(leg, graph))
      if (instead) return void this.#without(job, instead, graph)
      const way = graph.transport(leg.transport)
      if (!way) return this.#without(job, unprovided(leg.transport), graph)
      calling = true
      await callTransport(this.#engine, graph, way, job, busy)
    } catch (error) {
      calling = false
      this.#fault(job, graph, error)
    }
    calling = false
    if (job.unsettled.length > 0)
      this.#fault(job, graph, new Error(`${job.unsettled.length} recipients were left without an outcome`))
    const failed = site?.failed
    if (site) this.lanes.feedback(d, failed as { esc: `4.${number}.${number}`; text: string } | undefined, graph)
  }
  #without(job: DeliveryJob, outcome: Outcome, graph: Graph): void {
    try {
      job.all(outcome)
    } catch (error) {
      this.#fault(job, graph, error)
    }
  }
  #told(m: ActiveMessage): Outcome | undefined {
    const { told } = m.round
    return told && deferred('4.0.0', TOLD[told])
  }
  #fault(job: DeliveryJob, graph: Graph, error: unknown): void {
    const { messageId: id, transport, nexthop } = job
    graph.log.error('deliver.fault', { id, transport, nexthop, cause: traceOf(error) })
    if (job.unsettled.length > 0) job.all(faultOutcome(error))
  }
  async #attempt(leg: Leg, graph: Graph): Promise<Outcome | undefined> {
    const m = leg.message.message
    const view: AttemptView = {
      messageId: m.id,
      sender: m.envelope.sender,
      transport: leg.transport,
      nexthop: leg.nexthop,
      recipients: leg.recipients.map((r) => r.address),
      attempts: leg.message.round.number - 1,
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
    leg.message.round.held = { by: result.by.use.name, reason: v.reason }
    return deferred('4.0.0', `held: ${v.reason}`)
  }

  /** The site is known to be away: nobody is dialled. */
  #suspended(leg: Leg, dead: Dead): void {
    const pin = this.#engine.pin()
    const outcome = deferred(dead.esc, `delivery temporarily suspended: ${dead.text}`, NOBODY)
    const { message: m } = leg
    for (const to of leg.recipients) this.recording.settled(m, m.delivering.get(to.n)!, to, outcome, leg, pin.graph)
    pin.release()
    this.#leave(m)
  }
  /** Nothing was tried and nothing is told: the recipients stay as they are. */
  #postpone(leg: Leg, ms: number): void {
    const m = leg.message
    for (const { n } of leg.recipients) {
      m.delivering.delete(n)
      m.unsettled.delete(n)
      for (const twin of m.twins.get(n) ?? []) m.unsettled.delete(twin.n)
      m.twins.delete(n)
    }
    m.postponed = Math.min(m.postponed ?? Infinity, ms)
    this.#leave(m)
  }

  #leave(m: ActiveMessage): void {
    m.pending--
    // the next part of a list is read while the last deliveries of this one run
    if (m.pending <= LAST_OF_A_PART && m.round.mayGrow) this.#hooks.nextPart(m.round)
    if (m.pending > 0) return
    this.recording.outcomes.flush()
    this.#hooks.over(m)
  }
}

/** In Postfix's words; which one it was is in the log. */
const unprovided = (transport: string): Outcome =>
  deferred('4.3.0', 'mail transport unavailable', { ...NOBODY, cause: `nobody provides "${transport}"` })

export function isPastLifetime(m: ActiveMessage, graph: Graph): boolean {
  const life =
    m.message.envelope.sender === '' ? graph.settings.bounceQueueLifetime : graph.settings.maximalQueueLifetime
  return m.round.expired || m.round.began - m.message.envelope.created >= life
}
