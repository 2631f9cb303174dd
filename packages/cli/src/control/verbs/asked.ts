/** What a request meets. */
import type { Node } from '@postern/core'
import { select } from '../../queue/select.ts'
import type { QueueQuery } from '../../queue/query.ts'
import type { Listening } from '../protocol.ts'

export interface Served {
  readonly node: Node
  listening(): readonly Listening[]
  reload(): Promise<void>
  /** resolves when everything has been stopped but the control sockets */
  stop(now: boolean): Promise<void>
}
export interface Asked {
  readonly served: Served
  /** Resolves when the reader can take more; rejects when it has gone. */
  row(value: unknown): Promise<void>
  /** aborts when the reader has gone */
  readonly signal: AbortSignal
}
export const selected = ({ served: { node }, signal }: Asked, query: QueueQuery = {}) =>
  select((filter) => node.queue.list(filter), { query, now: node.clock.now(), signal })
