/** Bytes that wait to be sent: what is asked in one turn of the event loop goes out in one piece. */

/** bytes kept for the next turn; what is larger was for one turn only */
const KEPT = 64 * 1024

export class Outbox {
  #bytes = Buffer.allocUnsafeSlow(4096)
  #length = 0

  get empty(): boolean {
    return this.#length === 0
  }
  append(message: Uint8Array): void {
    this.#reserve(message.length)
    this.#bytes.set(message, this.#length)
    this.#length += message.length
  }
  /**
   * For what is written from its end to its front, as lengths stand before what they measure: `write` gets the place behind
   * the last byte of at most `most`, and tells where the first one stands.
   */
  appendBackward(most: number, write: (bytes: Buffer, end: number) => number): void {
    this.#reserve(most)
    const end = this.#length + most
    const from = write(this.#bytes, end)
    this.#bytes.copyWithin(this.#length, from, end)
    this.#length += end - from
  }
  /** All of it, as a copy that nothing is written into any more. */
  take(): Buffer {
    const all = Buffer.from(this.#bytes.subarray(0, this.#length))
    this.#length = 0
    if (this.#bytes.length > KEPT) this.#bytes = Buffer.allocUnsafeSlow(KEPT)
    return all
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}
