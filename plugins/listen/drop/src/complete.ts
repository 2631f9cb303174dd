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
  /** the header that was handed in has a Resent- field, be it one that is taken out */
  resent?: boolean
}
export interface Completion {
  readonly myhostname: string
  /** of a From that is added */
  readonly format: 'standard' | 'obsolete'
  /** the header is touched as little as that of clients from elsewhere */
  readonly untouched: boolean
  /** ms since 1970 */
  readonly now: number
}

/** Who handed it in stands in Received, and what is not for readers goes. */
export function received(
  view: DraftView<'headers'>,
  by: Submission,
  dropHeaders: readonly string[],
): Edits<HeaderEdit> {
  by.resent = view.header.fields.some((f) => RESENT.test(f.name))
  return edits([
    ...receivedBy(view.header, by.uid),
    ...dropHeaders.filter((name) => view.header.get(name) !== undefined).map((name) => header.remove(name)),
  ])
}
export function complete(view: DraftView<'headers'>, by: Submission, c: Completion): Edits<HeaderEdit> {
  return edits(c.untouched ? [] : missing(view, by, c))
}

/** RFC 5322 section 3.6.6, and what there was before it */
const RESENT = /^resent-(?:bcc|cc|date|from|message-id|reply-to|sender|to)$/i

/** In Postfix's order, at the end of the header; all of them Resent- where one field is (RFC 5322 section 3.6.6). */
function missing(view: DraftView<'headers'>, by: Submission, c: Completion): HeaderEdit[] {
  const resent = by.resent ? 'Resent-' : ''
  const stamp = new Date(c.now).toISOString().replace(/\D/g, '').slice(0, 14)
  const values = {
    'Message-Id': () => `<${stamp}.${view.id}@${c.myhostname}>`,
    Date: () => rfc5322Date(c.now),
    From: () => fromValue(view.sender, by.fullName, c.format),
  }
  return Object.entries(values)
    .filter(([name]) => view.header.get(resent + name) === undefined)
    .map(([name, value]) => header.insert(resent + name, value(), 'bottom'))
}
function fromValue(sender: string, fullName: string, format: Completion['format']): string {
  if (sender === '') return 'MAILER-DAEMON'
  // eslint-disable-next-line no-control-regex -- a name must not begin a field of its own
  const name = fullName.replace(/[\x00-\x08\x0a-\x1f\x7f]/g, ' ').trim()
  if (name === '') return sender
  if (format === 'obsolete') return `${sender} (${comment(name)})`
  const phrase = name.replaceAll('\t', ' ')
  const plain = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff} -]+$/u.test(phrase)
  return `${plain ? phrase : `"${phrase.replace(/["\\]/g, '\\$&')}"`} <${sender}>`
}
/** As it stands, as with Postfix; but parentheses that are no pairs would end the comment elsewhere. */
function comment(text: string): string {
  let open = 0
  for (const c of text) {
    if (c === '(') open++
    else if (c === ')' && --open < 0) break
  }
  return open === 0 ? text : text.replace(/[()\\]/g, '\\$&')
}
/** `by HOST (NAME, from userid N)`, as Postfix writes it */
function receivedBy(fields: HeaderView, uid: number): HeaderEdit[] {
  const value = fields.get('received')
  const found = /^(by \S+ \([^()]*)\)\s+(id .*)$/s.exec(value ?? '')
  return found ? [header.replace('Received', `${found[1]}, from userid ${uid})\r\n\t${found[2]}`)] : []
}
