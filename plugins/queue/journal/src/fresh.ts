/** Messages that have not been tried yet, kept in memory for their first attempt; the oldest go first. */
import { PassingMap } from '@postern/core'
import type { Envelope, RecipientSeed } from '@postern/core'
import type { SpooledBody } from './body.ts'

const LIMIT = 64 * 1024 * 1024

/** A message as it was given to commit. */
export interface Fresh {
  readonly envelope: Envelope
  readonly recipients: readonly RecipientSeed[]
  readonly header: Uint8Array
  readonly body: SpooledBody
  readonly bytes: number
}
export class FreshMessages {
  readonly #kept = new PassingMap<number, Fresh>()
  #bytes = 0

  get(slot: number): Fresh | undefined {
    return this.#kept.get(slot)
  }
  add(slot: number, fresh: Fresh): void {
    this.#kept.set(slot, fresh)
    this.#bytes += fresh.bytes
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= LIMIT) return
      this.drop(oldest)
    }
  }
  drop(slot: number): void {
    const fresh = this.#kept.get(slot)
    if (fresh && this.#kept.delete(slot)) this.#bytes -= fresh.bytes
  }
}

/** A slice that keeps a much larger socket buffer alive is worth a copy. */
export const unpinned = (bytes: Uint8Array): Uint8Array =>
  bytes.buffer.byteLength > 2 * bytes.byteLength + 256 ? new Uint8Array(bytes) : bytes
