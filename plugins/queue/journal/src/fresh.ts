/** Messages that have not been tried yet, kept in memory for their first attempt; the oldest go first. */
import type { Row } from './row.ts'

const LIMIT = 64 * 1024 * 1024

export class FreshMessages {
  readonly #rows = new Set<Row>()
  #bytes = 0

  add(row: Row): void {
    if (!row.fresh) return
    this.#rows.add(row)
    this.#bytes += row.fresh.bytes
    for (const oldest of this.#rows) {
      if (this.#bytes <= LIMIT) return
      this.drop(oldest)
    }
  }
  drop(row: Row): void {
    if (this.#rows.delete(row)) this.#bytes -= row.fresh!.bytes
    row.fresh = undefined
  }
}

/** A slice that keeps a much larger socket buffer alive is worth a copy. */
export const unpinned = (bytes: Uint8Array): Uint8Array =>
  bytes.buffer.byteLength > 2 * bytes.byteLength + 256 ? new Uint8Array(bytes) : bytes
