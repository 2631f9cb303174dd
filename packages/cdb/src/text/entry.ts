/** One line of a table as people write it. */

export interface LogicalLine {
  /** number (from 1) of the physical line it starts at */
  readonly line: number
  readonly text: string
}
/** What is wrong with a line; it is left out unless `kept`. */
export interface LineProblem {
  readonly line: number
  readonly what: string
  readonly kept: boolean
}
export interface Entry {
  readonly key: string
  readonly value: string
}
/** `table`: `key value`, the input of postmap(1); `aliases`: `key: value`, aliases(5), the input of postalias(1) */
export type TextFormat = 'table' | 'aliases'
export const FORMATS = ['table', 'aliases'] as const satisfies readonly TextFormat[]

export type Tell = (problem: LineProblem) => void

export const parseEntry = (format: TextFormat, line: LogicalLine, tell: Tell): Entry | undefined =>
  format === 'table' ? parseLine(line, tell) : parseAlias(line, tell)

/** C's isspace() in the C locale: a no-break space or a byte order mark is part of a word, as Postfix has it */
const SPACE = '[ \\t\\n\\v\\f\\r]'
const PLAIN = new RegExp(`^([^"\\\\ \\t\\n\\v\\f\\r]+)${SPACE}+([^ \\t\\n\\v\\f\\r][^]*)$`)
const ENDS = new RegExp(`^${SPACE}+|${SPACE}+$`, 'g')
const isSpace = (c: string) => c === ' ' || (c >= '\t' && c <= '\r')
export const trimmed = (text: string): string => {
  if (text === '' || (!isSpace(text[0]!) && !isSpace(text.at(-1)!))) return text
  return text.replace(ENDS, '')
}

/** Splits at the first white space outside quotes; the quotes stay part of the key, as postmap 3.x leaves them. */
export function parseLine({ line, text }: LogicalLine, tell: Tell): Entry | undefined {
  const plain = PLAIN.exec(text)
  const at = plain ? plain[1]!.length : end(text, isSpace)
  if (at < 0) {
    tell({ line, what: `unbalanced '"' in '${text.slice(0, 80)}'`, kept: false })
    return undefined
  }
  const key = text.slice(0, at)
  const value = trimmed(text.slice(at))
  if (key === '' || value === '') {
    tell({ line, what: 'expected format: key whitespace value', kept: false })
    return undefined
  }
  if (key.endsWith(':')) tell({ line, what: 'record is in "key: value" format; is this an alias file?', kept: true })
  return { key, value }
}

/** Splits at the first colon outside quotes. Keys lose their quotes and backslashes: names are compared as they are meant. */
export function parseAlias({ line, text }: LogicalLine, tell: Tell): Entry | undefined {
  const bad = (what: string) => tell({ line, what, kept: false })
  const at = end(text, (c) => c === ':')
  const name = trimmed(text.slice(0, Math.max(at, 0)))
  const value = at < 0 ? '' : parted(trimmed(text.slice(at + 1)))
  if (name === '' || value === '' || end(name, (c) => c === ',') < name.length) {
    bad('need name:value pair')
    return undefined
  }
  if (end(name, (c) => c === '@') < name.length) {
    bad('name must be local')
    return undefined
  }
  const key = unquoted(name)
  if (key === '') bad('need name:value pair')
  return key === '' ? undefined : { key, value }
}

/** Index of the first character outside quotes that `stops`; the length when there is none; -1 when a quote is open. */
function end(text: string, stops: (c: string) => boolean): number {
  let quoted = false
  let i = 0
  for (; i < text.length; i++) {
    const c = text[i]!
    if (c === '\\') i++
    else if (c === '"') quoted = !quoted
    else if (!quoted && stops(c)) return i
  }
  return quoted ? -1 : text.length
}
/** White space outside quotes and comments as postalias leaves it: one blank between words and behind each comma. */
function parted(value: string): string {
  let out = ''
  let quoted = false
  let depth = 0
  let gap = false
  for (let i = 0; i < value.length; i++) {
    const c = value[i]!
    if (!quoted && depth === 0 && isSpace(c)) {
      gap = true
      continue
    }
    if (gap && c !== ',' && c !== '@' && !out.endsWith('@')) out += ' '
    gap = c === ',' && !quoted && depth === 0
    if (c === '"' && depth === 0) quoted = !quoted
    else if (c === '(' && !quoted) depth++
    else if (c === ')' && depth > 0) depth--
    out += c === '\\' ? c + (value[++i] ?? '') : c
  }
  return out
}
/** RFC 5322 section 3.2.4: what is quoted as it is meant; white space between words is one blank. */
function unquoted(name: string): string {
  let out = ''
  let quoted = false
  for (let i = 0; i < name.length; i++) {
    const c = name[i]!
    if (c === '"') quoted = !quoted
    else if (c === '\\') out += name[++i] ?? ''
    else if (quoted || !isSpace(c)) out += c
    else if (!isSpace(name[i - 1]!)) out += ' '
  }
  return out
}
