/**
 * Mail that cleanup refuses goes back to its sender (RFC 3464), as Postfix returns what header_checks reject: nobody is
 * connected any more who could be told. It never was in the queue, so that the report is made here.
 */
import type { DraftRecipient, MessageDraft, Site } from '@postern/core'
import { reportOf } from './report.ts'
import type { Told } from './report.ts'
import type { Refusal } from './submit.ts'

export interface Returned {
  readonly message: MessageDraft
  readonly refusal: Refusal
  /** ms since 1970 */
  readonly now: number
}

/** Who wants to hear of a failure (RFC 3461 section 4.1); without NOTIFY everybody does. */
export const toldOf = ({ recipients }: MessageDraft): readonly DraftRecipient[] =>
  recipients
    .map((r): DraftRecipient => (typeof r === 'string' ? { address: r } : r))
    .filter(({ notify }) => !notify?.length || notify.includes('FAILURE'))

/** The report to the message's sender; of recipients that `toldOf` names. */
export function bounceOf(r: Returned, site: Site): MessageDraft {
  const { sender, envid, content } = r.message
  const { code, esc, text } = r.refusal
  const reason = `${code} ${esc} ${text.replace(/\s+/g, ' ')}`
  const recipients = toldOf(r.message).map(({ address, orcpt }): Told => ({
    ...{ address, original: orcpt, action: 'failed', esc },
    ...{ diagnostic: `smtp; ${reason}`, what: reason },
  }))
  const subject = 'Undelivered Mail Returned to Sender'
  const parts = { subject, sender, envid, text: REFUSED, recipients, content: content as Uint8Array, now: r.now }
  return reportOf(parts, site)
}
const REFUSED = [
  'I am sorry to have to inform you that your message was refused',
  'for the recipients below. Its header is attached.',
]
