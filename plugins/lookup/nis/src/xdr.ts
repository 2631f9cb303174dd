/** External data representation (RFC 4506): all numbers are 32 bits, big-endian; opaque data is padded to a multiple of four. */

/** Data that is not what the protocol says. */
export class Malformed extends Error {}

const PAD = Buffer.alloc(3)

/** Numbers and strings, one behind the other. */
export function encode(...items: readonly (number | string | Buffer)[]): Buffer {
  const parts: Buffer[] = []
  for (const item of items) {
    if (typeof item === 'number') {
      parts.push(word(item))
      continue
    }
    const bytes = typeof item === 'string' ? Buffer.from(item, 'utf8') : item
    parts.push(word(bytes.length), bytes, PAD.subarray(0, padding(bytes.length)))
  }
  return Buffer.concat(parts)
}
export function word(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}
const padding = (length: number): number => (4 - (length % 4)) % 4

/** Reads one item after the other; throws `Malformed` when the data ends before. */
export class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }
  get position(): number {
    return this.#at
  }
  /** unsigned */
  number(): number {
    return this.#take(4).readUInt32BE()
  }
  signed(): number {
    return this.#take(4).readInt32BE()
  }
  /** opaque data of variable length, a copy */
  bytes(): Buffer {
    const length = this.number()
    const bytes = Buffer.from(this.#take(length))
    this.#take(padding(length))
    return bytes
  }
  /** opaque data of a known length, with its padding */
  fixed(length: number): Buffer {
    const bytes = Buffer.from(this.#take(length))
    this.#take(padding(length))
    return bytes
  }
  #take(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) throw new Malformed('a reply ends too early')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }
}
