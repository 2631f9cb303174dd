/**
 * What Postfix does to the first lines of a message before its own Received: goes in front of them: a From_ line of a
 * mailbox file becomes a header, and a message that begins with white space must not continue that Received:.
 */
const GT = 62
const F = 70
const SPACE = 32
const TAB = 9
const LF = 10
const CRLF = Buffer.from('\r\n')
/** A From_ line is not longer than this; what is begins the body. */
const LONGEST = 2048

export class Prelude {
  /** nothing more to look at: the content goes by */
  done = false
  #held: Buffer | undefined

  /** What to pass on for `chunk`; pieces in order. */
  take(chunk: Buffer): Buffer[] {
    let rest = this.#held ? Buffer.concat([this.#held, chunk]) : chunk
    this.#held = undefined
    const out: Buffer[] = []
    while (rest.length > 0) {
      if (rest[0] === SPACE || rest[0] === TAB) out.push(CRLF)
      if (rest[0] !== GT && rest[0] !== F) break
      const lf = rest.indexOf(LF)
      if (lf < 0 && rest.length < LONGEST) {
        // a copy: a short line must not keep a large chunk in memory
        this.#held = Buffer.from(rest)
        return out
      }
      if (lf < 0 || !/^>*From /.test(rest.toString('latin1', 0, lf))) break
      out.push(Buffer.from('X-Mailbox-Line: '), rest.subarray(0, lf + 1))
      rest = rest.subarray(lf + 1)
    }
    if (rest.length === 0) return out
    this.done = true
    out.push(rest)
    return out
  }

  /** The content ended before its first line did. */
  flush(): Buffer | undefined {
    const held = this.#held
    this.#held = undefined
    this.done = true
    return held
  }
}
