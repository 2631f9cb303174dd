/**
 * Packets of the MySQL protocol, taken out of a stream: three bytes of length, one that counts, and what they hold. One of
 * 2^24-1 bytes goes on in the next.
 */
import { Refused } from '@postern/lookup-kit'

/** The server said what is not understood; the connection must end. */
export class Malformed extends Error {
  constructor(what: string) {
    super(`not understood: ${what}`)
  }
}
export const HEADER = 4
/** bytes of a packet that goes on in the next one */
export const FULL = 0xff_ff_ff
/** bytes of one row above which it is not gathered: results of half of it are too many */
const MOST = 32 * 1024 * 1024

/** Is told each packet's bytes; they are the stream's, and to be read at once. */
export type TakePacket = (bytes: Buffer, start: number, end: number) => void

export class Packets {
  readonly #take: TakePacket
  /** the beginning of a packet whose end has not come */
  #parts: Buffer[] = []
  #have = 0
  /** bytes until which waiting is all there is to do */
  #need = 0
  /** parts of one that goes on */
  #big: Buffer[] = []
  #bigLength = 0
  /** the number that the next packet must have; an answer's first one has 1 */
  next = 1

  constructor(take: TakePacket) {
    this.#take = take
  }
  /** The chunk's memory may be another's behind this call. Throws what ends the connection: `Malformed`, `Refused` for a row that is too large, and what `take` throws. */
  push(chunk: Buffer): void {
    let bytes = chunk
    if (this.#have > 0) {
      this.#parts.push(Buffer.from(chunk))
      this.#have += chunk.length
      if (this.#have < this.#need) return
      bytes = Buffer.concat(this.#parts, this.#have)
      this.#parts = []
    }
    let at = 0
    for (;;) {
      const left = bytes.length - at
      const length = left < HEADER ? 0 : bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)
      // before a length is believed that another protocol's text may be
      if (left >= HEADER && bytes[at + 3] !== this.next) throw new Malformed('packets out of order')
      if (left < HEADER + length || left === 0) {
        this.#need = HEADER + length
        this.#have = left
        if (left > 0) this.#parts.push(Buffer.from(bytes.subarray(at)))
        return
      }
      this.next = (this.next + 1) & 0xff
      const start = at + HEADER
      at = start + length
      if (length === FULL || this.#bigLength > 0) this.#part(bytes.subarray(start, at), length < FULL)
      else this.#take(bytes, start, at)
    }
  }

  #part(bytes: Buffer, last: boolean): void {
    this.#bigLength += bytes.length
    if (this.#bigLength > MOST) throw new Refused(`a row of more than ${MOST} bytes`)
    this.#big.push(bytes)
    if (!last) return
    const whole = this.#big.length === 1 ? this.#big[0]! : Buffer.concat(this.#big, this.#bigLength)
    this.#big = []
    this.#bigLength = 0
    this.#take(whole, 0, whole.length)
  }
}

/** One command as packets, its number counted from 0. */
export function command(code: number, body: string | Buffer): Buffer {
  const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length
  const whole = Buffer.allocUnsafe(HEADER + 1 + bytes)
  whole.writeUInt32LE(bytes + 1)
  whole[HEADER] = code
  if (typeof body === 'string') whole.write(body, HEADER + 1)
  else body.copy(whole, HEADER + 1)
  // the length has three bytes, and the fourth is the packet's number: 0
  return bytes + 1 < FULL ? whole : cut(whole)
}
function cut(whole: Buffer): Buffer {
  const out: Buffer[] = []
  for (let at = HEADER, number = 0; ; at += FULL, number++) {
    const part = whole.subarray(at, at + FULL)
    const head = Buffer.alloc(HEADER)
    head.writeUIntLE(part.length, 0, 3)
    head[3] = number & 0xff
    out.push(head, part)
    // one that is full is followed by another, be it empty
    if (part.length < FULL) return Buffer.concat(out)
  }
}
