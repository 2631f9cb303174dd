/** Batches on their way to durability: the one that records go into, full ones, and those written and not yet synced. */
import { Batch } from './batch.ts'
import { Buffers } from './buffers.ts'
import { Latency } from './latency.ts'
import type { Ledger } from './batch.ts'

export interface WriterHooks {
  /** durable: the message is there */
  committed(slot: number): void
  /** its new home is durable */
  moved(slot: number, segment: number, offset: number, length: number): void
  /** durable: the new message is there, and the old one is gone */
  replaced(old: number, slot: number): void
  /** the records that ended it are durable: its body file may go */
  ended(slot: number): void
  /** refused, and no trace of it on disk that could count */
  rejected(slot: number): void
}

export class Backlog {
  open: Batch
  full: Batch[] = []
  unsynced: Batch[] = []
  readonly latency = new Latency()
  readonly #buffers = new Buffers()
  readonly #ledger: Ledger
  readonly #hooks: WriterHooks
  readonly #limit: number

  /** `limit`: bytes above which a batch is full */
  constructor(ledger: Ledger, hooks: WriterHooks, limit: number) {
    this.#ledger = ledger
    this.#hooks = hooks
    this.#limit = limit
    this.open = this.fresh()
  }

  fresh(): Batch {
    return new Batch(this.#ledger, this.#buffers)
  }
  /** No batch gets much larger than the limit. */
  turn(): void {
    if (this.open.length <= this.#limit) return
    this.full.push(this.open)
    this.open = this.fresh()
  }
  /** The next one to be written. */
  take(): Batch | undefined {
    if (this.full.length > 0) return this.full.shift()
    const batch = this.open
    if (batch.length === 0 && !batch.durable) return undefined
    this.open = this.fresh()
    return batch
  }
  /** Records that are not written. */
  get waits(): boolean {
    return this.open.length > 0 || this.full.length > 0
  }

  /** Everything in the segment up to there is durable: told to the index, and to all who wait. */
  settle(upTo: number): void {
    let n = 0
    while (n < this.unsynced.length && this.unsynced[n]!.end <= upTo) n++
    for (const batch of this.unsynced.splice(0, n)) {
      if (batch.durable) this.latency.measure(performance.now() - batch.began)
      const hooks = this.#hooks
      for (const { slot, offset, length } of batch.moves) hooks.moved(slot, batch.segment, offset, length)
      for (const slot of batch.commits) hooks.committed(slot)
      for (const { old, slot } of batch.replaces) hooks.replaced(old, slot)
      batch.isWritten()
      for (const waiter of batch.waiters) waiter?.resolve()
      for (const waiter of batch.synced) waiter.resolve()
      for (const slot of batch.ended) hooks.ended(slot)
      for (const slot of batch.freed) this.#ledger.rows.free(slot)
      batch.release()
    }
  }

  /** Nothing of it will be written; gives the error that all who wait are told. */
  giveUp(error: Error): Error {
    const { waiters, synced, readable } = this.open
    for (const waiter of [...waiters, ...synced, ...readable]) waiter?.reject(error)
    return error
  }
}
