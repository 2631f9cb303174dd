/** Bytes from the server into replies (RFC 5321 section 4.2.1); lines of one reply are joined by LF. */
import type { MaybePromise } from '@postern/core'

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

/** What to read in place of a line. */
export type ReplyFilter = (line: string) => MaybePromise<string>

export class ReplyReader {
  /** asked for each line, without its end */
  filter: ReplyFilter | undefined
  /** of the line that has not ended: its beginning */
  #text = ''
  /** of the reply that has not ended */
  #partial = ''
  #bytes = 0

  /**
   * Calls `reply` for each whole reply; when it answers false, the rest is dropped. False when a reply is too long. It is called again only
   * when what it answered has come to its end.
   */
  read(chunk: Buffer, reply: (text: string) => boolean): MaybePromise<boolean> {
    const text = this.#text === '' ? chunk.toString('latin1') : this.#text + chunk.toString('latin1')
    this.#text = ''
    this.#bytes += chunk.length
    return this.#lines(text, 0, reply)
  }
  #lines(text: string, start: number, reply: (text: string) => boolean): MaybePromise<boolean> {
    let from = start
    for (let at = text.indexOf('\n', from); at >= 0; at = text.indexOf('\n', from)) {
      const line = printable(text.slice(from, at).slice(0, MAX_LINE).replace(/\r+$/, ''))
      from = at + 1
      const read = this.filter ? filtered(this.filter, line) : line
      if (read instanceof Promise) {
        const rest = from
        return read.then((then) => (this.#line(then, reply) ? this.#lines(text, rest, reply) : true))
      }
      if (!this.#line(read, reply)) return true
    }
    this.#text = text.slice(from, from + MAX_LINE)
    return this.#bytes <= MAX_REPLY
  }
  #line(line: string, reply: (text: string) => boolean): boolean {
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
const encoded = (text: string): string => Buffer.from(text).toString('latin1')
/** Tables know text, replies are kept as bytes until they are whole. */
function filtered(filter: ReplyFilter, line: string): MaybePromise<string> {
  const told = filter(decoded(line))
  return told instanceof Promise ? told.then(encoded) : encoded(told)
}
