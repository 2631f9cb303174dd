/**
 * Long lines broken as Postfix does it (`smtp_line_length_limit`): behind as many bytes as are allowed, the rest goes on in a new line behind
 * a space. RFC 5321 section 4.5.3.1.6 allows 998 without the line end.
 */
const BREAK = Buffer.from('\r\n ')
const CR = 13
const LF = 10
const CARRIAGE_RETURN = Buffer.from('\r')

/** Breaks the lines of a message that comes in chunks. */
export class LineBreaker {
  readonly #limit: number
  /** bytes that the line so far leaves */
  #room: number
  /** a CR that may be half a line end was held back */
  #cr = false

  /** `limit`: bytes without line end; 0: any number */
  constructor(limit: number) {
    this.#limit = limit === 0 ? Infinity : limit
    this.#room = this.#limit
  }
  /** The chunk in pieces. A chunk without long lines is one. */
  chunk(chunk: Uint8Array): Uint8Array[] {
    if (chunk.length === 0) return []
    if (this.#limit === Infinity) return [chunk]
    const bytes = this.#cr ? Buffer.concat([CARRIAGE_RETURN, chunk]) : asBuffer(chunk)
    this.#cr = false
    if (!fits(bytes, this.#room, this.#limit)) return this.#broken(bytes)
    const last = bytes.lastIndexOf(LF)
    this.#room = (last < 0 ? this.#room : this.#limit) - (bytes.length - last - 1)
    return [bytes]
  }
  /** What was held back. */
  end(): Uint8Array[] {
    return this.#cr ? [CARRIAGE_RETURN] : []
  }

  #broken(bytes: Buffer): Uint8Array[] {
    const out: Uint8Array[] = []
    let from = 0
    for (let at = 0; at < bytes.length;) {
      const found = bytes.indexOf(LF, at)
      const next = found < 0 ? bytes.length : found + 1
      const end = endOfContent(bytes, at, next)
      while (end - at > this.#room) {
        at += this.#room
        out.push(bytes.subarray(from, at), BREAK)
        from = at
        this.#room = this.#limit - 1
      }
      this.#room = found < 0 ? this.#room - (end - at) : this.#limit
      at = next
    }
    this.#cr = bytes.at(-1) === CR
    const rest = bytes.subarray(from, this.#cr ? bytes.length - 1 : bytes.length)
    if (rest.length > 0) out.push(rest)
    return out
  }
}
/** Has a message no line that is longer? */
export const hasShortLines = (bytes: Buffer, limit: number): boolean => limit === 0 || fits(bytes, limit, limit)

/** `room`: what is left of the first line. One look for a thousand bytes, not one for each line. */
function fits(bytes: Buffer, room: number, limit: number): boolean {
  let at = 0
  let allowed = room
  while (bytes.length - at > allowed) {
    // the LF of a line that is just short enough stands behind its CR
    const most = at + allowed + 1
    let end = bytes.lastIndexOf(LF, most)
    if (end === most && bytes[end - 1] !== CR) end = bytes.lastIndexOf(LF, end - 1)
    if (end < at) return false
    at = end + 1
    allowed = limit
  }
  return true
}
/** `next`: where the next line begins; of a CR at the end of what is there nobody knows whether it is half a line end */
function endOfContent(bytes: Buffer, at: number, next: number): number {
  const end = bytes[next - 1] === LF ? next - 1 : next
  return end > at && bytes[end - 1] === CR ? end - 1 : end
}
const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
