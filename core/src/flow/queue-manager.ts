/** The queue's life after commit: feed, resolve, attempt, deliver, report, settle. */
import { deferred, failedWith } from '../contract/deliver.ts'
import type { JobRecipient, Outcome } from '../contract/deliver.ts'
import type { AdminAction, NewMessage, OutcomeRecord, QueuedMessage } from '../contract/store.ts'
import type { PermanentCode, TemporaryCode } from '../contract/verdicts.ts'
import { traceOf } from '../errors.ts'
import type { Graph } from '../graph/graph.ts'
import { ActiveMessage } from './active.ts'
import type { ActiveRecipient } from './active.ts'
import { Deliveries, isPastLifetime } from './deliveries.ts'
import type { Engine } from './engine.ts'
import { sendReport } from './report.ts'
import type { Submit } from './report.ts'
import { resolveStep } from './resolve.ts'
import { Schedule } from './schedule.ts'
import type { Step } from './resolve.ts'

/** recipients resolved before others get a turn of the loop */
const RESOLVE_AT_ONCE = 500
/** messages read ahead of their delivery */
const LOADING_AT_ONCE = 200
/** ms without loading after a fault of the store */
const FAULT_PAUSE = 5000
const failureOf = (s: Extract<Step, { kind: 'failed' }>): Outcome =>
  s.permanent
    ? failedWith(s.esc as PermanentCode, s.text, { cause: s.cause })
    : deferred(s.esc as TemporaryCode, s.text, { cause: s.cause })

export class QueueManager {
  readonly #engine: Engine
  readonly #submit: Submit
  readonly #deliveries: Deliveries
  readonly #schedule: Schedule
  readonly #active = new Map<string, ActiveMessage | undefined>()
  readonly #held = new Set<string>()
  /** active messages that are to be tried again as soon as they have ended */
  readonly #again = new Set<string>()
  #loading = 0
  #open = false
  #idlers: (() => void)[] = []

  constructor(engine: Engine, submit: Submit) {
    this.#engine = engine
    this.#submit = submit
    this.#schedule = new Schedule(engine.clock, () => this.#feed())
    this.#deliveries = new Deliveries(engine, (m) => this.#roundOver(m))
  }

  /** From recovery. */
  found(row: { id: string; nextTry: number; held?: unknown }): void {
    if (row.held) this.#held.add(row.id)
    else this.#schedule.wait(row.id, row.nextTry)
  }
  /** Fresh from commit: still in memory, delivered without being read again. */
  committed(m: NewMessage): void {
    if (m.held) {
      this.#held.add(m.id)
      this.#tellWaiting(m.id, undefined, m.held.reason)
      return
    }
    if (!this.#open || this.#active.size >= this.#limit()) return this.#schedule.wait(m.id, this.#engine.clock.now())
    this.#start({
      ...m,
      recipients: m.recipients.map((r, n) => ({ ...r, n, state: 'pending' as const })),
      attempts: 0,
      nextTry: 0,
      held: undefined,
    })
  }
  /** Deliveries may begin. */
  open(): void {
    this.#open = true
    this.#schedule.open()
    this.#feed()
  }
  /** No new deliveries; resolves when those in hand are done. */
  async close(): Promise<void> {
    this.#open = false
    this.#schedule.close()
    while (this.#active.size > 0) await new Promise<void>((r) => this.#idlers.push(r))
  }
  /** Resolves when nothing is in delivery and nothing is due. */
  async idle(): Promise<void> {
    while (this.#active.size > 0 || (this.#open && this.#schedule.isDue))
      await new Promise<void>((r) => this.#idlers.push(r))
  }
  get counts() {
    return { active: this.#active.size, waiting: this.#schedule.size, held: this.#held.size }
  }
  /** Everything that waits is due at once; dead sites are tried again. */
  flush(id?: string): void {
    this.#deliveries.reviveAll()
    // now, not zero: flushed mail does not go before all that has just come
    const now = this.#engine.clock.now()
    for (const waiting of id === undefined ? this.#schedule.ids() : [id]) {
      if (this.#schedule.has(waiting)) this.#schedule.wait(waiting, now)
    }
    this.#feed()
  }
  /** An operator's word, after the store has recorded it. */
  administered(id: string, action: AdminAction): void {
    const active = this.#active.get(id)
    if (active && (action === 'hold' || action === 'delete')) active.told = action
    if (active && action === 'release') active.told = undefined
    if (active && action === 'expire') active.expired = true
    if (action === 'hold' || action === 'delete') {
      this.#schedule.forget(id)
      if (action === 'hold') this.#held.add(id)
      else this.#held.delete(id)
      return this.#wakeIfIdle()
    }
    if (action !== 'requeue') this.#held.delete(id)
    if (this.#held.has(id)) return
    if (this.#active.has(id)) this.#again.add(id)
    else this.#schedule.wait(id, this.#engine.clock.now())
    this.#feed()
  }

  #limit(): number {
    const pin = this.#engine.pin()
    pin.release()
    return pin.graph.settings.qmgrMessageActiveLimit
  }
  #feed(): void {
    if (!this.#open) return
    const limit = this.#limit()
    while (this.#active.size < limit && this.#loading < LOADING_AT_ONCE) {
      const id = this.#schedule.next()
      if (id === undefined) break
      // flushed while it is still being settled: its turn comes when that is done
      if (this.#active.has(id)) this.#again.add(id)
      else this.#fetch(id)
    }
    this.#schedule.arm()
  }
  #fetch(id: string): void {
    this.#active.set(id, undefined)
    this.#loading++
    this.#load(id)
      .catch((error: unknown) => this.#lost(id, error))
      .finally(() => {
        this.#loading--
        this.#feed()
      })
  }
  async #load(id: string): Promise<void> {
    const m = await this.#engine.store.load(id)
    if (!m || !m.recipients.some((r) => r.state === 'pending')) return this.#ended(id)
    if (m.held) this.#held.add(id)
    // by the store, or by an operator while it was being read
    if (this.#held.has(id)) return this.#ended(id)
    this.#start(m)
  }
  #start(m: QueuedMessage): void {
    try {
      this.#begin(m)
    } catch (error) {
      this.#lost(m.id, error)
    }
  }
  /** The store cannot give it now: it stays in the queue, and nobody else is asked for a moment. */
  #lost(id: string, error: unknown): void {
    const pin = this.#engine.pin()
    pin.graph.log.error('queue.fault', { id, cause: traceOf(error) })
    const { minimalBackoffTime } = pin.graph.settings
    pin.release()
    const now = this.#engine.clock.now()
    this.#schedule.pause(FAULT_PAUSE)
    this.#schedule.wait(id, now + minimalBackoffTime)
    this.#ended(id)
  }
  #ended(id: string): void {
    this.#active.delete(id)
    if (this.#again.delete(id)) this.#schedule.wait(id, this.#engine.clock.now())
    if (this.#open) this.#feed()
    this.#wakeIfIdle()
  }
  #wakeIfIdle(): void {
    if (this.#active.size > 0) return
    const idlers = this.#idlers
    this.#idlers = []
    for (const wake of idlers) wake()
  }

  #begin(message: QueuedMessage): void {
    const m = new ActiveMessage(message, this.#engine.clock.now())
    this.#active.set(message.id, m)
    m.pending = 1
    const pin = this.#engine.pin()
    // first legs may run already when resolving fails: the round ends with them, and who has no outcome is deferred
    const done = (error?: unknown) => {
      if (error !== undefined) pin.graph.log.error('queue.fault', { id: message.id, cause: traceOf(error) })
      pin.release()
      this.#deliveries.release(m)
    }
    let resolved: Promise<void> | undefined
    try {
      resolved = this.#resolveAll(m, pin.graph)
    } catch (error) {
      return done(error)
    }
    if (resolved) resolved.then(() => done(), done)
    else done()
  }
  /** Synchronous as long as no tap waits; a list lets others in between. */
  #resolveAll(m: ActiveMessage, graph: Graph): Promise<void> | undefined {
    for (let n = 0; m.open.length > 0; n++) {
      const r = m.open.pop()!
      const step = resolveStep(this.#engine, graph, {
        messageId: m.message.id,
        envelope: m.message.envelope,
        address: r.address,
        original: r.original,
        ancestors: r.ancestors,
        final: r.final ?? false,
      })
      const more =
        step instanceof Promise ? step.then((s) => this.#step(m, graph, r, s)) : this.#step(m, graph, r, step)
      if (more) return more.then(() => this.#resolveAll(m, graph))
      if (n >= RESOLVE_AT_ONCE)
        return new Promise<void>((wake) => setImmediate(wake)).then(() => this.#resolveAll(m, graph))
    }
    return undefined
  }
  #step(m: ActiveMessage, graph: Graph, r: ActiveRecipient, step: Step): Promise<void> | undefined {
    const to: JobRecipient = {
      n: r.n,
      address: r.address,
      original: r.original,
      orcpt: r.orcpt,
      notify: r.notify,
      user: step.kind === 'route' ? step.user : undefined,
    }
    if (step.kind === 'expand') {
      if (m.mayExpand(r, step.to.length, graph.settings.virtualAliasExpansionLimit)) return this.#expand(m, r, step)
      const cause = `${r.original} becomes more than ${graph.settings.virtualAliasExpansionLimit} addresses`
      this.#deliveries.settled(m, r, to, deferred('4.6.0', 'Alias expansion error', { cause }), '', '', graph)
    } else if (step.kind === 'failed') this.#deliveries.settled(m, r, to, failureOf(step), '', '', graph)
    else {
      const claimed = m.claim(r)
      if (claimed === 'mine') this.#deliveries.add(m, r, to, step.transport, step.nexthop, graph)
      else if (claimed === 'delivered') this.#deliveries.duplicate(m, r)
    }
    return undefined
  }
  async #expand(m: ActiveMessage, r: ActiveRecipient, step: Extract<Step, { kind: 'expand' }>): Promise<void> {
    const seeds = step.to.map((t) => ({
      address: t.address,
      original: r.original,
      orcpt: r.orcpt,
      notify: r.notify,
      final: t.final,
      bcc: r.bcc,
    }))
    const numbers = await this.#engine.store.expand(m.message.id, r.n, seeds)
    m.unsettled.delete(r.n)
    const ancestors = [r.address, ...r.ancestors]
    for (let i = seeds.length - 1; i >= 0; i--) {
      const child = { ...seeds[i]!, n: numbers[i]!, parent: r.n, ancestors, root: r.root }
      m.unsettled.set(child.n, child)
      m.open.push(child)
    }
  }

  #roundOver(m: ActiveMessage): void {
    this.#settle(m).catch((error: unknown) => this.#lost(m.message.id, error))
  }
  async #settle(m: ActiveMessage): Promise<void> {
    const id = m.message.id
    const pin = this.#engine.pin()
    try {
      for (const r of m.unsettled.values())
        m.deferrals.push({ recipient: r, outcome: deferred('4.3.0', 'temporary fault of the queue'), untried: true })
      m.unsettled.clear()
      if (m.told !== 'delete') {
        this.#expire(m, pin.graph)
        if (m.failures.length > 0) await this.#reportFailures(m, pin.graph)
      }
      const again = m.deferrals.length > 0 && m.told !== 'delete'
      // what the store has not taken would be delivered again after a restart, and may be by the next round
      const written = again || (await this.#written(m))
      if (m.told === 'delete') this.#again.delete(id)
      else if (!written)
        pin.graph.log.error('queue.unwritten', { id, text: 'its outcomes will be made again after the restart' })
      else if (m.deferrals.length === 0) this.#done(m, pin.graph)
      else if (m.held) await this.#holdIt(m)
      else this.#defer(m, pin.graph)
      if (again) await this.#written(m)
    } finally {
      pin.release()
    }
    this.#ended(id)
  }
  /** Waits for outcomes that the store took late; false when a stop came first. */
  async #written(m: ActiveMessage): Promise<boolean> {
    if (m.writes.length === 0) return true
    return (await Promise.all(m.writes)).every((w) => w !== false)
  }
  #done(m: ActiveMessage, graph: Graph): void {
    this.#held.delete(m.message.id)
    this.#again.delete(m.message.id)
    graph.facts.settled?.({
      messageId: m.message.id,
      delivered: m.delivered,
      failed: m.failures.length,
      delay: this.#engine.clock.now() - m.message.envelope.created,
    })
  }
  /** Mail ends only by an attempt of its own that began after its lifetime had passed. */
  #expire(m: ActiveMessage, graph: Graph): void {
    if (m.held || m.told || !isPastLifetime(m, graph)) return
    const ends = m.deferrals.filter((d) => !d.untried)
    m.deferrals.splice(0, m.deferrals.length, ...m.deferrals.filter((d) => d.untried))
    for (const d of ends) m.failures.push({ ...d, outcome: { ...d.outcome, kind: 'failed' } as Outcome })
  }
  async #reportFailures(m: ActiveMessage, graph: Graph): Promise<void> {
    const told = await sendReport(
      this.#engine,
      graph,
      m.message,
      'failed',
      m.failures.filter((f) => !f.twin),
      this.#submit,
    )
    if (told) {
      this.#deliveries.write(
        m,
        m.failures.map((f) => ({ n: f.recipient.n, state: 'failed', esc: f.outcome.esc, text: f.outcome.text })),
      )
      return
    }
    // not settled: the recipients stay, and the next round tries again
    for (const f of m.failures.splice(0))
      m.deferrals.push({
        recipient: f.recipient,
        outcome: deferred('4.3.0', `the report of a failure could not be made; it was: ${f.outcome.text}`),
      })
  }
  async #holdIt(m: ActiveMessage): Promise<void> {
    await this.#engine.store.admin(m.message.id, { action: 'hold', who: m.held!.by, why: m.held!.reason })
    this.#held.add(m.message.id)
    this.#tellWaiting(m.message.id, undefined, m.held!.reason)
  }
  /** The wait grows with the age: clamp(age, minimal, maximal), with up to a tenth of jitter. */
  #defer(m: ActiveMessage, graph: Graph): void {
    const now = this.#engine.clock.now()
    const { minimalBackoffTime, maximalBackoffTime } = graph.settings
    const wait = Math.min(Math.max(now - m.message.envelope.created, minimalBackoffTime), maximalBackoffTime)
    const nextTry = Math.round(now + wait * (1 + Math.random() / 10))
    const records: OutcomeRecord[] = m.deferrals.map((d) => ({
      n: d.recipient.n,
      state: 'deferred',
      esc: d.outcome.esc,
      text: d.outcome.text,
    }))
    this.#deliveries.write(m, records, nextTry)
    // held by an operator while it was in delivery: the store knows, and it waits for him
    if (this.#held.has(m.message.id)) return this.#tellWaiting(m.message.id, undefined, 'held during delivery')
    this.#schedule.wait(m.message.id, nextTry)
    this.#tellWaiting(m.message.id, nextTry)
  }
  #tellWaiting(id: string, nextTry: number | undefined, held?: string): void {
    const pin = this.#engine.pin()
    pin.graph.facts.waiting?.({ messageId: id, nextTry, held })
    pin.release()
  }
}
