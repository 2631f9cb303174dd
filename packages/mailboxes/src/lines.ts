/** CRLF, as the queue keeps lines, to LF, as files have them. */

const CR = 13
const LF = 10
/** Up to here a round trip over a one-byte string is faster than a search and a copy for each line. */
const SHORT = 32 * 1024

/** A lone CR or LF stays as it is; so does a CR at the end, whatever follows it elsewhere. */
export function toLf(bytes: Uint8Array): Buffer {
  const from = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return from.length <= SHORT
    ? Buffer.from(from.toString('latin1').replaceAll('\r\n', '\n'), 'latin1')
    : copyLines(from)
}

function copyLines(from: Buffer): Buffer {
  const to = Buffer.allocUnsafe(from.length)
  let length = 0
  let start = 0
  for (let at = from.indexOf(CR); at >= 0; at = from.indexOf(CR, at + 1)) {
    if (from[at + 1] !== LF) continue
    length += from.copy(to, length, start, at)
    start = at + 1
  }
  length += from.copy(to, length, start)
  return to.subarray(0, length)
}

/** The same for content that comes in pieces: a CR at the end of one waits for the next. */
export class LfStream {
  #held = false
  /** ends the last line, if it is not ended */
  #last = LF

  push(chunk: Uint8Array): Buffer {
    if (chunk.length === 0) return Buffer.alloc(0)
    const joined = this.#held ? Buffer.concat([Buffer.of(CR), chunk]) : chunk
    this.#held = joined[joined.length - 1] === CR
    const out = toLf(this.#held ? joined.subarray(0, -1) : joined)
    if (out.length > 0) this.#last = out[out.length - 1]!
    return out
  }
  end(): Buffer {
    const tail = this.#held ? [CR, LF] : this.#last === LF ? [] : [LF]
    this.#held = false
    this.#last = LF
    return Buffer.from(tail)
  }
}
