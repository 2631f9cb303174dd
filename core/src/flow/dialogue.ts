/** Where a dialogue stands, and what taps change of it: the client, what is kept for RCPT, the transaction. */
import type { AnyEdit, EnvelopeEdit } from '../contract/edits.ts'
import type { OpenSession } from '../contract/listener.ts'
import type { EditTarget } from '../hooks/call.ts'
import { checkHeaderEdit } from './header.ts'
import { Kept } from './kept.ts'
import type { KeptStage } from './kept.ts'
import { applyClient } from './session-facts.ts'
import type { SessionState } from './session-facts.ts'
import { SlotStore } from './slots.ts'
import type { Transaction } from './transaction.ts'

export class Dialogue implements EditTarget {
  readonly state: SessionState
  readonly kept = new Kept()
  /** whose edits come in now; commands and DATA count as the connection's */
  stage: KeptStage = 'connect'
  tx: Transaction | undefined
  /** edits of the recipient whose RCPT is being judged: it is not in the envelope yet */
  rcptEdits: EnvelopeEdit[] = []

  constructor({ client, tls }: OpenSession) {
    this.state = { client, helo: undefined, tls, auth: undefined, slots: new SlotStore('session') }
  }
  endTransaction(): void {
    this.kept.forget('mail')
    this.kept.forget('rcpt')
    this.tx?.slots.clear()
    this.tx = undefined
  }

  apply(edit: AnyEdit, by: string): void {
    const { tx, stage } = this
    switch (edit.kind) {
      case 'client.set':
        return applyClient(this.state, edit)
      case 'deferIfPermit':
      case 'deferIfReject':
        return this.kept.put(stage, edit.kind, { verdict: edit.defer, by })
      case 'refuseLater':
        return this.kept.put(stage, 'later', { verdict: edit.refuse, by })
      case 'body.replace':
        throw new TypeError('there is no body yet')
      default:
        if (!tx) throw new TypeError(`${edit.kind} needs a transaction`)
        if (edit.kind === 'header.insert' || edit.kind === 'header.replace' || edit.kind === 'header.remove') {
          checkHeaderEdit(edit)
          tx.headerEdits.push(edit)
        } else if (stage === 'rcpt' && (edit.kind === 'recipient.replace' || edit.kind === 'recipient.remove'))
          this.rcptEdits.push(edit)
        else tx.envelope.apply(edit, by)
    }
  }
  snapshot(): () => void {
    const { tx } = this
    const state = { ...this.state }
    const kept = this.kept.snapshot()
    const rcptEdits = [...this.rcptEdits]
    const headerEdits = tx?.headerEdits.length ?? 0
    const envelope = tx?.envelope.snapshot()
    return () => {
      Object.assign(this.state, state)
      kept()
      this.rcptEdits = rcptEdits
      if (tx) tx.headerEdits.length = headerEdits
      envelope?.()
    }
  }
}
