/** Buffers for batches, used again: what is written would else leave garbage of its own size, and more where a batch grows. */
const LEAST = 64 * 1024
/** each size is so many times the one before: a batch that grows copies little */
const STEP = 4
/** the largest that is kept */
const LARGEST = 1024 * 1024
/** bytes kept for later */
const KEPT = 8 * 1024 * 1024

export const NO_BUFFER: Buffer = Buffer.alloc(0)

export class Buffers {
  /** by size */
  readonly #free = new Map<number, Buffer[]>()
  #kept = 0

  /** At least so many bytes; what stands in them is not defined. */
  take(bytes: number): Buffer {
    let size = LEAST
    while (size < bytes) size *= STEP
    if (size > LARGEST) return Buffer.allocUnsafeSlow(bytes)
    const found = this.#free.get(size)?.pop()
    this.#kept -= found?.length ?? 0
    return found ?? Buffer.allocUnsafeSlow(size)
  }
  /** Nobody looks at it any more. */
  give(buffer: Buffer): void {
    const { length } = buffer
    if (length < LEAST || length > LARGEST || this.#kept + length > KEPT) return
    this.#kept += length
    const free = this.#free.get(length)
    if (free) free.push(buffer)
    else this.#free.set(length, [buffer])
  }
}
