/** Bytes from the server into replies (RFC 5321 section 4.2.1); lines of one reply are joined by LF. */

/** More than any server has to say: one that never ends a reply must not fill our memory. */
const MAX_REPLY = 65_536

export class ReplyReader {
  #text = ''
  #partial: string | undefined

  /** Calls `reply` for each whole reply; when it answers false, the rest is dropped. False when a reply is too long. */
  read(chunk: Buffer, reply: (text: string) => boolean): boolean {
    const text = this.#text === '' ? chunk.toString('latin1') : this.#text + chunk.toString('latin1')
    this.#text = ''
    let from = 0
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
      const line = text.slice(from, text.charCodeAt(at - 1) === 13 ? at - 1 : at)
      from = at + 1
      if (!this.#line(line, reply)) return true
    }
    this.#text = text.slice(from)
    return this.#text.length + (this.#partial?.length ?? 0) <= MAX_REPLY
  }
  #line(line: string, reply: (text: string) => boolean): boolean {
    const all = this.#partial === undefined ? line : `${this.#partial}\n${line}`
    if (line.charCodeAt(3) === 45 && /^\d{3}-/.test(line)) {
      this.#partial = all
      return true
    }
    this.#partial = undefined
    return reply(decoded(all))
  }
}

/** UTF-8 where it is UTF-8 (RFC 6531 section 3.7.4.2), bytes as they came otherwise. */
function decoded(bytes: string): string {
  if (!/[\x80-\xff]/.test(bytes)) return bytes
  const text = Buffer.from(bytes, 'latin1').toString('utf8')
  return text.includes('\ufffd') ? bytes : text
}
