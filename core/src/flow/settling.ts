/** The end of a round: what failed is reported and written, what is deferred gets its next time, what is done goes. */
import { deferred } from '../contract/deliver.ts'
import type { Outcome } from '../contract/deliver.ts'
import type { OutcomeRecord } from '../contract/store.ts'
import type { ReportView } from '../contract/views.ts'
import type { Graph } from '../graph/graph.ts'
import type { ActiveMessage, RoundResult } from './active.ts'
import { isPastLifetime } from './deliveries.ts'
import type { Engine } from './engine.ts'
import type { Outcomes } from './outcomes.ts'
import { sendReport } from './report.ts'
import type { Submit } from './report.ts'
import type { Round } from './round.ts'

/** failures of a list that are kept for one report; with more the sender gets several */
const REPORTED_TOGETHER = 10_000
/** the least that mail waits whose next hop has too much to do, ms */
const POSTPONED_AT_LEAST = 1000

/** What comes behind a round, or a part of it. */
export type RoundEnd =
  | { readonly kind: 'gone' }
  | { readonly kind: 'held'; readonly reason: string }
  /** `told`: the store knows the time */
  | { readonly kind: 'wait'; readonly until: number; readonly told: boolean }
  /** other recipients of the list are still to come, or in delivery */
  | { readonly kind: 'part' }
  /** the store does not know its outcomes: they will be made again after the restart */
  | { readonly kind: 'unwritten' }

export class Settling {
  readonly #engine: Engine
  readonly #outcomes: Outcomes
  readonly #submit: Submit

  constructor(engine: Engine, outcomes: Outcomes, submit: Submit) {
    this.#engine = engine
    this.#outcomes = outcomes
    this.#submit = submit
  }
  async end(m: ActiveMessage, graph: Graph): Promise<RoundEnd> {
    const { round } = m
    for (const r of m.unsettled.values())
      m.deferrals.push({ recipient: r, outcome: deferred('4.3.0', 'temporary fault of the queue'), untried: true })
    m.unsettled.clear()
    if (round.told === 'delete') return this.#partOver(round) ?? { kind: 'gone' }
    if (m.message.envelope.trace === 'verify') await this.#endVerify(m, graph)
    this.#expire(m, graph)
    if (round.isLong) keepFailures(m)
    if (m.failures.length > 0) await this.#reportFailures(m, graph)
    // a trace tells of them too
    if (m.successes.length > 0 && m.traced.length === 0) await this.#report(m, graph, 'success', m.successes)
    if (m.traced.length > 0) await this.#report(m, graph, 'trace', inOrder(m.traced))
    const open = m.deferrals.length > 0 || m.postponed !== undefined
    // what the store has not taken would be delivered again after a restart, and may be by the next round
    if (!open && !(await this.#outcomes.taken(m))) return this.#partOver(round) ?? { kind: 'unwritten' }
    const warned = open ? await this.#warn(m, graph) : undefined
    round.failed += m.failures.length
    round.open ||= open
    if (open) round.wait = Math.min(round.wait, this.#waitOf(m, graph))
    // before it counts as over: nobody may take the round for ended while its report is being made
    if (round.parts === 1 && isLast(round)) await this.#reportKept(m, graph)
    const part = this.#partOver(round)
    if (part) this.#write(m, m.deferrals, { warned })
    const end = part ?? (await this.#conclude(m, warned))
    if (open) await this.#outcomes.taken(m)
    return end
  }
  /** Undefined when this was the last part. */
  #partOver(round: Round): RoundEnd | undefined {
    round.parts--
    return round.parts === 0 && isLast(round) ? undefined : { kind: 'part' }
  }
  async #conclude(m: ActiveMessage, warned: true | undefined): Promise<RoundEnd> {
    const { round } = m
    // an operator's word may have come meanwhile
    if (round.told === 'delete' || (!round.open && round.next === undefined)) return { kind: 'gone' }
    if (round.held) {
      this.#write(m, m.deferrals, { warned })
      await this.#engine.store.admin(round.id, { action: 'hold', who: round.held.by, why: round.held.reason })
      return { kind: 'held', reason: round.held.reason }
    }
    const wait = round.wait === Infinity ? 0 : round.wait
    const until = Math.round(this.#engine.clock.now() + wait)
    // of mail that was only put off the store knows all there is to know
    const told = m.deferrals.length > 0 || round.isLong
    if (told) this.#write(m, m.deferrals, { nextTry: until, warned })
    return { kind: 'wait', until, told }
  }
  #write(m: ActiveMessage, results: readonly RoundResult[], options: { nextTry?: number; warned?: true }): void {
    if (results.length === 0 && options.nextTry === undefined && !options.warned) return
    const records = results.map(({ recipient, outcome }): OutcomeRecord => ({
      n: recipient.n,
      state: 'deferred',
      esc: outcome.esc,
      text: outcome.text,
    }))
    this.#outcomes.write(m, records, options)
  }
  /** The wait grows with the age: clamp(age, minimal, maximal), with up to a tenth of jitter; or as the next hop's schedule says. */
  #waitOf(m: ActiveMessage, graph: Graph): number {
    const { minimalBackoffTime, maximalBackoffTime } = graph.settings
    const jitter = 1 + this.#engine.random() / 10
    const age = this.#engine.clock.now() - m.message.envelope.created
    const usual = Math.min(Math.max(age, minimalBackoffTime), maximalBackoffTime) * jitter
    let wait = Infinity
    for (const { retry } of m.deferrals)
      wait = Math.min(wait, retry?.[Math.min(m.round.number, retry.length) - 1] ?? usual)
    // who was deferred keeps his wait: those who only found no room wait with him
    if (m.postponed === undefined || wait !== Infinity) return wait
    return Math.min(wait, Math.min(Math.max(m.postponed, POSTPONED_AT_LEAST), maximalBackoffTime) * jitter)
  }

  /** Mail ends only by an attempt of its own that began after its lifetime had passed. */
  #expire(m: ActiveMessage, graph: Graph): void {
    if (m.round.held || m.round.told || graph.settings.softBounce || !isPastLifetime(m, graph)) return
    const { id, envelope } = m.message
    if (m.deferrals.some((d) => !d.untried)) graph.facts.expired?.({ messageId: id, sender: envelope.sender })
    for (const d of m.deferrals.splice(0))
      if (d.untried) m.deferrals.push(d)
      else m.failures.push({ ...d, outcome: { ...d.outcome, kind: 'failed' } as Outcome })
  }
  async #reportFailures(m: ActiveMessage, graph: Graph): Promise<void> {
    if (await this.#report(m, graph, 'failed', m.failures)) {
      const records = m.failures.map(({ recipient: { n }, outcome: { esc, text } }): OutcomeRecord => ({
        n,
        state: 'failed',
        esc,
        text,
      }))
      return this.#outcomes.write(m, records)
    }
    // not settled: the recipients stay, and the next round tries again
    for (const f of m.failures.splice(0))
      m.deferrals.push({
        recipient: f.recipient,
        outcome: deferred('4.3.0', `the report of a failure could not be made; it was: ${f.outcome.text}`),
      })
  }
  /** Nothing was delivered: what would become of each is told, and with that the message is done. */
  async #endVerify(m: ActiveMessage, graph: Graph): Promise<void> {
    const asked = inOrder(m.traced.splice(0))
    if (asked.length === 0) return
    if (!(await this.#report(m, graph, 'trace', asked))) {
      const untold = deferred('4.3.0', 'the report could not be made')
      for (const { recipient } of asked) m.deferrals.push({ recipient, outcome: untold })
      return
    }
    const records = asked.map(({ recipient: { n }, outcome: { esc, text } }): OutcomeRecord => ({
      n,
      state: 'delivered',
      esc,
      text,
    }))
    this.#outcomes.write(m, records)
  }
  /** The last part of a list is over: what failed in all of them. */
  async #reportKept(m: ActiveMessage, graph: Graph): Promise<void> {
    const { round } = m
    if (round.failures.length === 0) return
    const before = m.deferrals.length
    m.failures.splice(0, Infinity, ...round.failures.splice(0))
    await this.#reportFailures(m, graph)
    round.failed += m.failures.length
    if (m.deferrals.length === before) return
    round.open = true
    round.wait = Math.min(round.wait, this.#waitOf(m, graph))
  }
  /** True when the sender has now been told of the delay, or there is nobody to tell. */
  async #warn(m: ActiveMessage, graph: Graph): Promise<true | undefined> {
    const { delayWarningTime } = graph.settings
    const age = this.#engine.clock.now() - m.message.envelope.created
    if (delayWarningTime === 0 || m.round.warned || m.round.told || age < delayWarningTime) return undefined
    const late = m.deferrals.filter((d) => !d.untried)
    return late.length > 0 && (await this.#report(m, graph, 'delayed', late)) ? true : undefined
  }
  #report(m: ActiveMessage, graph: Graph, why: ReportView['why'], results: readonly RoundResult[]): Promise<boolean> {
    const told = results.filter((r) => !r.twin)
    return sendReport(this.#engine, graph, m.message, why, told, this.#submit)
  }
}

const inOrder = (results: readonly RoundResult[]): RoundResult[] =>
  results.toSorted((a, b) => a.recipient.n - b.recipient.n)
/** No part comes behind those in memory. */
const isLast = (round: Round): boolean =>
  round.next === undefined || round.told !== undefined || round.held !== undefined
/** Until the round ends; a part that would make them too many tells those before with its own. */
function keepFailures(m: ActiveMessage): void {
  const kept = m.round.failures
  if (kept.length + m.failures.length <= REPORTED_TOGETHER) kept.push(...m.failures.splice(0))
  else m.failures.unshift(...kept.splice(0))
}
