/** What cleanup(8) does to the header of mail that users submit here: completes it, and takes out what is not for readers. */
import { edits, header, rfc5322Date } from '@postern/core'
import type { DraftView, Edits, HeaderEdit, HeaderView } from '@postern/core'

/** What is known of the submission whose draft is in cleanup. */
export interface Submission {
  readonly uid: number
  /** for a missing From */
  readonly fullName: string
  /** -G: nothing is added */
  readonly gateway: boolean
  /** for the log */
  readonly from?: string
  readonly file?: string
}
export interface Completion {
  readonly myhostname: string
  readonly dropHeaders: readonly string[]
  /** ms since 1970 */
  readonly now: number
}

export function complete(view: DraftView<'headers'>, by: Submission, c: Completion): Edits<HeaderEdit> {
  const fields = view.header
  const added = by.gateway ? [] : missing(view, by, c)
  return edits([
    ...receivedBy(fields, by.uid),
    ...c.dropHeaders.filter((name) => fields.get(name) !== undefined).map((name) => header.remove(name)),
    ...added,
  ])
}

/** RFC 5322 section 3.6.6, and what there was before it */
const RESENT = /^resent-(?:bcc|cc|date|from|message-id|reply-to|sender|to)$/i

/** In Postfix's order, at the end of the header; all of them Resent- where one field is (RFC 5322 section 3.6.6). */
function missing(view: DraftView<'headers'>, by: Submission, c: Completion): HeaderEdit[] {
  const resent = view.header.fields.some((f) => RESENT.test(f.name)) ? 'Resent-' : ''
  const stamp = new Date(c.now).toISOString().replace(/\D/g, '').slice(0, 14)
  const values = {
    'Message-Id': () => `<${stamp}.${view.id}@${c.myhostname}>`,
    Date: () => rfc5322Date(c.now),
    From: () => fromValue(view.sender, by.fullName),
  }
  return Object.entries(values)
    .filter(([name]) => view.header.get(resent + name) === undefined)
    .map(([name, value]) => header.insert(resent + name, value(), 'bottom'))
}
function fromValue(sender: string, fullName: string): string {
  if (sender === '') return 'MAILER-DAEMON'
  // eslint-disable-next-line no-control-regex -- a name must not begin a field of its own
  const name = fullName.replace(/[\x00-\x1f\x7f]/g, ' ').trim()
  if (name === '') return sender
  const plain = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff} -]+$/u.test(name)
  return `${plain ? name : `"${name.replace(/["\\]/g, '\\$&')}"`} <${sender}>`
}
/** `by HOST (NAME, from userid N)`, as Postfix writes it */
function receivedBy(fields: HeaderView, uid: number): HeaderEdit[] {
  const value = fields.get('received')
  const found = /^(by \S+ \([^()]*)\)\s+(id .*)$/s.exec(value ?? '')
  return found ? [header.replace('Received', `${found[1]}, from userid ${uid})\r\n\t${found[2]}`)] : []
}
