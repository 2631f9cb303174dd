/** The notice as a message, in the shape of Postfix's. */
import { randomBytes } from 'node:crypto'
import { isUtf8, rfc5322Date } from '@postern/core'

export interface NoticeParts {
  readonly myhostname: string
  readonly mailName: string
  /** header address */
  readonly to: string
  /** `name[address]` */
  readonly client: string
  readonly lines: readonly string[]
  /** why the session ended early */
  readonly reason?: string
  readonly autoSubmitted: boolean
  readonly headerFromFormat: 'standard' | 'obsolete'
  /** notices that were not sent since the last one */
  readonly suppressed: number
  /** ms since 1970 */
  readonly now: number
}

export function noticeOf(n: NoticeParts): string {
  const body = [
    'Transcript of session follows.',
    '',
    ...n.lines.flatMap((line) => wrapped(printable(line)).map((l) => ` ${l}`)),
    '',
    ...(n.reason ? [`Session aborted, reason: ${n.reason}`] : []),
    '',
    ...(n.suppressed > 0 ? [`Not reported since the last notice: ${n.suppressed} more sessions with errors`, ''] : []),
    'For other details, see the local mail logfile',
    '',
  ].join('\r\n')
  const unique = `${new Date(n.now).toISOString().replace(/\D/g, '').slice(0, 14)}.${randomBytes(8).toString('hex')}`
  return [
    `Date: ${rfc5322Date(n.now)}`,
    `From: ${named(n, 'Mail Delivery System', `MAILER-DAEMON@${n.myhostname}`)}`,
    `To: ${named(n, 'Postmaster', printable(n.to))}`,
    `Subject: ${n.mailName} SMTP server: errors from ${printable(n.client)}`,
    // a vacation program must not answer (RFC 3834 section 5.1)
    ...(n.autoSubmitted ? ['Auto-Submitted: auto-generated'] : []),
    ...(isUtf8(body) ? MIME : []),
    `Message-Id: <${unique}@${n.myhostname}>`,
    '',
    body,
  ].join('\r\n')
}
const named = ({ headerFromFormat }: NoticeParts, name: string, address: string): string =>
  headerFromFormat === 'obsolete' ? `${address} (${name})` : `${name} <${address}>`
const MIME = ['MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 8bit']

// eslint-disable-next-line no-control-regex
const printable = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f]/g, '?')

const WIDTH = 78
const INDENT = 4
/** bytes; RFC 5322 section 2.1.1 allows a line 998, and a character has at most 4 */
const LONGEST = 960
const PIECES = /.{1,240}/gsu
/** Breaks at blanks; what has none stays whole, as far as a line can hold it. */
function wrapped(text: string): string[] {
  const out: string[] = []
  let rest = text
  for (let width = WIDTH; rest.length > width; width = WIDTH - INDENT) {
    const within = rest.lastIndexOf(' ', width)
    const at = within > 0 && rest.slice(0, within).trim() !== '' ? within : rest.indexOf(' ', width)
    if (at < 0) break
    out.push(rest.slice(0, at))
    rest = rest.slice(at).trimStart()
  }
  if (Buffer.byteLength(rest) > LONGEST) out.push(...(rest.match(PIECES) ?? []))
  else out.push(rest)
  return out.map((line, i) => (i === 0 ? line : ' '.repeat(INDENT) + line))
}
