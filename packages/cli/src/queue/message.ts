/** One message of the queue, for `postern queue show`. */
import type { HistoryRecord, Origin, StoredRecipient } from '@postern/core'
import type { ShownMessage } from '../control/protocol.ts'
import { table } from '../text/table.ts'
import { bytes, span, when } from '../text/units.ts'
import { printable } from '../text/wrap.ts'
import { nextTry } from './listing.ts'
import { stateOf } from './query.ts'

const RECIPIENTS = [{ head: 'RECIPIENT' }, { head: 'STATE' }, { head: 'LAST ANSWER', min: 20 }]
const HISTORY = [{ head: 'WHEN', min: 12 }, { head: 'WHAT' }, { head: 'OF IT', min: 20 }]
/** recipients named in one line of the history */
const NAMED = 5

export interface Shown extends ShownMessage {
  readonly body?: string
}
export function messageLines({ message: m, header, history, body }: Shown, width: number, now: number): string[] {
  const { envelope: e } = m
  const facts: [string, string][] = [
    ['id', m.id],
    ['state', `${stateOf(m, now)}${m.held ? ` by ${m.held.by}: ${m.held.reason}` : ''}${m.expired ? ', expired' : ''}`],
    ['sender', e.sender || '<>'],
    ['size', bytes(m.size)],
    ['arrived', `${when(e.created)}, ${span(now - e.created)} ago, ${e.reason}`],
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
  const events = history.map((h) => [when(h.at), h.kind, happened(h, m.recipients, now)])
  return [
    ...facts.map(([name, value]) => `${name.padEnd(9)} ${printable(value)}`),
    '',
    ...table(RECIPIENTS, recipients, width),
    ...(events.length === 0 ? [] : ['', ...table(HISTORY, events, width)]),
    '',
    ...lines(header),
    ...(body === undefined ? [] : ['', ...lines(body)]),
  ]
}
/** Folded header lines begin with a tab. */
const lines = (text: string): string[] =>
  text
    .trimEnd()
    .split(/\r?\n/)
    .map((l) => printable(l.replaceAll('\t', '        ')))

function happened(h: HistoryRecord, recipients: readonly StoredRecipient[], now: number): string {
  const name = (n: number) => recipients.find((r) => r.n === n)?.address ?? `recipient ${n}`
  const some = (all: readonly string[]) =>
    all.length <= NAMED ? all : [...all.slice(0, NAMED), `and ${all.length - NAMED} more`]
  return [
    ...(h.who === undefined ? [] : [`by ${h.who}${h.why === undefined ? '' : `: ${h.why}`}`]),
    ...some((h.outcomes ?? []).map((o) => `${name(o.n)}: ${o.state}, ${[o.esc, o.text].filter(Boolean).join(' ')}`)),
    ...(h.outcomes ? [] : some((h.recipients ?? []).map(name))),
    ...(h.nextTry !== undefined && h.nextTry > now ? [`next try in ${span(h.nextTry - now)}`] : []),
  ].join('\n')
}
const clientText = (c: { address: string; name: string; helo?: string; protocol: string; user?: string }): string =>
  `${c.name}[${c.address}]${c.helo ? `, helo ${c.helo}` : ''}, ${c.protocol}${c.user ? `, user ${c.user}` : ''}`
function originText(o: Origin): string {
  if ('listener' in o) return `${o.kind}, listener ${o.listener}, session ${o.session}`
  return 'of' in o ? `${o.kind} by ${o.by}, of ${o.of}` : `${o.kind} by ${o.by}`
}
