/**
 * Tables that change the status of a delivery (Postfix's `default_delivery_status_filter`): asked for `4.2.0 text`, they answer `5.2.0 other
 * text`. A failure may become a deferral and the other way round; a success stays one.
 */
import { deferred } from '@postern/core'
import type { Call, Job, JobRecipient, MaybePromise, Outcome, Outcomes, Table } from '@postern/core'

type Deliver = (job: Job, call: Call) => Promise<Outcomes>

/** What wraps a transport's `deliver`; without tables it stays what it is. */
export const statusFilter =
  (tables: readonly Table[]) =>
  (deliver: Deliver): Deliver =>
    tables.length === 0
      ? deliver
      : async (job, call) => {
          const filtered = new FilteredJob(job, (outcome) => changed(tables, outcome, call))
          await deliver(filtered, call)
          return filtered.end()
        }

/** A job whose outcomes are changed before they are recorded. */
class FilteredJob implements Job {
  readonly #job: Job
  readonly #change: (outcome: Outcome) => MaybePromise<Outcome>
  readonly #waiting: Promise<void>[] = []
  #rest: MaybePromise<Outcome> | undefined

  constructor(job: Job, change: (outcome: Outcome) => MaybePromise<Outcome>) {
    this.#job = job
    this.#change = change
  }
  get messageId() {
    return this.#job.messageId
  }
  get envelope() {
    return this.#job.envelope
  }
  get header() {
    return this.#job.header
  }
  get body() {
    return this.#job.body
  }
  get transport() {
    return this.#job.transport
  }
  get nexthop() {
    return this.#job.nexthop
  }
  get recipients() {
    return this.#job.recipients
  }
  get marks() {
    return this.#job.marks
  }
  ready(uses: number): void {
    this.#job.ready?.(uses)
  }
  settle(recipient: JobRecipient, outcome: Outcome): void {
    const told = this.#change(outcome)
    if (!(told instanceof Promise)) return this.#job.settle(recipient, told)
    this.#waiting.push(told.then((then) => this.#job.settle(recipient, then)))
  }
  each(fn: (recipient: JobRecipient) => Outcome | Promise<Outcome>): Promise<Outcomes> {
    return this.#job.each(async (recipient) => this.#change(await fn(recipient)))
  }
  /** Recorded at the end: until then a table may be asked. */
  all(outcome: Outcome): Outcomes {
    this.#rest ??= this.#change(outcome)
    return {} as Outcomes
  }
  async end(): Promise<Outcomes> {
    await Promise.all(this.#waiting)
    return this.#job.all((await this.#rest) ?? deferred('4.3.0', 'delivery ended without an outcome'))
  }
}

function changed(tables: readonly Table[], outcome: Outcome, call: Call): MaybePromise<Outcome> {
  const key = `${outcome.esc} ${outcome.text}`
  const ask = (from: number): MaybePromise<Outcome> => {
    for (let i = from; i < tables.length; i++) {
      const answer = tables[i]!.get(key, call)
      if (answer instanceof Promise)
        return answer.then((a) => (a.kind === 'absent' ? ask(i + 1) : said(a, outcome, call)))
      if (answer.kind !== 'absent') return said(answer, outcome, call)
    }
    return outcome
  }
  return ask(0)
}

/** A filter that is away changes nothing for mail that has gone: it must not go twice. What has not gone waits. */
function said(
  answer: { kind: 'found'; value: string } | { kind: 'failed'; cause: string },
  outcome: Outcome,
  call: Call,
): Outcome {
  if (answer.kind === 'failed') {
    call.log.warn('status.filter.failed', { status: outcome.esc, cause: answer.cause })
    return outcome.kind === 'failed' ? { ...outcome, kind: 'deferred', esc: '4.3.0' } : outcome
  }
  const parts = /^\s*(([245])\.\d{1,3}\.\d{1,3})(?:\s+(.*?))?\s*$/s.exec(answer.value)
  if (!parts || (parts[2] === '2') !== (outcome.kind === 'delivered')) {
    call.log.warn('status.filter.wrong', { status: outcome.esc, result: answer.value })
    return outcome
  }
  const { softened: _, ...kept } = outcome
  const kind = { 2: 'delivered', 4: 'deferred', 5: 'failed' }[parts[2] as '2' | '4' | '5']
  return { ...kept, kind, esc: parts[1], text: parts[3] ?? '' } as Outcome
}
