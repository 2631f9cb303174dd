/** One line of a table, taken apart; its text is bytes. */
import { blanks } from '@postern/lookup-kit'
import { parsePerl } from './syntax/perl.ts'
import { parsePosix } from './syntax/posix.ts'
import { BadPattern } from './syntax/tree.ts'
import type { Parsed } from './syntax/tree.ts'
import { BadTemplate, Template } from './template.ts'

export type Notation = 'regexp' | 'pcre'
export interface Dialect {
  readonly notation: Notation
  /** may results hold `$1`? */
  readonly substitution: boolean
}

/** `/pattern/flags`, perhaps with `!` in front */
export interface Condition {
  readonly negate: boolean
  readonly source: string
  readonly flags: string
}
export type Rule =
  | { readonly kind: 'if'; readonly condition: Condition }
  | { readonly kind: 'endif' }
  /** `and`: the second pattern of the old form `/a/!/b/` */
  | { readonly kind: 'match'; readonly condition: Condition; readonly and?: Condition; readonly template: Template }

/** The line is wrong, and Postfix skips it too; the message is Postfix's. */
export class BadRule extends Error {}

/** Reads a line; `warn` is told what is doubtful. Throws `BadRule`. `dialect.substitution`: may the result hold groups? */
export function parseRule({ notation, substitution }: Dialect, text: string, warn: (what: string) => void): Rule {
  const word = /^[a-z0-9]+/i.exec(text)?.[0].toLowerCase()
  if (word === undefined) return matchRule({ notation, substitution }, text, warn)
  const rest = blanks(text, word.length)
  if (word === 'endif') {
    if (rest < text.length) warn('ignoring extra text after ENDIF')
    return { kind: 'endif' }
  }
  if (word !== 'if') throw new BadRule('ignoring unrecognized request')
  const { condition, end } = readCondition(notation, text, rest)
  const extra = text.slice(blanks(text, end))
  if (extra !== '') warn(`ignoring extra text after IF statement: "${extra}"`)
  return { kind: 'if', condition }
}

function matchRule({ notation, substitution }: Dialect, text: string, warn: (what: string) => void): Rule {
  const first = readCondition(notation, text, 0)
  let { end } = first
  let and: Condition | undefined
  if (notation === 'regexp' && text[end] === '!') ({ condition: and, end } = readCondition(notation, text, end))
  const result = text.slice(blanks(text, end))
  if (result === '') warn('no replacement text: using empty string')
  let template: Template
  try {
    template = new Template(result)
  } catch (error) {
    if (!(error instanceof BadTemplate)) throw error
    throw new BadRule(`bad replacement syntax (${error.message}): skipping this rule`)
  }
  if (template.groups > 0 && first.condition.negate)
    throw new BadRule('$number found in negative match replacement text: skipping this rule')
  if (template.groups > 0 && !substitution)
    throw new BadRule('regular expression substitution is not allowed: skipping this rule')
  return { kind: 'match', condition: first.condition, and, template }
}

/** Reads `!/pattern/flags` from `at` on; any character but a letter, a digit or white space parts. */
function readCondition(notation: Notation, text: string, at: number): { condition: Condition; end: number } {
  let negate = false
  let start = at
  for (; text[start] === '!'; start = blanks(text, start + 1)) negate = !negate
  const delimiter = text[start]
  if (delimiter === undefined) throw new BadRule('no regexp: skipping this rule')
  let close = start + 1
  while (close < text.length && text[close] !== delimiter) close += text[close] === '\\' ? 2 : 1
  if (close >= text.length || text[close] !== delimiter)
    throw new BadRule(
      `no closing regexp delimiter "${printable(delimiter)}": ${notation === 'pcre' ? 'ignoring' : 'skipping'} this rule`,
    )
  const flags = /[^ \t-\r]*/y
  flags.lastIndex = close + 1
  let letters = flags.exec(text)![0]
  if (notation === 'regexp') letters = letters.split('!')[0]!
  const known = notation === 'regexp' ? /[^imx]/ : /[^imsxAEUX]/
  const unknown = known.exec(letters)
  if (unknown) throw new BadRule(`unknown regexp option "${printable(unknown[0])}": skipping this rule`)
  return {
    condition: { negate, source: text.slice(start + 1, close), flags: letters },
    end: close + 1 + letters.length,
  }
}
const printable = (c: string) => (c > ' ' && c <= '~' ? c : '?')

/** The pattern as a tree. Throws `BadRule` for what is wrong, `Inexpressible` for what RE2 cannot do. */
export function parseCondition(notation: Notation, { source, flags }: Condition, warn: (what: string) => void): Parsed {
  // each letter toggles: `ii` is what none is
  const on = (letter: string, by: boolean) => (flags.split(letter).length % 2 === 1 ? by : !by)
  try {
    if (notation === 'regexp')
      return parsePosix(source, { ignoreCase: on('i', true), newline: on('m', false), extended: on('x', true) })
    if (flags.includes('X')) warn('ignoring obsolete regexp option "X"')
    return parsePerl(source, {
      ignoreCase: on('i', true),
      multiline: on('m', false),
      dotAll: on('s', true),
      extended: on('x', false),
      anchored: on('A', false),
      dollarEndOnly: on('E', false),
      ungreedy: on('U', false),
    })
  } catch (error) {
    if (error instanceof BadPattern) throw new BadRule(error.message)
    throw error
  }
}
