/** A report on mail that never was in the queue (RFC 3464, RFC 6522), in the shape of Postfix's; the parts are the caller's. */
import { randomUUID } from 'node:crypto'
import { isUtf8, rfc5322Date } from '@postern/core'
import type { MessageDraft, Site } from '@postern/core'

export interface ReportParts {
  readonly subject: string
  /** whose message it was; the report goes there */
  readonly sender: string
  readonly envid?: string
  /** lines in front of the recipients */
  readonly text: readonly string[]
  readonly recipients: readonly Told[]
  /** of the message the report is about: its header is returned */
  readonly content: Uint8Array
  /** ms since 1970 */
  readonly now: number
}
/** One recipient, and what became of it. */
export interface Told {
  readonly address: string
  /** `addr-type;address` */
  readonly original?: string
  /** for people: an address that led to this one */
  readonly from?: string
  readonly action: 'failed' | 'deliverable' | 'undeliverable'
  readonly esc: string
  /** `smtp; 550 5.7.1 text` */
  readonly diagnostic: string
  readonly what: string
}

export function reportOf(r: ReportParts, site: Site): MessageDraft {
  const boundary = `=_${randomUUID()}`
  const smtputf8 = [r.sender, ...r.recipients.flatMap((t) => [t.address, t.original ?? ''])].some(isUtf8)
  const before = [
    `Date: ${rfc5322Date(r.now)}`,
    `From: Mail Delivery System <MAILER-DAEMON@${site.myorigin}>`,
    `Subject: ${r.subject}`,
    `To: ${r.sender}`,
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary="${boundary}"`,
    'Content-Transfer-Encoding: 8bit',
    `Message-Id: <${randomUUID()}@${site.myhostname}>`,
    '',
    'This is a MIME-encapsulated message.',
    '',
    `--${boundary}`,
    'Content-Description: Notification',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    `This is the mail system at host ${site.myhostname}.`,
    '',
    ...r.text,
    ...r.recipients.flatMap((t) => ['', `<${t.address}>${t.from ? ` (expanded from <${t.from}>)` : ''}: ${t.what}`]),
    '',
    `--${boundary}`,
    'Content-Description: Delivery report',
    // RFC 6533 section 4: the global types may hold UTF-8
    `Content-Type: message/${smtputf8 ? 'global-' : ''}delivery-status`,
    'Content-Transfer-Encoding: 8bit',
    '',
    `Reporting-MTA: dns; ${site.myhostname}`,
    ...(r.envid === undefined ? [] : [`Original-Envelope-Id: ${r.envid}`]),
    ...r.recipients.flatMap((t) => [
      '',
      `Final-Recipient: ${typed(t.address)}; ${t.address}`,
      ...(t.original === undefined ? [] : [`Original-Recipient: ${t.original}`]),
      `Action: ${t.action}`,
      `Status: ${t.esc}`,
      `Diagnostic-Code: ${t.diagnostic}`,
    ]),
    '',
    `--${boundary}`,
    'Content-Description: Message Headers',
    `Content-Type: ${smtputf8 ? 'message/global-headers' : 'text/rfc822-headers'}`,
    'Content-Transfer-Encoding: 8bit',
    '',
    `Return-Path: <${r.sender}>`,
  ]
  const content = [lines(before), headerOf(r.content), lines(['', `--${boundary}--`])]
  return { sender: '', recipients: [r.sender], content, smtputf8, body: '8BITMIME' }
}
const lines = (list: readonly string[]) => Buffer.from(list.map((line) => `${line}\r\n`).join(''))
/** RFC 6533 section 3 */
export const typed = (address: string) => (isUtf8(address) ? 'utf-8' : 'rfc822')

/** bytes of header that are returned */
const HEADER_LIMIT = 50_000
const FIELDS = /^(?:(?:[!-9;-~]+[ \t]*:|[ \t])[^\n]*\n)*/

/** Whole lines, byte for byte. */
function headerOf(content: Uint8Array): Uint8Array {
  const front = Buffer.from(content.buffer, content.byteOffset, Math.min(content.length, HEADER_LIMIT))
  const whole = content.length <= HEADER_LIMIT ? `${front.toString('latin1')}\n` : front.toString('latin1')
  return Buffer.from(FIELDS.exec(whole)![0].replace(/\r*\n/g, '\r\n'), 'latin1')
}
