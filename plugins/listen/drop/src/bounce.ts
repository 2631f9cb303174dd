/**
 * Mail that cleanup refuses goes back to its sender (RFC 3464), as Postfix returns what header_checks reject: nobody is
 * connected any more who could be told. It never was in the queue, so that the report is made here.
 */
import { randomUUID } from 'node:crypto'
import { isUtf8, rfc5322Date } from '@postern/core'
import type { DraftRecipient, MessageDraft, Site } from '@postern/core'
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
  const boundary = `=_${randomUUID()}`
  const { sender, envid } = r.message
  const recipients = toldOf(r.message)
  const smtputf8 = isUtf8(sender) || recipients.some(({ address }) => isUtf8(address))
  const reason = `${r.refusal.code} ${r.refusal.esc} ${r.refusal.text.replace(/\s+/g, ' ')}`
  const before = [
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
    ...recipients.map(({ address }) => `<${address}>: ${reason}`),
    '',
    `--${boundary}`,
    // RFC 6533 section 4: the global types may hold UTF-8
    `Content-Type: message/${smtputf8 ? 'global-' : ''}delivery-status`,
    'Content-Transfer-Encoding: 8bit',
    '',
    `Reporting-MTA: dns; ${site.myhostname}`,
    ...(envid === undefined ? [] : [`Original-Envelope-Id: ${envid}`]),
    ...recipients.flatMap(({ address, orcpt }) => [
      '',
      `Final-Recipient: ${isUtf8(address) ? 'utf-8' : 'rfc822'}; ${address}`,
      ...(orcpt === undefined ? [] : [`Original-Recipient: ${orcpt}`]),
      'Action: failed',
      `Status: ${r.refusal.esc}`,
      `Diagnostic-Code: smtp; ${reason}`,
    ]),
    '',
    `--${boundary}`,
    `Content-Type: ${smtputf8 ? 'message/global-headers' : 'text/rfc822-headers'}`,
    'Content-Transfer-Encoding: 8bit',
    '',
    `Return-Path: <${sender}>`,
  ]
  const lines = (list: readonly string[]) => Buffer.from(list.map((line) => `${line}\r\n`).join(''))
  const content = [lines(before), headerOf(r.message.content as Uint8Array), lines(['', `--${boundary}--`])]
  return { sender: '', recipients: [sender], content, smtputf8, body: '8BITMIME' }
}
/** bytes of header that are returned */
const HEADER_LIMIT = 50_000
const FIELDS = /^(?:(?:[!-9;-~]+[ \t]*:|[ \t])[^\n]*\n)*/

/** Whole lines, byte for byte. */
function headerOf(content: Uint8Array): Uint8Array {
  const front = Buffer.from(content.buffer, content.byteOffset, Math.min(content.length, HEADER_LIMIT))
  const whole = content.length <= HEADER_LIMIT ? `${front.toString('latin1')}\n` : front.toString('latin1')
  return Buffer.from(FIELDS.exec(whole)![0].replace(/\r*\n/g, '\r\n'), 'latin1')
}
