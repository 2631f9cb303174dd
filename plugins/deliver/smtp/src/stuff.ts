/**
 * The message in its form on the wire: dot-stuffed and ended with a dot (RFC 5321 section 4.5.2). The content has CRLF
 * line ends already. A dot is doubled behind any LF, also a bare one: a receiver that takes a bare LF for the end of a
 * line must not see a lone dot that we did not mean.
 */
const LF_DOT = Buffer.from('\n.')
const DOT = Buffer.from('.')
const CRLF = Buffer.from('\r\n')
const LF = 10
const CR = 13
const PERIOD = 46

/** Stuffs a message that comes in chunks. */
export class Stuffer {
  #previous = CR
  #last = LF

  /** The chunk in pieces, with the dots that must be put between. */
  chunk(chunk: Uint8Array): Uint8Array[] {
    if (chunk.length === 0) return []
    const bytes = asBuffer(chunk)
    const out: Uint8Array[] = []
    let from = 0
    if (this.#last === LF && bytes[0] === PERIOD) out.push(DOT)
    for (let at = bytes.indexOf(LF_DOT); at >= 0; at = bytes.indexOf(LF_DOT, at + 1)) {
      out.push(bytes.subarray(from, at + 1), DOT)
      from = at + 1
    }
    out.push(bytes.subarray(from))
    this.#previous = bytes.length > 1 ? bytes[bytes.length - 2]! : this.#last
    this.#last = bytes[bytes.length - 1]!
    return out
  }
  /** What ends the message. */
  end(): string {
    return this.#previous === CR && this.#last === LF ? '.\r\n' : '\r\n.\r\n'
  }
}

/** A whole message in one buffer: header, empty line, body, final dot. */
export function frame(header: Uint8Array, body: readonly Uint8Array[]): Buffer {
  let size = header.length + 2
  for (const part of body) size += part.length
  const out = Buffer.allocUnsafe(size + 5)
  out.set(header)
  out.set(CRLF, header.length)
  let at = header.length + 2
  for (const part of body) {
    out.set(part, at)
    at += part.length
  }
  const plain = out.subarray(0, size)
  if (plain[0] === PERIOD || plain.indexOf(LF_DOT) >= 0) return stuffed(plain)
  const ended = plain[size - 2] === CR && plain[size - 1] === LF
  return out.subarray(0, size + out.write(ended ? '.\r\n' : '\r\n.\r\n', size, 'latin1'))
}
function stuffed(plain: Buffer): Buffer {
  const stuffer = new Stuffer()
  const pieces = stuffer.chunk(plain)
  return Buffer.concat([...pieces, Buffer.from(stuffer.end())])
}
const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
