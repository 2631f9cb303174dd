/** The machine's part of a report: message/delivery-status (RFC 3464 section 2), and the list for people. */
import { addressOf, isUtf8, rfc5322Date } from '@postern/core'
import type { ReportRecipient } from '@postern/core'
import { oneLine, within, wrap } from './wrap.ts'

export interface StatusFacts {
  readonly myhostname: string
  readonly mailName: string
  readonly messageId: string
  /** never empty: a bounce's own sender is MAILER-DAEMON here */
  readonly sender: string
  /** in quotes, each byte above 127 behind a backslash, of type rfc822 */
  readonly quotedUtf8Sender?: boolean
  readonly arrived: number
  readonly envid?: string
  readonly smtputf8: boolean
  /** by whom each recipient was delivered, or not, is told */
  readonly saysBy?: boolean
}

/** RFC 6533 section 3: addresses beyond ASCII are of type utf-8, and only where the message asked for SMTPUTF8. */
const typed = (address: string, smtputf8: boolean) => (smtputf8 && isUtf8(address) ? 'utf-8' : 'rfc822')
/** `X-Postfix` where the product is called Postfix; a product name may hold what a field name may not. */
const vendor = (mailName: string) => `X-${mailName.replace(/[^A-Za-z0-9-]+/g, '-')}`

/**
 * As it stands in a report. Postfix 3.7 takes UTF-8 in a local part for bytes that need quotes: bytes that are no UTF-8 any more, and
 * stand here as lone surrogates, U+DC80 to U+DCFF.
 */
export function senderText({ sender, quotedUtf8Sender }: Pick<StatusFacts, 'sender' | 'quotedUtf8Sender'>): string {
  const { local, domain } = addressOf(sender)
  if (!quotedUtf8Sender || !isUtf8(local)) return oneLine(sender)
  const quoted = Array.from(Buffer.from(local), (byte) =>
    byte > 127 ? `\\${String.fromCharCode(0xdc00 + byte)}` : String.fromCharCode(byte).replace(/["\\]/, '\\$&'),
  )
  return oneLine(`"${quoted.join('')}"${domain === '' ? '' : `@${domain}`}`)
}

/** Fields about the message (RFC 3464 section 2.2). */
export function messageFields(f: StatusFacts): string[] {
  return [
    `Reporting-MTA: dns; ${f.myhostname}`,
    // the client chose it (RFC 3461 section 4.4)
    ...(f.envid ? [`Original-Envelope-Id: ${oneLine(f.envid)}`] : []),
    `${vendor(f.mailName)}-Queue-ID: ${f.messageId}`,
    `${vendor(f.mailName)}-Sender: ${typed(f.sender, f.smtputf8 && !f.quotedUtf8Sender)}; ${senderText(f)}`,
    `Arrival-Date: ${rfc5322Date(f.arrived)}`,
  ]
}

/** Of a success Postfix says by whom, and of all where somebody asked; an alias that became others was delivered by nobody. */
function whatHappened({ relay, text }: ReportRecipient, { saysBy }: StatusFacts): string {
  return saysBy && relay !== 'none' ? `delivery via ${relay}: ${text}` : text
}

/** Fields about one recipient (RFC 3464 section 2.3). */
export function recipientFields(r: ReportRecipient, f: StatusFacts): string[] {
  const original = r.orcpt ?? `${typed(r.original, f.smtputf8)};${r.original}`
  return [
    ...within(`Final-Recipient: ${typed(r.address, f.smtputf8)}; ${oneLine(r.address)}`),
    ...(r.original || r.orcpt ? within(`Original-Recipient: ${oneLine(original)}`) : []),
    `Action: ${r.action}`,
    `Status: ${r.status}`,
    ...(r.remoteMta ? wrap(`Remote-MTA: ${oneLine(r.remoteMta)}`) : []),
    ...wrap(`Diagnostic-Code: ${oneLine(r.diagnostic ?? `${vendor(f.mailName)}; ${whatHappened(r, f)}`)}`),
    ...(r.action === 'delayed' && r.willRetryUntil !== undefined
      ? [`Will-Retry-Until: ${rfc5322Date(r.willRetryUntil)}`]
      : []),
  ]
}
/** `<recipient>: what happened`, for people. */
export function recipientLines(r: ReportRecipient, f: StatusFacts): string[] {
  const expanded = r.original && r.original.toLowerCase() !== r.address.toLowerCase()
  const who = expanded ? `<${r.address}> (expanded from <${r.original}>)` : `<${r.address}>`
  return wrap(`${oneLine(who)}: ${oneLine(whatHappened(r, f))}`)
}
