/** What became of a recipient: into the store, the log, the round. Twins share one delivery and hear of it once. */
import type { JobRecipient, Outcome } from '../contract/deliver.ts'
import type { Facts } from '../contract/facts.ts'
import { textOf } from '../errors.ts'
import type { Graph } from '../graph/graph.ts'
import type { ActiveMessage, ActiveRecipient } from './active.ts'
import type { Engine } from './engine.ts'
import { Outcomes } from './outcomes.ts'

/** Where a recipient's mail was to go; both empty where no way was found. */
export interface Way {
  readonly transport: string
  readonly nexthop: string
}
/** When a delivery began and its connection was ready, on the queue's clock. */
export interface Timing {
  readonly began: number
  readonly readyAt: number | undefined
  readonly uses: number | undefined
}

export class Recording {
  readonly outcomes: Outcomes
  readonly #engine: Engine
  readonly #retryOf: (way: Way) => readonly number[] | undefined

  /** `retryOf`: ms between attempts, where a next hop has a schedule of its own */
  constructor(engine: Engine, retryOf: (way: Way) => readonly number[] | undefined) {
    this.outcomes = new Outcomes(engine)
    this.#engine = engine
    this.#retryOf = retryOf
  }
  /** Another recipient's delivery of an earlier round was to the same mailbox. */
  duplicate(m: ActiveMessage, r: ActiveRecipient): void {
    m.unsettled.delete(r.n)
    const text = 'delivered with another recipient of this message'
    this.outcomes.record(m, { n: r.n, state: 'delivered', esc: '2.0.0', text })
  }

  /** Shares another recipient's delivery: if that one has its outcome already, this one has it too. */
  twin(m: ActiveMessage, r: ActiveRecipient, owner: number): void {
    if (m.unsettled.has(owner)) return
    const list = [m.failures, m.deferrals].find((results) => results.some((one) => one.recipient.n === owner))
    const result = list?.find((one) => one.recipient.n === owner)
    if (!list || !result) return
    m.twins.delete(owner)
    m.unsettled.delete(r.n)
    list.push({ ...result, recipient: r, twin: isSilent(r) || !isSilent(result.recipient) })
  }

  /** One recipient has an outcome: into the store, the log, the round. */
  settled(
    m: ActiveMessage,
    r: ActiveRecipient,
    to: JobRecipient,
    given: Outcome,
    way: Way,
    graph: Graph,
    timing?: Timing,
  ): void {
    // who only asks is told what would be
    const dry = m.message.envelope.trace === 'verify'
    const outcome = graph.settings.softBounce && !dry ? softened(given) : given
    if (outcome.kind === 'delivered') m.round.delivered++
    const twins = m.twins.get(r.n) ?? []
    // a delivery that a silent recipient owns (a blind copy, NOTIFY=NEVER) is told of to one who wants to know
    const told = isSilent(r) ? (twins.find((twin) => !isSilent(twin)) ?? r) : r
    this.#settleOne(m, r, outcome, way, told !== r)
    for (const twin of twins) this.#settleOne(m, twin, outcome, way, told !== twin)
    m.twins.delete(r.n)
    if (graph.facts.attempted) this.#tell(graph.facts.attempted, m, to, outcome, way, timing)
    if (outcome.cause !== undefined)
      graph.log.debug('deliver.cause', { id: m.message.id, recipient: to.address, cause: textOf(outcome.cause) })
  }
  #tell(
    attempted: (fact: Facts['attempted']) => void,
    m: ActiveMessage,
    to: JobRecipient,
    outcome: Outcome,
    { transport, nexthop }: Way,
    timing: Timing | undefined,
  ): void {
    const { began, created } = m.round
    attempted({
      messageId: m.message.id,
      sender: m.message.envelope.sender,
      recipient: to.address,
      original: to.original,
      transport,
      nexthop,
      outcome,
      dry: m.message.envelope.trace === 'verify' || undefined,
      delay: this.#engine.clock.now() - created,
      queued: began - created,
      waited: timing && timing.began - began,
      ready: timing?.readyAt && timing.readyAt - timing.began,
      uses: timing?.uses,
    })
  }
  #settleOne(m: ActiveMessage, recipient: ActiveRecipient, outcome: Outcome, way: Way, twin: boolean): void {
    const { transport } = way
    m.unsettled.delete(recipient.n)
    m.delivering.delete(recipient.n)
    const { trace } = m.message.envelope
    if (trace === 'verify' || (trace && m.round.number === 1)) m.traced.push({ recipient, outcome, transport, twin })
    if (trace === 'verify') return
    if (outcome.kind !== 'delivered') {
      const retry = outcome.kind === 'deferred' ? this.#retryOf(way) : undefined
      ;(outcome.kind === 'failed' ? m.failures : m.deferrals).push({ recipient, outcome, transport, twin, retry })
      return
    }
    if (recipient.notify?.includes('SUCCESS') && !outcome.dsnPassed) m.successes.push({ recipient, outcome, transport })
    this.outcomes.record(m, { n: recipient.n, state: 'delivered', esc: outcome.esc, text: outcome.text })
  }
}

/** RFC 3461 section 4.1: nobody is to hear of it. */
const isSilent = (r: ActiveRecipient): boolean => r.notify?.includes('NEVER') === true

/** A failure that the operator wants to see before a sender does. */
const softened = (o: Outcome): Outcome =>
  o.kind === 'failed'
    ? { ...o, kind: 'deferred', esc: `4${o.esc.slice(1)}` as `4.${number}.${number}`, softened: true }
    : o
