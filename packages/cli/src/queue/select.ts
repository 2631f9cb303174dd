/** A walk through a queue that holds nothing in memory and leaves room for others. */
import type { QueueEntry, QueueFilter } from '@postern/core'
import { turn } from '../control/lines.ts'
import { selector } from './query.ts'
import type { QueueQuery } from './query.ts'

/** messages looked at before others get a turn of the loop */
const AT_ONCE = 200

export interface Walk {
  readonly query: QueueQuery
  /** ms since 1970 */
  readonly now: number
  readonly signal?: AbortSignal
}
/** Ends early, with the signal's reason, when nobody reads any more. */
export async function* select(
  list: (filter: QueueFilter) => AsyncIterable<QueueEntry>,
  { query, now, signal }: Walk,
): AsyncGenerator<QueueEntry> {
  const { filter, matches } = selector(query, now)
  let seen = 0
  for await (const entry of list(filter)) {
    signal?.throwIfAborted()
    if (matches(entry)) yield entry
    if (++seen % AT_ONCE === 0) await turn()
  }
}
/** Groups, so that what waits for the disk waits together. */
export async function* groups<T>(all: AsyncIterable<T> | Iterable<T>, size: number): AsyncGenerator<T[]> {
  let group: T[] = []
  for await (const one of all) {
    group.push(one)
    if (group.length < size) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}
