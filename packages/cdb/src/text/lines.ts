/**
 * Logical lines of a table's text, piece by piece. Empty lines and lines whose first character that is not white space is
 * `#` are skipped, also between a line and its continuation; a line that starts with white space continues the one before.
 */
import { isUtf8 } from 'node:buffer'
import { trimmed } from './entry.ts'
import type { LogicalLine, Tell } from './entry.ts'

/** A line with its continuations of more characters is a wrong file; it would be held in memory whole. */
const MAX_LINE = 16 * 1024 * 1024

/** A text that will not get better by being read again. */
export class BadText extends Error {}

export class Lines {
  readonly #take: (line: LogicalLine) => void
  readonly #tell: Tell
  #line = 0
  #start = 0
  #text: string | undefined
  #bad = false

  constructor(take: (line: LogicalLine) => void, tell: Tell) {
    this.#take = take
    this.#tell = tell
  }
  /** Whole physical lines; only the last piece of a text may end without a line end. Throws for a line without end. */
  push(bytes: Buffer): void {
    const utf8 = isUtf8(bytes)
    const text = bytes.toString(utf8 ? 'utf8' : 'latin1')
    for (let start = 0; start < text.length;) {
      let end = text.indexOf('\n', start)
      if (end < 0) end = text.length
      this.#line++
      const stop = end > start && text.charCodeAt(end - 1) === 13 ? end - 1 : end
      const raw = text.slice(start, stop)
      const text8 = utf8 ? raw : recode(raw)
      this.#physical(text8 ?? raw, text8 !== undefined)
      start = end + 1
    }
  }
  /** The last logical line. */
  end(): void {
    const text = this.#text
    this.#text = undefined
    if (text === undefined) return
    if (this.#bad) this.#tell({ line: this.#start, what: `non-UTF-8 input "${shown(text)}"`, kept: false })
    else this.#take({ line: this.#start, text })
  }

  #physical(raw: string, utf8: boolean): void {
    const code = raw === '' ? 32 : raw.charCodeAt(0)
    // the usual line begins with a letter: told apart at once
    if (code !== 32 && code !== 35 && !(code >= 9 && code <= 13)) {
      this.end()
      this.#start = this.#line
      this.#text = raw
      this.#bad = !utf8
      return
    }
    const bare = trimmed(raw)
    if (bare === '' || bare.startsWith('#')) return
    if (this.#text === undefined)
      return this.#tell({ line: this.#line, what: 'logical line must not start with whitespace', kept: false })
    this.#text += raw
    this.#bad ||= !utf8
    if (this.#text.length > MAX_LINE) throw new BadText(`line ${this.#start}: longer than ${MAX_LINE} characters`)
  }
}
/** One line of a piece that is not UTF-8 as a whole: its bytes were taken for Latin-1. */
function recode(latin1: string): string | undefined {
  const bytes = Buffer.from(latin1, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined
}
const shown = (text: string): string => text.slice(0, 80).replace(/[^\x20-\x7e]/g, '?')
