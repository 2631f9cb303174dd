/** A job as a transport sees it. Every recipient ends with an outcome, whatever the transport does. */
import type { Job, JobRecipient, Outcome, Outcomes } from '../contract/deliver.ts'
import type { BodySource, Envelope, QueuedMessage } from '../contract/store.ts'
import type { Marks } from '../contract/views.ts'
import { deferred } from '../contract/deliver.ts'
import { MarkStore } from './slots.ts'

const PROOF = {} as Outcomes

export class DeliveryJob implements Job {
  readonly messageId: string
  readonly envelope: Envelope
  readonly header: Uint8Array
  readonly body: BodySource
  readonly transport: string
  readonly nexthop: string
  readonly recipients: readonly JobRecipient[]
  /** numbers of those without an outcome */
  readonly #open = new Set<number>()
  readonly #record: (recipient: JobRecipient, outcome: Outcome) => void
  readonly #now: () => number
  #marks: Marks | undefined
  /** when the connection was there, on the queue's clock, and how many messages it has carried */
  readyAt: number | undefined
  uses: number | undefined

  constructor(
    m: QueuedMessage,
    transport: string,
    nexthop: string,
    recipients: readonly JobRecipient[],
    record: (r: JobRecipient, o: Outcome) => void,
    now: () => number,
  ) {
    this.messageId = m.id
    this.envelope = m.envelope
    this.header = m.header
    this.body = m.body
    this.transport = transport
    this.nexthop = nexthop
    this.recipients = recipients
    for (const { n } of recipients) this.#open.add(n)
    this.#record = record
    this.#now = now
  }
  get marks(): Marks {
    return (this.#marks ??= new MarkStore({ ...this.envelope.marks }))
  }
  ready(uses: number): void {
    this.readyAt = this.#now()
    this.uses = uses
  }
  settle(recipient: JobRecipient, outcome: Outcome): void {
    const wrong = checkOutcome(outcome)
    if (wrong) throw new TypeError(wrong)
    if (!this.#open.delete(recipient.n))
      throw new TypeError(`${recipient.address} has an outcome already, or is not of this job`)
    this.#record(recipient, outcome)
  }
  async each(fn: (recipient: JobRecipient) => Outcome | Promise<Outcome>): Promise<Outcomes> {
    for (const r of this.unsettled) {
      let outcome: Outcome
      try {
        outcome = await fn(r)
        const wrong = checkOutcome(outcome)
        if (wrong) throw new TypeError(wrong)
      } catch (error) {
        outcome = faultOutcome(error)
      }
      this.settle(r, outcome)
    }
    return PROOF
  }
  all(outcome: Outcome): Outcomes {
    for (const r of this.unsettled) this.settle(r, outcome)
    return PROOF
  }
  /** what the transport left open */
  get unsettled(): readonly JobRecipient[] {
    return this.#open.size === 0 ? [] : this.recipients.filter(({ n }) => this.#open.has(n))
  }
}
export const faultOutcome = (error: unknown): Outcome =>
  deferred('4.3.0', 'temporary fault of the delivery', { cause: error })

const KINDS = { delivered: '2', deferred: '4', failed: '5' } as const
function checkOutcome(o: Outcome): string | undefined {
  const digit = KINDS[o?.kind]
  if (!digit) return `not an outcome: ${JSON.stringify(o)}`
  if (typeof o.esc !== 'string' || !/^[245]\.\d{1,3}\.\d{1,3}$/.test(o.esc) || !digit.includes(o.esc[0]!))
    return `${o.kind} with the status ${JSON.stringify(o.esc)}`
  return typeof o.text === 'string' ? undefined : `${o.kind} without a text`
}
