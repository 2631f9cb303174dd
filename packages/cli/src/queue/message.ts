/** One message of the queue, for `postern queue show`. */
import type { Origin } from '@postern/core'
import type { ShownMessage } from '../control/protocol.ts'
import { table } from '../text/table.ts'
import { bytes, when } from '../text/units.ts'
import { printable } from '../text/wrap.ts'
import { nextTry, stateOf } from './listing.ts'

const COLUMNS = [{ head: 'RECIPIENT' }, { head: 'STATE' }, { head: 'LAST ANSWER', min: 20 }]

export function messageLines({ message: m, header }: ShownMessage, width: number, now: number): string[] {
  const { envelope: e } = m
  const facts: [string, string][] = [
    ['id', m.id],
    ['state', `${stateOf(m, now)}${m.held ? ` by ${m.held.by}: ${m.held.reason}` : ''}`],
    ['sender', e.sender || '<>'],
    ['size', bytes(m.size)],
    ['arrived', `${when(e.created)}, ${e.reason}`],
    ['origin', originText(e.origin)],
    ...(e.client ? [['client', clientText(e.client)] as [string, string]] : []),
    ['attempts', String(m.attempts)],
    ['next try', nextTry(m, now)],
    ...Object.entries(e.marks).map(([id, v]): [string, string] => ['mark', `${id} = ${JSON.stringify(v)}`]),
  ]
  const recipients = m.recipients.map((r) => [
    r.original === r.address ? r.address : `${r.address}\n(was ${r.original})`,
    r.state,
    [r.esc, r.text].filter(Boolean).join(' '),
  ])
  return [
    ...facts.map(([name, value]) => `${name.padEnd(9)} ${printable(value)}`),
    '',
    ...table(COLUMNS, recipients, width),
    ...(header === undefined ? [] : ['', ...header.trimEnd().split(/\r?\n/).map(printable)]),
  ]
}
const clientText = (c: { address: string; name: string; helo?: string; protocol: string; user?: string }): string =>
  `${c.name}[${c.address}]${c.helo ? `, helo ${c.helo}` : ''}, ${c.protocol}${c.user ? `, user ${c.user}` : ''}`
function originText(o: Origin): string {
  if ('listener' in o) return `${o.kind}, listener ${o.listener}, session ${o.session}`
  return 'of' in o ? `${o.kind} by ${o.by}, of ${o.of}` : `${o.kind} by ${o.by}`
}
