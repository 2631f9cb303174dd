/**
 * Mail that cleanup refuses goes back to its sender (RFC 3464), as Postfix returns what header_checks reject: nobody is
 * connected any more who could be told. It never was in the queue, so that the report is made here.
 */
import { randomUUID } from 'node:crypto'
import { rfc5322Date } from '@postern/core'
import type { MessageDraft, Site } from '@postern/core'
import type { Refusal } from './submit.ts'

export interface Returned {
  readonly message: MessageDraft
  readonly refusal: Refusal
  /** ms since 1970 */
  readonly now: number
}

/** The report to the message's sender. */
export function bounceOf(r: Returned, site: Site): MessageDraft {
  const boundary = `=_${randomUUID()}`
  const { sender, envid } = r.message
  const addresses = r.message.recipients.map((one) => (typeof one === 'string' ? one : one.address))
  const reason = `${r.refusal.code} ${r.refusal.esc} ${r.refusal.text.replace(/\s+/g, ' ')}`
  const lines = [
    `Date: ${rfc5322Date(r.now)}`,
    `From: Mail Delivery System <MAILER-DAEMON@${site.myorigin}>`,
    'Subject: Undelivered Mail Returned to Sender',
    `To: ${sender}`,
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary="${boundary}"`,
    `Message-Id: <${randomUUID()}@${site.myhostname}>`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    `This is the mail system at host ${site.myhostname}.`,
    '',
    'I am sorry to have to inform you that your message was refused',
    'for the recipients below. Its header is attached.',
    '',
    ...addresses.map((a) => `<${a}>: ${reason}`),
    '',
    `--${boundary}`,
    'Content-Type: message/delivery-status',
    'Content-Transfer-Encoding: 8bit',
    '',
    `Reporting-MTA: dns; ${site.myhostname}`,
    ...(envid === undefined ? [] : [`Original-Envelope-Id: ${envid}`]),
    ...addresses.flatMap((a) => [
      '',
      `Final-Recipient: rfc822; ${a}`,
      'Action: failed',
      `Status: ${r.refusal.esc}`,
      `Diagnostic-Code: smtp; ${reason}`,
    ]),
    '',
    `--${boundary}`,
    'Content-Type: text/rfc822-headers',
    'Content-Transfer-Encoding: 8bit',
    '',
    `Return-Path: <${sender}>`,
    headerOf(r.message.content as Uint8Array),
    `--${boundary}--`,
  ]
  return { sender: '', recipients: [sender], content: lines.join('\r\n') + '\r\n', smtputf8: r.message.smtputf8 }
}
/** bytes of header that are returned */
const HEADER_LIMIT = 50_000

function headerOf(content: Uint8Array): string {
  const text = Buffer.from(content.buffer, content.byteOffset, Math.min(content.length, HEADER_LIMIT)).toString('utf8')
  const end = text.search(/^\r?\n/m)
  return end < 0 ? text : text.slice(0, end)
}
