/** The commands of one message for one server: which parameters it gets depends on what it offers. */
import { isAscii } from 'node:buffer'
import type { BodySource, Job, JobRecipient } from '@postern/core'
import { addressOf, internal, isUtf8, messageSize } from '@postern/core'
import type { Features } from './features.ts'

/** What of a message goes out, and what decides on the parameters; found out once per job. */
export interface MessageFacts {
  readonly sender: string
  readonly header: Uint8Array
  /** The recipient's address for the next hop. */
  addressOf(recipient: JobRecipient): string
  /** An address as commands have it. */
  wire(address: string): string
  /** bytes as queued, before dot-stuffing: header, empty line, body */
  readonly size: number
  /** the client declared, or the header says, that the body has bytes above 127 */
  readonly eightBit: boolean
  /** sender or header cannot be sent without SMTPUTF8 (RFC 6531 section 3.4), whoever the recipient is */
  readonly utf8: boolean
}
/** What was rewritten on the way out. */
export interface Rewritten {
  readonly sender: string
  readonly header: Uint8Array
  readonly addresses: ReadonlyMap<string, string>
}
export interface FactsOptions {
  /** local parts are in quotes where RFC 5321 section 4.1.2 asks for them (`smtp_quote_rfc821_envelope`) */
  readonly quoted: boolean
  /** the label 8bit or binary counts (`detect_8bit_encoding_header`) */
  readonly detect: boolean
}
export function messageFacts(job: Job, { quoted, detect }: FactsOptions, rewritten?: Rewritten): MessageFacts {
  const { envelope, header } = job
  const sender = rewritten?.sender ?? envelope.sender
  return {
    sender,
    wire: (address) => (quoted || address === '' ? address : internal(addressOf(address))),
    header: rewritten?.header ?? header,
    addressOf: ({ address }) => rewritten?.addresses.get(address) ?? address,
    size: messageSize(job),
    // what is neither declared nor labelled goes on as it came, as in Postfix
    eightBit: envelope.body === '8BITMIME' || (detect && isLabelled(header, job.body)),
    utf8: isUtf8(sender) || (envelope.smtputf8 && !isAscii(header)),
  }
}
/**
 * Says the header, or one of a part, that the content may have 8 bits? Of parts only the front is looked through, and what is on disk
 * not at all: a line of a text that looks like a field does no harm, and neither does a label that is not found.
 */
function isLabelled(header: Uint8Array, { bytes }: BodySource): boolean {
  const text = Buffer.from(header.buffer, header.byteOffset, header.byteLength).toString('latin1')
  if (LABEL.test(text)) return true
  return bytes !== undefined && IN_PARTS.test(text) && LABEL.test(frontOf(bytes))
}
const LABEL = /^content-transfer-encoding[ \t]*:\s*(?:8bit|binary)\s*$/im
const IN_PARTS = /^content-type[ \t]*:\s*(?:multipart|message)\//im
const FRONT = 32_768
function frontOf(bytes: readonly Uint8Array[]): string {
  const size = bytes.reduce((sum, { length }) => sum + length, 0)
  return Buffer.concat(bytes, Math.min(size, FRONT)).toString('latin1')
}

/** `sized`: the message goes out as long as it is queued. */
export function mailCommand(
  job: Job,
  message: MessageFacts,
  utf8: boolean,
  sized: boolean,
  features: Features,
): string {
  const { ret, envid, body } = job.envelope
  let command = `MAIL FROM:<${message.wire(message.sender)}>`
  if (sized && features.size !== undefined) command += ` SIZE=${message.size}`
  if (features.eightBit && message.eightBit) command += ' BODY=8BITMIME'
  else if (features.eightBit && body === '7BIT') command += ' BODY=7BIT'
  if (features.dsn && envid) command += ` ENVID=${xtext(envid)}`
  if (features.dsn && ret) command += ` RET=${ret}`
  // who asked for it gets it, needed or not, as with Postfix
  if ((utf8 || job.envelope.smtputf8) && features.utf8) command += ' SMTPUTF8'
  return command
}

/** in Postfix's order, whatever the client's was */
const NOTIFY = ['NEVER', 'SUCCESS', 'FAILURE', 'DELAY'] as const

/** RFC 3461 sections 4.1 and 4.2; as Postfix does, a server that knows DSN always learns the original recipient. */
export function rcptCommand(recipient: JobRecipient, message: MessageFacts, features: Features): string {
  const command = `RCPT TO:<${message.wire(message.addressOf(recipient))}>`
  if (!features.dsn) return command
  const { notify } = recipient
  const asked = notify?.length ? ` NOTIFY=${NOTIFY.filter((word) => notify.includes(word)).join(',')}` : ''
  return command + orcpt(recipient) + asked
}
function orcpt({ orcpt: given, original }: JobRecipient): string {
  const [, type = isUtf8(original) ? 'utf-8' : 'rfc822', address = original] = /^([^;]+);(.*)$/s.exec(given ?? '') ?? []
  if (address === '') return ''
  return ` ORCPT=${type};${type.toLowerCase() === 'utf-8' && isUtf8(address) ? utf8Xtext(address) : xtext(address)}`
}

const hex = (n: number): string => n.toString(16).toUpperCase().padStart(2, '0')
/** RFC 3461 section 4; UTF-8 byte by byte */
export const xtext = (text: string): string =>
  text.replace(/[^\x21-\x2a\x2c-\x3c\x3e-\x7e]/gu, (c) =>
    Array.from(Buffer.from(c), (byte) => `+${hex(byte)}`).join(''),
  )
/** RFC 6533 section 3, utf-8-addr-xtext: 7 bits, which every server may be told */
const utf8Xtext = (text: string): string =>
  text.replace(/[^\x21-\x2a\x2c-\x3c\x3e-\x5b\x5d-\x7e]/gu, (c) => `\\x{${hex(c.codePointAt(0)!)}}`)

/** No address of ours may end a command (RFC 5321 section 4.1.2). */
// eslint-disable-next-line no-control-regex
export const breaksCommand = (address: string): boolean => /[\x00\r\n]/.test(address)
