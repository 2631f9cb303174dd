/** A message's envelope as the records of a queue file of Postfix's: what postcat prints, with the numbers that -d shows. */
import type { QueueRow } from '@postern/cli/queue'
import { shown } from '@postern/sendmail/queue'

export interface RecordLine {
  /** the record's type: a letter's code */
  readonly type: number
  readonly label: string
  readonly text: string
}
const code = (letter: string): number => letter.charCodeAt(0)
const attribute = (name: string, value: string | number): RecordLine => ({
  type: code('A'),
  label: 'named_attribute: ',
  text: `${name}=${value}`,
})
/** DSN_NOTIFY_... of Postfix's queue files */
const NOTIFY = { NEVER: 1, SUCCESS: 2, FAILURE: 4, DELAY: 8 } as const

/** What Postern knows of it; there are no offsets, and of a client only what the queue keeps. */
export function envelopeRecords(m: QueueRow): RecordLine[] {
  const { envelope: e } = m
  const time = dateOf(e.created)
  const open = m.recipients.filter((r) => r.state !== 'expanded')
  return [
    { type: code('C'), label: 'message_size: ', text: sizes(m, open.length) },
    { type: code('T'), label: 'message_arrival_time: ', text: time },
    { type: code('A'), label: 'create_time: ', text: time },
    attribute('log_ident', m.id),
    ...(e.envid === undefined ? [] : [attribute('envelope_id', e.envid)]),
    ...(e.ret === undefined ? [] : [attribute('ret_flags', e.ret === 'FULL' ? 1 : 2)]),
    { type: code('S'), label: 'sender: ', text: e.sender === '' ? '' : shown(e.sender) },
    ...(e.body === undefined || e.body === 'BINARYMIME'
      ? []
      : [attribute('encoding', e.body === '7BIT' ? '7bit' : '8bit')]),
    ...clientRecords(m),
    ...open.flatMap((r) => [
      ...(r.notify === undefined
        ? []
        : [
            attribute(
              'notify_flags',
              r.notify.reduce((sum, n) => sum | NOTIFY[n], 0),
            ),
          ]),
      ...(r.orcpt === undefined ? [] : [attribute('dsn_orig_rcpt', r.orcpt)]),
      { type: code('O'), label: 'original_recipient: ', text: shown(r.original) },
      r.state === 'pending'
        ? { type: code('R'), label: 'recipient: ', text: shown(r.address) }
        : { type: code('D'), label: 'done_recipient: ', text: shown(r.address) },
    ]),
  ]
}
function clientRecords({ envelope: { client: c } }: QueueRow): RecordLine[] {
  if (c === undefined) return []
  const facts: [string, string][] = [
    ['client_name', c.name],
    ['client_address', c.address],
    ...(c.helo === undefined ? [] : [['helo_name', c.helo] as [string, string]]),
    ['protocol_name', c.protocol],
  ]
  return [
    ...facts.map(([name, value]) => attribute(`log_${name}`, value)),
    attribute('log_message_origin', `${c.name}[${c.address}]`),
    ...facts.map(([name, value]) => attribute(name, value)),
    ...(c.user === undefined ? [] : [attribute('sasl_username', c.user)]),
  ]
}
/** content, where it begins, recipients, the queue manager's flags, content without additions, SMTPUTF8 */
const sizes = (m: QueueRow, recipients: number): string =>
  [m.size, 0, recipients, 0, m.size, m.envelope.smtputf8 ? 1 : 0].map((n) => String(n).padStart(15)).join(' ')
/** `Sun Nov  1 02:30:34 2026`, in local time */
function dateOf(ms: number): string {
  const [day, month, date, year, time] = new Date(ms).toString().split(' ')
  return `${day} ${month} ${date!.replace(/^0/, ' ')} ${time} ${year}`
}
