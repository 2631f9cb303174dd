/** Requests that change nothing. */
import type { HistoryRecord, QueuedMessage, QueueEntry, QueueStore } from '@postern/core'
import { CommandError, EX } from '../../exit.ts'
import { Shape } from '../../queue/shape.ts'
import type { Arguments, PublicRow, QueueCount, ShownMessage } from '../protocol.ts'
import { selected } from './asked.ts'
import type { Asked } from './asked.ts'

export async function list(asked: Asked, { query, limit = Infinity }: Arguments<'queue.list'>) {
  let n = 0
  for await (const entry of selected(asked, query)) {
    if (n++ >= limit) return { more: true }
    await asked.row(entry)
  }
  return { more: false }
}
/** As Postfix's mailq shows them to every user. */
export async function listPublic(asked: Asked) {
  for await (const entry of selected(asked)) await asked.row(publicRow(entry))
  return {}
}
const publicRow = ({ id, size, envelope, recipients, nextTry, held, expired }: QueueEntry): PublicRow => ({
  id,
  size,
  envelope: { sender: envelope.sender, created: envelope.created },
  recipients: recipients.flatMap(({ address, state, esc, text }) =>
    state === 'pending' ? [{ address, state, esc, text }] : [],
  ),
  nextTry,
  ...(held && { held: { at: held.at } }),
  ...(expired && { expired }),
})
export async function count(asked: Asked, { query }: Arguments<'queue.count'>): Promise<QueueCount> {
  let [messages, bytes] = [0, 0]
  for await (const entry of selected(asked, query)) {
    messages++
    bytes += entry.size
  }
  return { messages, bytes }
}
export async function shape(asked: Asked, { query, by = 'recipient' }: Arguments<'queue.shape'>) {
  const counts = new Shape(asked.served.node.clock.now())
  for await (const entry of selected(asked, query)) counts.count(entry, by)
  for (const row of counts.rows()) await asked.row(row)
  return {}
}
export const show = ({ served: { node } }: Asked, { id }: Arguments<'queue.show'>): Promise<ShownMessage> =>
  shownFrom(node.queue, id)
/** Throws CommandError (66) when there is no such message. */
export async function shownFrom(store: QueueStore, id: string): Promise<ShownMessage> {
  const found = await store.load(id)
  if (!found) throw unknownId(id)
  const history: HistoryRecord[] = []
  for await (const record of store.history(id)) history.push(record)
  return { message: entryOf(found), header: Buffer.from(found.header).toString('utf8'), history }
}
export const unknownId = (id: string): CommandError =>
  new CommandError(EX.NOINPUT, `there is no message ${id} in the queue`)
export function entryOf({ header, body, ...rest }: QueuedMessage): QueueEntry {
  return { ...rest, size: header.length + body.size }
}
