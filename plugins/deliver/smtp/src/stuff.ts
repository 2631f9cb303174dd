/**
 * The message in its form on the wire: dot-stuffed and ended with a dot (RFC 5321 section 4.5.2). The content has CRLF
 * line ends already. A dot is doubled behind any LF, also a bare one: a receiver that takes a bare LF for the end of a
 * line must not see a lone dot that we did not mean. Lines that are too long are broken.
 */
import { hasShortLines, LineBreaker } from './lines.ts'

const END = Buffer.from('.\r\n')
const NEW_LINE_END = Buffer.from('\r\n.\r\n')
const LF_DOT = Buffer.from('\n.')
const DOT = Buffer.from('.')
const LF = 10
const CR = 13
const PERIOD = 46

/** Stuffs a message that comes in chunks. */
export class Stuffer {
  readonly #breaker: LineBreaker
  #previous = CR
  #last = LF

  /** `lineLimit`: bytes of a line; 0: any number */
  constructor(lineLimit = 0) {
    this.#breaker = new LineBreaker(lineLimit)
  }
  /** The chunk in pieces, with what must be put between. */
  chunk(chunk: Uint8Array): Uint8Array[] {
    const out: Uint8Array[] = []
    for (const piece of this.#breaker.chunk(chunk)) this.#stuff(piece, out)
    return out
  }
  /** What ends the message. */
  end(): Uint8Array[] {
    const out: Uint8Array[] = []
    for (const piece of this.#breaker.end()) this.#stuff(piece, out)
    out.push(this.#previous === CR && this.#last === LF ? END : NEW_LINE_END)
    return out
  }

  #stuff(chunk: Uint8Array, out: Uint8Array[]): void {
    const bytes = asBuffer(chunk)
    let from = 0
    if (this.#last === LF && bytes[0] === PERIOD) out.push(DOT)
    for (let at = bytes.indexOf(LF_DOT); at >= 0; at = bytes.indexOf(LF_DOT, at + 1)) {
      out.push(bytes.subarray(from, at + 1), DOT)
      from = at + 1
    }
    out.push(bytes.subarray(from))
    this.#previous = bytes.length > 1 ? bytes[bytes.length - 2]! : this.#last
    this.#last = bytes[bytes.length - 1]!
  }
}

/** A whole message in one buffer, its final dot included. */
export function frame(message: readonly Uint8Array[], lineLimit = 0): Buffer {
  let size = 0
  for (const part of message) size += part.length
  const out = Buffer.allocUnsafe(size + 5)
  let at = 0
  for (const part of message) {
    out.set(part, at)
    at += part.length
  }
  const plain = out.subarray(0, size)
  if (plain[0] === PERIOD || plain.indexOf(LF_DOT) >= 0 || !hasShortLines(plain, lineLimit))
    return stuffed(plain, lineLimit)
  const ended = plain[size - 2] === CR && plain[size - 1] === LF
  return out.subarray(0, size + out.write(ended ? '.\r\n' : '\r\n.\r\n', size, 'latin1'))
}
function stuffed(plain: Buffer, lineLimit: number): Buffer {
  const stuffer = new Stuffer(lineLimit)
  return Buffer.concat([...stuffer.chunk(plain), ...stuffer.end()])
}
const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
