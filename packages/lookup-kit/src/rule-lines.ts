/** The lines of a table file: regexp_table(5), pcre_table(5), cidr_table(5). */

export interface RuleLine {
  /** number of the physical line that it starts at, from 1 */
  readonly line: number
  readonly text: string
}
/** Something in a line that is wrong or doubtful. */
export interface RuleProblem {
  readonly line: number
  readonly what: string
  /** without this rule the table is not what was meant: lookups that come to it fail */
  readonly fatal?: boolean
}

/**
 * Logical lines without white space at their ends: empty lines and lines whose first character that is not white space
 * is `#` are skipped, also before a continuation; a line that starts with white space continues the one before.
 */
export function* ruleLines(text: string, problem: (p: RuleProblem) => void): Generator<RuleLine> {
  let pending: { line: number; text: string } | undefined
  let number = 0
  for (let start = 0; start < text.length;) {
    let end = text.indexOf('\n', start)
    if (end < 0) end = text.length
    number++
    const raw = text.slice(start, end)
    start = end + 1
    const first = raw.charCodeAt(blanks(raw))
    if (Number.isNaN(first) || first === HASH) continue
    if (!isBlank(raw.charCodeAt(0))) {
      if (pending) yield { line: pending.line, text: trimEnd(pending.text) }
      pending = { line: number, text: raw }
    } else if (pending) pending.text += raw
    else problem({ line: number, what: `logical line must not start with whitespace: "${trimEnd(raw.slice(0, 80))}"` })
  }
  if (pending) yield { line: pending.line, text: trimEnd(pending.text) }
}

const HASH = 35
/** White space of the C locale. JavaScript's `trim` would take byte A0 too, which ends an "à" in UTF-8. */
const isBlank = (code: number): boolean => code === 32 || (code >= 9 && code <= 13)
/** Index of the first character from `at` on that is not white space. */
export function blanks(text: string, at = 0): number {
  let i = at
  while (isBlank(text.charCodeAt(i))) i++
  return i
}
/** Index of the first white space from `at` on, or the end. */
export function word(text: string, at = 0): number {
  let i = at
  while (i < text.length && !isBlank(text.charCodeAt(i))) i++
  return i
}
function trimEnd(text: string): string {
  let end = text.length
  while (end > 0 && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(0, end)
}
