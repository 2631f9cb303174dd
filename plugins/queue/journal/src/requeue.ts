/** A message under a new id: one frame brings the new one and ends the old one, so that nothing can come between. */
import { LIVE } from './flags.ts'
import { SpooledBody } from './body.ts'
import type { MessageId, QueuedMessage } from '@postern/core'
import type { Verbs } from './verbs.ts'

export async function requeue(
  verbs: Verbs,
  id: MessageId,
  { who, why }: { readonly who: string; readonly why: string },
): Promise<MessageId | undefined> {
  const { rows, spool, ids } = verbs.journal
  const m = await verbs.load(id)
  const slot = verbs.journal.find(id)
  if (!m || slot === -1) return undefined
  const now = ids.next()
  // expansions are undone
  const recipients = m.recipients.flatMap(({ n: _n, state, esc: _esc, text: _text, parent, ...seed }) =>
    parent === undefined && state !== 'delivered' ? [seed] : [],
  )
  const extra = rows.extras.get(slot)
  const file = extra?.file
  const body = file === undefined ? m.body : await handOver(m, file, spool.path(file), verbs)
  if (verbs.journal.find(id) !== slot || rows.leaving.has(slot)) return undefined
  // whichever of the two is gone first, the other one has the file
  if (file !== undefined) delete extra!.file
  const envelope = { ...m.envelope, reason: `${id} requeued by ${who}: ${why}` }
  const replaced = { slot, id }
  try {
    await verbs.commit({ id: now, envelope, recipients, header: m.header, body }, replaced)
  } catch (error) {
    if (file !== undefined) {
      if (rows.has(slot, LIVE) && rows.id(slot) === id) rows.extra(slot).file = file
      else void spool.remove(file)
    }
    // ended, or requeued by somebody else, while the body was copied
    if (verbs.journal.find(id) !== slot || rows.leaving.has(slot)) return undefined
    throw error
  }
  return now
}
/** The same file for the new message. */
async function handOver(m: QueuedMessage, file: string, path: string, verbs: Verbs): Promise<SpooledBody> {
  const crc = await verbs.journal.reader.bodyCrc(verbs.journal.find(m.id))
  return new SpooledBody(m.body.size, crc, { file, path })
}
