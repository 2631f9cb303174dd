/** The input format of postmap(1): `key value` lines, comments, continuation lines. */

/** What is wrong with a line; the line is skipped unless `kept`. */
export interface LineProblem {
  readonly line: number
  readonly what: string
  readonly kept: boolean
}
export interface ParsedLine {
  readonly key: string
  readonly value: string
}

/** One logical line with the number (from 1) of the physical line it starts at. */
export interface LogicalLine {
  readonly line: number
  readonly text: string
}

/**
 * Logical lines: empty lines and lines whose first character that is not white space is `#` are skipped, also between a
 * line and its continuation; a line that starts with white space continues the one before.
 */
export function* logicalLines(text: string, problem: (p: LineProblem) => void): Generator<LogicalLine> {
  let pending: LogicalLine | undefined
  let number = 0
  for (let start = 0; start < text.length;) {
    let end = text.indexOf('\n', start)
    if (end < 0) end = text.length
    number++
    const stop = end > start && text[end - 1] === '\r' ? end - 1 : end
    const code = text.charCodeAt(start)
    // the usual line begins with a letter: told apart without a regular expression
    if (code > 32 && code !== 35) {
      if (pending) yield pending
      pending = { line: number, text: text.slice(start, stop) }
    } else {
      const raw = text.slice(start, stop)
      const bare = raw.trimStart()
      if (bare !== '' && !bare.startsWith('#')) {
        if (pending) pending = { line: pending.line, text: pending.text + raw }
        else problem({ line: number, what: 'logical line must not start with whitespace', kept: false })
      }
    }
    start = end + 1
  }
  if (pending) yield pending
}

const PLAIN = /^([^\s"\\]+)\s+(\S[\s\S]*)$/

/** Splits at the first white space outside quotes; the quotes stay part of the key, as postmap 3.x leaves them. */
export function parseLine({ line, text }: LogicalLine, problem: (p: LineProblem) => void): ParsedLine | undefined {
  const plain = PLAIN.exec(text)
  const at = plain ? plain[1]!.length : keyEnd(text)
  if (at < 0) {
    problem({ line, what: `unbalanced '"' in '${text.slice(0, 80)}'`, kept: false })
    return undefined
  }
  const key = text.slice(0, at)
  const value = text.slice(at).trim()
  if (key === '' || value === '') {
    problem({ line, what: 'expected format: key whitespace value', kept: false })
    return undefined
  }
  if (key.endsWith(':')) problem({ line, what: 'record is in "key: value" format; is this an alias file?', kept: true })
  return { key, value }
}

/** Index of the white space that ends the key; -1 when a quote is open. */
function keyEnd(text: string): number {
  let quoted = false
  let i = 0
  for (; i < text.length; i++) {
    const c = text[i]!
    if (c === '\\') i++
    else if (c === '"') quoted = !quoted
    else if (!quoted && /\s/.test(c)) break
  }
  return quoted ? -1 : Math.min(i, text.length)
}
