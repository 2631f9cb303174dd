/** The commands of one message for one server: which parameters it gets depends on what it offers. */
import { isAscii } from 'node:buffer'
import type { Job, JobRecipient } from '@postern/core'
import { isUtf8 } from '@postern/core'
import type { Features } from './features.ts'

/** What of a message decides on the parameters; found out once per job. */
export interface MessageFacts {
  /** bytes on the wire before dot-stuffing: header, empty line, body */
  readonly size: number
  readonly eightBit: boolean
  /** sender or header cannot be sent without SMTPUTF8 (RFC 6531 section 3.4), whoever the recipient is */
  readonly utf8: boolean
}
export function messageFacts(job: Job): MessageFacts {
  const { envelope, header, body } = job
  return {
    size: header.length + 2 + body.size,
    eightBit: envelope.body === '8BITMIME' || (body.bytes?.some((part) => !isAscii(part)) ?? false),
    utf8: isUtf8(envelope.sender) || (envelope.smtputf8 && !isAscii(header)),
  }
}

export function mailCommand(job: Job, message: MessageFacts, utf8: boolean, features: Features): string {
  const { sender, ret, envid } = job.envelope
  let command = `MAIL FROM:<${sender}>`
  if (features.size !== undefined) command += ` SIZE=${message.size}`
  if (features.eightBit && message.eightBit) command += ' BODY=8BITMIME'
  if (features.dsn && ret) command += ` RET=${ret}`
  if (features.dsn && envid) command += ` ENVID=${xtext(envid)}`
  return utf8 && features.utf8 ? `${command} SMTPUTF8` : command
}

/** RFC 3461 sections 4.1 and 4.2; as Postfix does, a server that knows DSN always learns the original recipient. */
export function rcptCommand(recipient: JobRecipient, features: Features): string {
  const command = `RCPT TO:<${recipient.address}>`
  if (!features.dsn) return command
  const notify = recipient.notify?.length ? ` NOTIFY=${recipient.notify.join(',')}` : ''
  return command + notify + orcpt(recipient, features)
}
function orcpt(recipient: JobRecipient, features: Features): string {
  const [, type = 'rfc822', address = recipient.original] = /^([^;]+);(.*)$/s.exec(recipient.orcpt ?? '') ?? []
  if (address === '') return ''
  if (!isUtf8(address)) return ` ORCPT=${type};${xtext(address)}`
  // RFC 6533 section 3: only a server with SMTPUTF8 can be told of such an address
  return features.utf8 ? ` ORCPT=utf-8;${unitext(address)}` : ''
}

/** RFC 3461 section 4 */
export const xtext = (text: string): string =>
  text.replace(
    /[^\x21-\x2a\x2c-\x3c\x3e-\x7e]/g,
    (c) => `+${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
/** RFC 6533 section 3, utf-8-addr-unitext */
const unitext = (text: string): string =>
  // eslint-disable-next-line no-control-regex
  text.replace(/[\x00-\x20\x7f+=\\]/g, (c) => `\\x{${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}}`)

/** No address of ours may end a command (RFC 5321 section 4.1.2). */
// eslint-disable-next-line no-control-regex
export const breaksCommand = (address: string): boolean => /[\x00\r\n]/.test(address)
