/** Line breaking as in Postfix's reports: 79 columns, later lines indented by four. */

const WIDTH = 79
const INDENT = 4
/** bytes; RFC 5322 section 2.1.1 allows a line 998 */
const LONGEST_WORD = 900

/**
 * Breaks at blanks; a longer word stays whole, unless no line could hold it. Columns are bytes of UTF-8, so that no line
 * is too long for SMTP whatever the script.
 */
export function wrap(given: string): string[] {
  const text = given.replace(/[^ \t]{300,}/g, broken)
  const lines: string[] = []
  let start = 0
  for (const word of text.matchAll(/[^ \t]+/g)) {
    const width = lines.length === 0 ? WIDTH : WIDTH - INDENT
    const end = word.index + word[0].length
    if (word.index > start && Buffer.byteLength(text.slice(start, end)) > width) {
      lines.push(text.slice(start, word.index).trimEnd())
      start = word.index
    }
  }
  lines.push(text.slice(start).trimEnd())
  return lines.map((line, i) => (i === 0 ? line : ' '.repeat(INDENT) + line))
}
/** In one line, where it may be one (RFC 5322 section 2.1.1). */
export const within = (text: string): string[] => (Buffer.byteLength(text) <= 998 ? [text] : wrap(text))
function broken(word: string): string {
  const pieces = ['']
  let bytes = 0
  for (const character of word) {
    bytes += Buffer.byteLength(character)
    if (bytes > LONGEST_WORD) {
      pieces.push('')
      bytes = Buffer.byteLength(character)
    }
    pieces[pieces.length - 1] += character
  }
  return pieces.join(' ')
}
/** One line for a report: what a remote host said may not begin a header field or a MIME part of ours. */
export const oneLine = (text: string): string =>
  text
    .replace(/[\r\n\t]+/g, ' ')
    // eslint-disable-next-line no-control-regex
    .replace(/[\x00-\x1f\x7f]/g, '?')
    .trim()
