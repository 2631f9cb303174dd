/**
 * The report as a message: multipart/report (RFC 6522), in the shape of Postfix's. It is put together by hand because
 * a MIME composer gives another one: no preamble, an encoding on the delivery-status part, which RFC 3464 section 2.1
 * wants in 7 bits anyway, headers in another order and folded elsewhere, and the returned message copied once more.
 */
import { randomBytes, randomInt } from 'node:crypto'
import { rfc5322Date } from '@postern/core'
import type { ReportRecipient } from '@postern/core'
import type { Original } from './original.ts'
import { messageFields, recipientFields, recipientLines, senderText } from './status.ts'
import type { StatusFacts } from './status.ts'
import type { Letter } from './letter.ts'
import { oneLine } from './wrap.ts'

export interface ReportParts {
  readonly letter: Letter
  readonly facts: StatusFacts
  readonly recipients: readonly ReportRecipient[]
  readonly original: Original
  /** header address */
  readonly to: string
  /** of the whole; absent: nothing is said. Parts that may hold more than ASCII are of 8 bits where the whole is. */
  readonly encoding?: '8bit' | '7bit'
  /** RFC 3834 section 5.1 */
  readonly autoSubmitted: 'auto-replied' | 'auto-generated'
  /** ms since 1970 */
  readonly now: number
}

/** Header, empty line, body; lines end in CRLF. */
export function compose(r: ReportParts): Uint8Array[] {
  const boundary = newBoundary(r.facts)
  const before = [
    ...header(r, boundary),
    '',
    'This is a MIME-encapsulated message.',
    '',
    `--${boundary}`,
    'Content-Description: Notification',
    `Content-Type: text/plain; charset=${r.letter.charset}`,
    ...encoded(r),
    '',
  ]
  const after = [
    ...r.recipients.flatMap((recipient) => ['', ...recipientLines(recipient, r.facts)]),
    '',
    ...deliveryStatus(r, boundary),
    ...originalHeader(r, boundary),
    '',
    `Return-Path: <${senderText(r.facts)}>`,
  ]
  return [lines(before), lines(r.letter.body, 'latin1'), lines(after), r.original.bytes, lines(['', `--${boundary}--`])]
}

const lines = (list: readonly string[], encoding?: 'latin1'): Uint8Array =>
  bytesOf(list.map((line) => `${line}\r\n`).join(''), encoding)
/** A lone surrogate is the byte that it stands for. */
function bytesOf(text: string, encoding?: 'latin1'): Buffer {
  if (encoding || !/[\udc80-\udcff]/u.test(text)) return Buffer.from(text, encoding)
  const parts = text.split(/([\udc80-\udcff])/u)
  return Buffer.concat(parts.map((part, i) => (i % 2 ? Buffer.of(part.charCodeAt(0) - 0xdc00) : Buffer.from(part))))
}

/** RFC 2046 section 5.1.1: at most 70 characters. Random, so that no sender can write it into the message. */
function newBoundary({ messageId, myhostname }: StatusFacts): string {
  const random = `${randomInt(2 ** 47)}${randomInt(2 ** 47)}`
  return `${messageId}.${random}/${myhostname}`.replace(/[^\w.:/-]/g, '-').slice(0, 70)
}

function header(r: ReportParts, boundary: string): string[] {
  const unique = `${new Date(r.now).toISOString().replace(/\D/g, '').slice(0, 14)}.${randomBytes(8).toString('hex')}`
  return [
    `Date: ${rfc5322Date(r.now)}`,
    `From: ${r.letter.from}`,
    `Subject: ${r.letter.subject}`,
    `To: ${oneLine(r.to)}`,
    `Auto-Submitted: ${r.autoSubmitted}`,
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status;',
    `\tboundary="${boundary}"`,
    ...(r.encoding === undefined ? [] : [`Content-Transfer-Encoding: ${r.encoding}`]),
    `Message-Id: <${unique}@${r.facts.myhostname}>`,
  ]
}

function deliveryStatus(r: ReportParts, boundary: string): string[] {
  const { smtputf8 } = r.facts
  return [
    `--${boundary}`,
    'Content-Description: Delivery report',
    // RFC 6533 section 4: the global types may hold UTF-8
    `Content-Type: message/${smtputf8 ? 'global-' : ''}delivery-status`,
    ...(smtputf8 ? ['Content-Transfer-Encoding: 8bit'] : []),
    '',
    ...messageFields(r.facts),
    ...r.recipients.flatMap((recipient) => ['', ...recipientFields(recipient, r.facts)]),
    '',
  ]
}

function originalHeader(r: ReportParts, boundary: string): string[] {
  const { headersOnly } = r.original
  const type = r.facts.smtputf8
    ? `message/global${headersOnly ? '-headers' : ''}`
    : headersOnly
      ? 'text/rfc822-headers'
      : 'message/rfc822'
  return [
    `--${boundary}`,
    `Content-Description: ${r.letter.original}${headersOnly ? ' Headers' : ''}`,
    `Content-Type: ${type}`,
    ...encoded(r),
  ]
}
const encoded = ({ encoding }: ReportParts): string[] =>
  encoding === '8bit' ? ['Content-Transfer-Encoding: 8bit'] : []
