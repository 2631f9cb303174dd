/** A file of the drop folder as postcat prints one of Postfix's maildrop. */
import type { DropFile } from '@postern/sendmail'
import { shown } from '@postern/sendmail/queue'
import type { Parts } from './print.ts'

type Envelope = { sender?: unknown; fullName?: unknown; recipients?: unknown }
const addressOf = (r: unknown): string =>
  String(typeof r === 'object' && r !== null ? (r as { address?: unknown }).address : r)

/** Lines, as bytes. What was not written by the command is shown as far as it can be. */
export function* printedDrop({ content, envelope }: DropFile, name: string, parts: Parts): Generator<Buffer> {
  const e = envelope as Envelope
  const line = (type: string, text: string) =>
    parts.types ? `${String(type.charCodeAt(0)).padStart(3)} ${text}\n` : `${text}\n`
  if (parts.envelope) {
    const sender = String(e.sender ?? '')
    const recipients = Array.isArray(e.recipients) ? e.recipients : []
    yield Buffer.from(
      `*** ENVELOPE RECORDS ${name} ***\n` +
        (typeof e.fullName === 'string' ? line('F', `sender_fullname: ${e.fullName}`) : '') +
        line('S', `sender: ${sender === '' ? '' : shown(sender)}`) +
        recipients.map((r) => line('R', `recipient: ${shown(addressOf(r))}`)).join('') +
        line('M', `*** MESSAGE CONTENTS ${name} ***`),
    )
  }
  const text = Buffer.from(content).toString('latin1')
  const end = text.startsWith('\r\n') ? 0 : text.indexOf('\r\n\r\n') + 2 || text.length + 2
  const label = parts.labels ? 'regular_text: ' : ''
  const lines = (part: string) =>
    part
      .replace(/\r\n$/, '')
      .split('\r\n')
      .map((each) => line('N', label + each))
      .join('')
  if (parts.header && end > 0) yield Buffer.from(lines(text.slice(0, end)), 'latin1')
  if (parts.body && end < text.length) yield Buffer.from(lines(text.slice(end)), 'latin1')
  if (!parts.envelope) return
  yield Buffer.from(line('X', `*** HEADER EXTRACTED ${name} ***`) + line('E', `*** MESSAGE FILE END ${name} ***`))
}
