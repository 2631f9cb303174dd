/** How Postfix cuts text into words. White space is C's isspace() in some places and four characters in others. */

const SPACE = /[ \t\n\v\f\r]/
/** Between words of lists and fields. */
export const BLANKS = ' \t\r\n'
/** Between the elements of most lists in main.cf. */
export const COMMA_BLANKS = `,${BLANKS}`

export const isSpace = (c: string | undefined) => c !== undefined && SPACE.test(c)
export const trimEnd = (text: string) => text.replace(/[ \t\n\v\f\r]+$/, '')
export const trimStart = (text: string) => text.replace(/^[ \t\n\v\f\r]+/, '')

/** Words between separators; inside `{ }`, which nest and may begin within a word, nothing separates. */
export function words(text: string, separators: string, braces = true): string[] {
  const found: string[] = []
  let word = ''
  let level = 0
  for (const c of text) {
    if (level === 0 && separators.includes(c)) {
      if (word !== '') found.push(word)
      word = ''
      continue
    }
    if (braces && c === '{') level++
    else if (braces && c === '}' && level > 0) level--
    word += c
  }
  if (word !== '') found.push(word)
  return found
}

/** How many characters the balanced `{ }` at the start have; 0 when it is not closed. */
function balanced(text: string): number {
  let level = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '{') level++
    else if (text[i] === '}' && --level === 0) return i + 1
  }
  return 0
}

export interface Unwrapped {
  text: string
  problem?: string
}
/** What stands inside `{ }`. Where something is wrong with them, what Postfix makes of it, and its words for it. */
export function unwrap(word: string, strip: boolean): Unwrapped {
  const end = word.startsWith('{') ? balanced(word) : 0
  let text = end > 0 ? word.slice(1, end - 1) : word.slice(1)
  if (strip) text = trimStart(trimEnd(text))
  if (!word.startsWith('{')) return { text: '', problem: `no '{' at start of text in "${word}"` }
  if (end === 0) return { text, problem: `missing '}' in "${word}"` }
  if (end < word.length) return { text, problem: `syntax error after '}' in "${word}"` }
  return { text }
}

export type NameValue = { name: string; value: string } | { problem: string }
/** `name = value`, as a logical line, an -o argument or what stands inside its braces. */
export function nameValue(text: string): NameValue {
  const line = trimStart(text)
  if (line === '' || line.startsWith('=')) return { problem: 'missing attribute name' }
  const name = /^[^= \t\n\v\f\r]+/.exec(line)![0]
  const rest = trimStart(line.slice(name.length))
  if (!rest.startsWith('=')) return { problem: "missing '=' after attribute name" }
  return { name, value: trimEnd(trimStart(rest.slice(1))) }
}
