/** The queue as a table whose rows come one by one: the widths are chosen beforehand. */
import type { StoredRecipient } from '@postern/core'
import type { QueueRow } from '../control/protocol.ts'
import { tableRow } from '../text/table.ts'
import { bytes, span, when } from '../text/units.ts'
import { stateOf } from './query.ts'

const COLUMNS = [
  { head: 'ID' },
  { head: 'SIZE', align: 'right' as const },
  { head: 'ARRIVED' },
  { head: 'STATE' },
  { head: 'SENDER' },
  { head: 'RECIPIENTS, AND WHY THEY WAIT' },
  { head: 'NEXT TRY' },
]
const FIXED = [13, 6, 12, 8, 0, 0, 8]

export class Listing {
  readonly #widths: number[]
  readonly #now: number
  #messages = 0
  #bytes = 0
  constructor(total: number, now: number) {
    const room = total - FIXED.reduce((a, b) => a + b, 0) - 2 * (FIXED.length - 1)
    const sender = Math.max(12, Math.floor(room * 0.4))
    this.#widths = FIXED.map((w, i) => (i === 4 ? sender : i === 5 ? Math.max(16, room - sender) : w))
    this.#now = now
  }
  lines(m: QueueRow): string[] {
    const head =
      this.#messages === 0
        ? tableRow(
            COLUMNS,
            this.#widths,
            COLUMNS.map((c) => c.head),
          )
        : []
    this.#messages++
    this.#bytes += m.size
    const cells = [
      m.id,
      bytes(m.size),
      when(m.envelope.created),
      stateOf(m, this.#now),
      m.envelope.sender || '<>',
      openRecipients(m).map(recipientText).join('\n') + (m.held ? `\n(held by ${m.held.by}: ${m.held.reason})` : ''),
      nextTry(m, this.#now),
    ]
    return [...head, ...tableRow(COLUMNS, this.#widths, cells)]
  }
  /** `more`: the listing ended before the queue did */
  summary(more: boolean, isFiltered: boolean): string {
    if (this.#messages === 0) return isFiltered ? 'no message in the queue is like that' : 'the queue is empty'
    const shown = `${this.#messages} message${this.#messages === 1 ? '' : 's'}, ${bytes(this.#bytes)}`
    return more ? `${shown}; there are more` : shown
  }
}
export const openRecipients = (m: QueueRow): StoredRecipient[] => m.recipients.filter((r) => r.state === 'pending')
const recipientText = (r: StoredRecipient): string =>
  r.text ? `${r.address}\n(${[r.esc, r.text].join(' ')})` : r.address

export function nextTry(m: QueueRow, now: number): string {
  if (m.held) return '-'
  return m.nextTry > now ? `in ${span(m.nextTry - now)}` : 'now'
}
