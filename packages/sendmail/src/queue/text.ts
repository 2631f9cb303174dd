/** A listing's texts: postqueue -p and postqueue -j, column by column and key by key as Postfix 3.7 prints them. */
import type { PublicEntry } from './entry.ts'
import { queueName, shown, visible, waiting } from './entry.ts'

export const EMPTY = 'Mail queue is empty\n'

/** Postfix has two widths, by enable_long_queue_ids; ids are Postern's in both. */
export interface Format {
  readonly head: string
  row(id: string, size: number, date: string, sender: string): string
  readonly indent: string
}
export const LONG: Format = {
  head: '----Queue ID----- --Size-- ---Arrival Time---- --Sender/Recipient------\n',
  row: (id, size, date, sender) => `${id.padEnd(17)} ${String(size).padStart(8)} ${date} ${sender}\n`,
  indent: ' '.repeat(47),
}
export const SHORT: Format = {
  head: '-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n',
  row: (id, size, date, sender) => `${id.padEnd(11)} ${String(size).padStart(7)} ${date}  ${sender}\n`,
  indent: ' '.repeat(41),
}
/** where a reason ends */
const REASON_END = 76

/** One message with its pending recipients; a reason stands above those that follow each other with it. */
export function entryText(m: PublicEntry, format: Format, now: number): string {
  const queue = queueName(m, now)
  const status = `${queue === 'hold' ? '!' : queue === 'active' ? '*' : ''}${m.expired ? '#' : ''}`
  let text = format.row(m.id + status, m.size, dateOf(m.envelope.created), shown(m.envelope.sender))
  let last = ''
  for (const r of waiting(m)) {
    const reason = visible(r.text ?? '')
    if (reason !== '' && reason !== last) text += `${' '.repeat(Math.max(0, REASON_END - reason.length))}(${reason})\n`
    last = reason
    text += `${format.indent}${shown(r.address)}\n`
  }
  return text
}
/** `bytes` of `count` messages. */
export const summaryText = (bytes: number, count: number): string =>
  `\n-- ${Math.floor(bytes / 1024)} Kbytes in ${count} Request${count === 1 ? '' : 's'}.\n`

/** One object a line, its keys in Postfix's order. */
export function entryJson(m: PublicEntry, now: number): string {
  const recipients = waiting(m).map(({ address, text }) => {
    const delay = text ? `, "delay_reason": ${quoted(visible(text))}` : ''
    return `{"address": ${quoted(shown(address))}${delay}}`
  })
  const members = [
    `"queue_name": "${queueName(m, now)}"`,
    `"queue_id": ${quoted(m.id)}`,
    `"arrival_time": ${Math.floor(m.envelope.created / 1000)}`,
    `"message_size": ${m.size}`,
    `"forced_expire": ${m.expired === true}`,
    `"sender": ${quoted(shown(m.envelope.sender))}`,
    `"recipients": [${recipients.join(', ')}]`,
  ]
  return `{${members.join(', ')}}\n`
}
const quoted = (text: string): string => JSON.stringify(text)

/** `Sat Nov 21 10:21:35`, in local time */
function dateOf(ms: number): string {
  const [day, month, date, , time] = new Date(ms).toString().split(' ')
  return `${day} ${month} ${date!.replace(/^0/, ' ')} ${time}`
}
