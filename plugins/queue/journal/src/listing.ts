/** The queue as a cursor: filtered on the index, read in the order in which it stands on disk. */
import { BodyDamaged } from '@postern/core'
import { EXPIRED, HELD, LIVE, WARNED } from './flags.ts'
import { decodeHome, decodeHomeFixed } from './envelope.ts'
import { seedsFrom, seedsIn } from './recipients.ts'
import type { FreshMessages } from './fresh.ts'
import type { QueueEntry, QueueFilter } from '@postern/core'
import type { Reader } from './reader.ts'
import type { Recipients } from './recipients.ts'
import type { Rows } from './rows.ts'
import type { Writer } from './writer.ts'

/** Rows that are sorted at a time. */
const WINDOW = 65_536
const FEW = 1000

export interface Listed {
  readonly rows: Rows
  readonly reader: Reader
  readonly recipients: Recipients
  readonly fresh?: FreshMessages
  readonly writer?: Pick<Writer, 'looked'>
}
export async function* listRows(from: Listed, filter: QueueFilter = {}): AsyncGenerator<QueueEntry> {
  const { rows } = from
  const ids = filter.ids && new Set(filter.ids.map((id) => id.toUpperCase()))
  const wanted = (slot: number) => rows.has(slot, LIVE) && matches(rows, slot, filter)
  if (ids && ids.size < FEW) {
    for (const id of ids) {
      const slot = rows.named(id)
      if (slot !== -1 && wanted(slot)) yield* entry(from, slot)
    }
    return
  }
  for (let start = 0; start < rows.top; start += WINDOW) {
    const slots: number[] = []
    for (let slot = start; slot < Math.min(start + WINDOW, rows.top); slot++)
      if (wanted(slot) && (!ids || ids.has(rows.id(slot)))) slots.push(slot)
    slots.sort((a, b) => rows.segment(a) - rows.segment(b) || rows.offset(a) - rows.offset(b))
    const known = slots.map((slot) => rows.low(slot))
    for (const [i, slot] of slots.entries())
      if (rows.has(slot, LIVE) && rows.low(slot) === known[i]) yield* entry(from, slot)
  }
}
function matches(rows: Rows, slot: number, { before, after, held }: QueueFilter): boolean {
  if (held !== undefined && held !== rows.has(slot, HELD)) return false
  if (before === undefined && after === undefined) return true
  const created = rows.created(slot)
  return created < (before ?? Infinity) && created > (after ?? -Infinity)
}
async function* entry(from: Listed, slot: number): AsyncGenerator<QueueEntry> {
  const { rows, reader, recipients, fresh, writer } = from
  const facts = { ...factsOf(rows, slot), size: rows.size(slot) }
  const basis = recipients.basis(slot)
  const gone = () => !rows.has(slot, LIVE) || rows.id(slot) !== facts.id
  try {
    const kept = fresh?.get(slot)
    let envelope = kept?.envelope
    let seeds = kept && seedsFrom(kept.recipients)
    if (!seeds || !envelope) {
      const frame = await reader.envelope(slot)
      envelope = decodeHome(frame.envelope).e
      seeds = seedsIn(frame.envelope, decodeHomeFixed(frame.envelope).recipients)
    }
    if (gone()) return
    const { lacks, ...chosen } = await recipients.choose(slot, seeds, undefined)
    if (gone()) return
    if (lacks !== 'nothing') {
      await writer?.looked()
      if (gone()) return
      if (recipients.basis(slot) !== basis) return yield* entry(from, slot)
    }
    yield { ...facts, envelope, ...chosen }
  } catch (error) {
    // reported when it was read; the listing goes on
    if (!(error instanceof BodyDamaged)) throw error
  }
}
export function factsOf(rows: Rows, slot: number) {
  return {
    id: rows.id(slot),
    attempts: rows.attempts(slot),
    nextTry: rows.nextTry(slot),
    held: rows.held(slot),
    ...(rows.has(slot, EXPIRED) && { expired: true }),
    ...(rows.has(slot, WARNED) && { warned: true }),
  }
}
