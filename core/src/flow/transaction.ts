/** One MAIL transaction: its envelope while it grows, and its views. */
import type { MarkToken } from '../contract/tokens.ts'
import type { HeaderEdit } from '../contract/edits.ts'
import type { DataView, MailParameters, MailView, RcptParameters, RcptView, SessionView } from '../contract/views.ts'
import type { MailAddress } from '../address.ts'
import { EnvelopeState } from './draft.ts'
import { SlotStore } from './slots.ts'
import type { SessionFacts } from './session-facts.ts'

export class Transaction implements MailView, DataView {
  readonly session: SessionView
  readonly sender: MailAddress
  readonly parameters: MailParameters
  readonly slots: SlotStore
  readonly envelope: EnvelopeState
  readonly accepted: MailAddress[] = []
  readonly headerEdits: HeaderEdit[] = []
  discardedBy: string | undefined

  constructor(
    session: SessionFacts,
    sender: MailAddress,
    parameters: MailParameters,
    tokens: ReadonlyMap<string, MarkToken<never>>,
  ) {
    this.envelope = new EnvelopeState(tokens)
    this.session = session
    this.sender = sender
    this.parameters = parameters
    this.slots = new SlotStore('transaction', session.slots)
    this.envelope.sender = sender.text
  }
  get marks() {
    return this.envelope.marks
  }
  rcptView(recipient: MailAddress, parameters: RcptParameters): RcptView {
    return {
      session: this.session,
      sender: this.sender,
      parameters: this.parameters,
      slots: this.slots,
      marks: this.marks,
      recipient,
      recipientParameters: parameters,
      accepted: this.accepted,
    }
  }
  accept(recipient: MailAddress, p: RcptParameters): void {
    this.accepted.push(recipient)
    this.envelope.recipients.push({
      address: recipient.text,
      original: recipient.text,
      orcpt: p.orcpt,
      notify: p.notify,
    })
  }
}
