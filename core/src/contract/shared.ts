/**
 * What must be one for all processes that share the work. In one process it is plain memory; where there are workers the
 * primary keeps it, and a worker that dies gives back what it held.
 */
import type { MaybePromise } from './listener.ts'
import type { Json } from './tokens.ts'

export interface Lease {
  /** how many of the places asked for were given: 0 to what was wanted */
  readonly granted: number
  release(): void
}
export interface Shared {
  /**
   * Adds to a counter whose life is one span of `window` ms from its first count; gives its value. A count that cannot be
   * had (the primary is gone) is this process's own.
   */
  count(key: string, by: number, window: number): MaybePromise<number>
  /** Places out of `limit` for `key`, held until released or until this process ends. */
  lease(key: string, wanted: number, limit: number): MaybePromise<Lease>
  /** To the subscribers in all processes, this one included. Not kept for who is not there. */
  publish(topic: string, message: Json): void
  /** The function that comes back ends it. */
  subscribe(topic: string, fn: (message: Json) => void): () => void
}
export interface SocketSource {
  /**
   * A listening socket's handle for `net.Server.listen(handle)`, bound by the primary and the same in all workers;
   * `undefined`: bind it yourself. Rejects with the system's error when it cannot be bound.
   */
  take(address: { readonly host: string; readonly port: number }): Promise<object | undefined>
}
