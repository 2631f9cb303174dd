/** Bytes from the server into replies (RFC 5321 section 4.2.1); lines of one reply are joined by LF. */

/** Postfix's line_length_limit: what is longer is cut; text that has grown so long takes no further line. */
export const MAX_LINE = 2048
/** Bytes of one reply: one that never ends must not hold us for ever. */
const MAX_REPLY = 1_048_576
const ENDS = /^\d{3}(?: |$)/
const CODED = /^\d{3}(?:[ -]|$)/

/** The code of a reply is that of its last line. */
export const codeOf = (reply: string): string => {
  const last = reply.lastIndexOf('\n') + 1
  return reply.slice(last, last + 3)
}
/** The reply without lines that are none of a reply. */
export const codedLines = (reply: string): string =>
  reply
    .split('\n')
    .filter((line) => CODED.test(line))
    .join('\n')

export class ReplyReader {
  /** of the line that has not ended: its beginning */
  #text = ''
  /** of the reply that has not ended */
  #partial = ''
  #bytes = 0

  /** Calls `reply` for each whole reply; when it answers false, the rest is dropped. False when a reply is too long. */
  read(chunk: Buffer, reply: (text: string) => boolean): boolean {
    const text = this.#text === '' ? chunk.toString('latin1') : this.#text + chunk.toString('latin1')
    this.#text = ''
    this.#bytes += chunk.length
    let from = 0
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
      const line = text.slice(from, at)
      from = at + 1
      if (!this.#line(line, reply)) return true
    }
    this.#text = text.slice(from, from + MAX_LINE)
    return this.#bytes <= MAX_REPLY
  }
  #line(raw: string, reply: (text: string) => boolean): boolean {
    const line = printable(raw.slice(0, MAX_LINE).replace(/\r+$/, ''))
    const ends = ENDS.test(line)
    // a line that has no code is no reply: as for Postfix, it belongs to the text of the one that follows
    const all = this.#partial === '' ? line : this.#joined(line, ends)
    this.#partial = ends ? '' : all
    if (!ends) return true
    this.#bytes = 0
    return reply(decoded(all))
  }
  #joined(line: string, ends: boolean): string {
    if (this.#partial.length < MAX_LINE) return `${this.#partial}\n${line}`
    // it has the code that counts; `oneLine` does not print it
    return ends ? `${this.#partial}\n${line}` : this.#partial
  }
}

/** Bytes that are neither printable ASCII nor part of a UTF-8 character become `?`. */
const printable = (bytes: string): string =>
  /[^\x20-\x7e]/.test(bytes)
    ? bytes.replace(/[\xc2-\xfe][\x80-\xbf]+|[^\x20-\x7e]/g, (c) => (c.length > 1 ? c : '?'))
    : bytes
const decoded = (bytes: string): string =>
  /[\x80-\xff]/.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes
