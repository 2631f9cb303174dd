/** What is left of batches that cannot be written: commits are refused, all other records go on waiting. */
import { ABORT, COMMIT, STATE } from './frame.ts'
import { Batch } from './batch.ts'
import type { Ledger } from './batch.ts'

export interface Salvaged {
  readonly rest: Batch
  /** refused messages of which nothing can stand on disk */
  readonly untraced: readonly number[]
}
export function salvage(batches: readonly Batch[], ledger: Ledger, error: Error): Salvaged {
  const rest = new Batch(ledger)
  rest.durable = true
  const untraced: number[] = []
  for (const batch of [...batches].reverse()) batch.unplace()
  for (const batch of batches) {
    const replacing = new Set(batch.replaces.map(({ slot }) => slot))
    for (const { old, slot } of batch.replaces) {
      ledger.rows.leaving.delete(old)
      // the file is the old message's again
      delete ledger.rows.extras.get(slot)?.file
    }
    for (const waiter of [...batch.readable, ...batch.synced]) waiter.reject(error)
    rest.written.push(...batch.written)
    rest.ended.push(...batch.ended)
    rest.freed.push(...batch.freed)
    for (const frame of batch.frames()) {
      const { slot, type, waiter } = frame
      if (type !== COMMIT && type !== STATE) {
        rest.adopt(batch, frame)
        continue
      }
      waiter?.reject(error)
      // the message stays where it was
      if (type === STATE) continue
      // taken back on disk it would take the message that it replaced with it
      if (ledger.rows.segment(slot) === 0 || replacing.has(slot)) {
        untraced.push(slot)
        continue
      }
      // a COMMIT that may stand on disk is taken back there, too, before its body goes
      rest.json(ABORT, slot, {}, true)
      rest.ended.push(slot)
    }
  }
  return { rest, untraced }
}
