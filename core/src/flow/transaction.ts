/** One MAIL transaction: its envelope while it grows, and its views. */
import type { HeaderEdit } from '../contract/edits.ts'
import type { Defer, Refuse } from '../contract/verdicts.ts'
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
  readonly envelope = new EnvelopeState()
  readonly accepted: MailAddress[] = []
  readonly headerEdits: HeaderEdit[] = []
  deferIfPermit: Defer | undefined
  deferIfReject: Defer | undefined
  /** an early refusal that waits for RCPT */
  later: Refuse | Defer | undefined
  discardedBy: string | undefined

  constructor(session: SessionFacts, sender: MailAddress, parameters: MailParameters) {
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
    const tx = this
    return {
      session: this.session,
      sender: this.sender,
      parameters: this.parameters,
      slots: this.slots,
      marks: this.marks,
      recipient,
      recipientParameters: parameters,
      get accepted() {
        return tx.accepted
      },
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
