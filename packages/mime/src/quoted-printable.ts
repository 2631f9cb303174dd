/** Content as quoted-printable (RFC 2045 section 6.7), with the line breaks that Postfix chooses. */

const LF = 10
const CR = 13
const SPACE = 32
const TAB = 9
const EQUALS = 61
/** characters of a line behind which it is broken before the next one */
const CRITICAL = 72
const HEX = Buffer.from('0123456789ABCDEF')

export class QuotedPrintable {
  /** characters of the line so far, what is held back counted in */
  #column = 0
  /** a space or tab that may turn out to be the last of its line */
  #blank = 0
  /** a CR that may turn out to be half a line end */
  #cr = false

  chunk(bytes: Uint8Array): Buffer {
    // 3 for each byte and a break after every 24 of them, and what is held back
    const out = Buffer.allocUnsafe(bytes.length * 4 + 16)
    let to = 0
    for (const byte of bytes) {
      if (this.#cr && byte !== LF) to = this.#put(out, to, CR)
      this.#cr = byte === CR
      if (this.#cr) continue
      to = byte === LF ? this.#lineEnd(out, to) : this.#put(out, to, byte)
    }
    return out.subarray(0, to)
  }
  /** What was held back; the last line needs no end. */
  end(): Buffer {
    const out = Buffer.allocUnsafe(16)
    let to = 0
    if (this.#cr) to = this.#put(out, to, CR)
    this.#cr = false
    if (this.#column > 0) to = this.#lineEnd(out, to)
    return out.subarray(0, to)
  }

  #put(out: Buffer, at: number, byte: number): number {
    let to = this.#blank === 0 ? at : out.writeUInt8(this.#blank, at)
    this.#blank = 0
    if (this.#column > CRITICAL) {
      to = out.writeUInt8(EQUALS, to)
      to = lineBreak(out, to)
      this.#column = 0
    }
    if (byte === SPACE || byte === TAB) {
      this.#blank = byte
      this.#column++
      return to
    }
    if (byte > SPACE && byte < 127 && byte !== EQUALS) {
      this.#column++
      return out.writeUInt8(byte, to)
    }
    this.#column += 3
    return quote(out, to, byte)
  }
  #lineEnd(out: Buffer, at: number): number {
    const to = this.#blank === 0 ? at : quote(out, at, this.#blank)
    this.#blank = 0
    this.#column = 0
    return lineBreak(out, to)
  }
}
function quote(out: Buffer, at: number, byte: number): number {
  out[at] = EQUALS
  out[at + 1] = HEX[byte >> 4]!
  out[at + 2] = HEX[byte & 15]!
  return at + 3
}
function lineBreak(out: Buffer, at: number): number {
  out[at] = CR
  out[at + 1] = LF
  return at + 2
}
