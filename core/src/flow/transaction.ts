/** One MAIL transaction: its envelope while it grows, and its views. */
import type { HeaderEdit } from '../contract/edits.ts'
import type { DataView, MailParameters, MailView, RcptParameters, RcptView, SessionView } from '../contract/views.ts'
import { originalOf } from '../address.ts'
import type { MailAddress } from '../address.ts'
import { EnvelopeState } from './draft.ts'
import type { EnvelopeGraph } from './draft.ts'
import { SlotStore } from './slots.ts'
import type { SessionFacts } from './session-facts.ts'

export class Transaction implements MailView, DataView {
  readonly session: SessionView
  readonly sender: MailAddress
  readonly senderGiven: MailAddress
  readonly parameters: MailParameters
  readonly slots: SlotStore
  readonly envelope: EnvelopeState
  readonly accepted: MailAddress[] = []
  /** the same, as the client gave them */
  readonly given: MailAddress[] = []
  readonly headerEdits: HeaderEdit[] = []
  discardedBy: string | undefined
  /** from the first recipient on */
  id: string | undefined

  constructor(session: SessionFacts, sender: MailAddress, parameters: MailParameters, graph: EnvelopeGraph) {
    this.envelope = new EnvelopeState(graph)
    this.session = session
    this.sender = graph.rewriter.standard(sender)
    this.senderGiven = sender
    this.parameters = parameters
    this.slots = new SlotStore('transaction', session.slots)
    this.envelope.sender = this.sender.text
  }
  /** the recipient, as the client gave it, when there is one */
  get only(): string | undefined {
    return this.given.length === 1 ? originalOf(this.given[0]!) : undefined
  }
  get last(): string | undefined {
    return this.envelope.recipients.at(-1)?.address
  }
  get marks() {
    return this.envelope.marks
  }
  rcptView(recipient: MailAddress, given: MailAddress, parameters: RcptParameters): RcptView {
    return {
      session: this.session,
      sender: this.sender,
      senderGiven: this.senderGiven,
      parameters: this.parameters,
      slots: this.slots,
      marks: this.marks,
      recipient,
      recipientGiven: given,
      recipientParameters: parameters,
      accepted: this.accepted,
    }
  }
  accept(recipient: MailAddress, given: MailAddress, p: RcptParameters): void {
    this.accepted.push(recipient)
    this.given.push(given)
    this.envelope.add(recipient.text, given, p)
  }
}
