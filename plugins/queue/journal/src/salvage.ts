/** What is left of batches that cannot be written: commits are refused, all other records go on waiting. */
import { ABORT, COMMIT } from './frame.ts'
import { Batch } from './batch.ts'
import type { Row } from './row.ts'

export interface Salvaged {
  readonly rest: Batch
  /** refused messages of which nothing can stand on disk */
  readonly untraced: readonly Row[]
}
export function salvage(batches: readonly Batch[], error: Error): Salvaged {
  const rest = new Batch()
  rest.durable = true
  const untraced: Row[] = []
  for (const batch of batches) {
    rest.written.push(...batch.written)
    rest.ended.push(...batch.ended)
    for (const frame of batch.frames()) {
      const { row, waiter } = frame
      if (frame.type !== COMMIT) {
        rest.adopt(batch, frame)
        continue
      }
      // a COMMIT that may stand on disk is taken back there, too, before its body goes
      if (row.home) {
        rest.json(ABORT, row, {})
        rest.ended.push(row)
      } else untraced.push(row)
      waiter?.reject(error)
    }
  }
  return { rest, untraced }
}
