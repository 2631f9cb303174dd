/** Records over a stream (RFC 5531 section 11): fragments with a head each, whose first bit marks the last one. */
import { Malformed } from './xdr.ts'

const LAST = 0x80000000

/** A message as it goes over a stream. */
export function record(message: Buffer): Buffer {
  const head = Buffer.allocUnsafe(4)
  head.writeUInt32BE((LAST | message.length) >>> 0)
  return Buffer.concat([head, message])
}
export class Fragments {
  readonly #data: (bytes: Buffer) => void
  readonly #end: () => void
  #head: Buffer = Buffer.alloc(0)
  /** bytes of the fragment that are still to come; `undefined`: a head is read */
  #left: number | undefined
  #last = false
  #empty = 0

  /** `data` is told what comes, without the heads; `end` when a record is complete. */
  constructor(data: (bytes: Buffer) => void, end: () => void) {
    this.#data = data
    this.#end = end
  }
  push(chunk: Buffer): void {
    let rest = chunk
    while (rest.length > 0) {
      if (this.#left === undefined) {
        const head = Buffer.concat([this.#head, rest.subarray(0, 4 - this.#head.length)])
        rest = rest.subarray(head.length - this.#head.length)
        this.#head = head
        if (head.length === 4) this.#begin(head.readUInt32BE())
        continue
      }
      const bytes = rest.subarray(0, this.#left)
      rest = rest.subarray(bytes.length)
      this.#left -= bytes.length
      this.#data(bytes)
      this.#ended()
    }
  }
  #begin(head: number): void {
    this.#head = Buffer.alloc(0)
    this.#last = head >= LAST
    this.#left = head & 0x7fffffff
    // fragments without an end and without anything in them
    if (this.#left === 0 && !this.#last && ++this.#empty > 1000) throw new Malformed('empty fragments without an end')
    this.#ended()
  }
  #ended(): void {
    if (this.#left !== 0) return
    this.#left = undefined
    if (!this.#last) return
    this.#empty = 0
    this.#end()
  }
}
