import { ByteSet, classNamed } from './byte-set.ts'
import type { Scanner } from './scanner.ts'
import { BadPattern, Inexpressible } from './tree.ts'

/** Letters behind a backslash that stand for a set, in a bracket expression too. */
export const TYPE_LETTERS = 'dDwWsShHvV'

export function typeSet(letter: string): ByteSet {
  const set = small(letter.toLowerCase())
  return letter === letter.toLowerCase() ? set : set.negate()
}
function small(letter: string): ByteSet {
  switch (letter) {
    case 'd':
      return classNamed('digit')!
    case 'w':
      return classNamed('word')!
    case 's':
      return classNamed('space')!
    case 'h':
      return ByteSet.of([0x09, 0x09], [0x20, 0x20], [0xa0, 0xa0])
    default:
      return ByteSet.of([0x0a, 0x0d], [0x85, 0x85])
  }
}

const PLAIN: Readonly<Record<string, number>> = { a: 7, e: 27, f: 12, n: 10, r: 13, t: 9 }
/** letters that mean something to PCRE which RE2 cannot do */
const REFUSED: Readonly<Record<string, string>> = {
  g: 'the back reference \\g',
  k: 'the back reference \\k',
  K: 'the start of a match \\K',
  R: 'the line end \\R',
  X: 'the grapheme \\X',
  p: 'the Unicode property \\p',
  P: 'the Unicode property \\P',
}

/** The one byte that an escape stands for; the scanner is behind the backslash. */
export function characterEscape(scanner: Scanner, inClass: boolean): number {
  const bad = (what: string, at = scanner.at): never => {
    throw new BadPattern(`error in regex at offset ${at}: ${what}`)
  }
  const byte = (n: number): number => (n > 255 ? bad('character code point value in \\x{} or \\o{} is too large') : n)
  if (scanner.done) bad('\\ at end of pattern')
  if (/\d/.test(scanner.peek())) return number(scanner, inClass, byte)
  const c = scanner.next()
  if (!/[a-z]/i.test(c)) return c.charCodeAt(0)
  const plain = PLAIN[c]
  if (plain !== undefined) return plain
  const refused = REFUSED[c]
  if (refused !== undefined && !(inClass && /[gkKRX]/.test(c))) throw new Inexpressible(refused)
  if (c === 'x') {
    if (!scanner.take('{')) return parseInt(scanner.match(/[\da-f]{1,2}/iy)?.[0] ?? '0', 16)
    const digits = scanner.match(/([\da-f]+)\}/iy)?.[1]
    return byte(
      digits === undefined ? bad('non-hex character in \\x{} (closing brace missing?)') : parseInt(digits, 16),
    )
  }
  if (c === 'o') {
    const digits = scanner.match(/\{([0-7]+)\}/y)?.[1]
    return byte(digits === undefined ? bad('missing opening brace after \\o') : parseInt(digits, 8))
  }
  if (c === 'c') {
    const of = scanner.next()
    if (!/[ -~]/.test(of)) bad('\\c must be followed by a printable ASCII character')
    return of.toUpperCase().charCodeAt(0) ^ 64
  }
  if (/[LlUuNF]/.test(c)) return bad('PCRE2 does not support \\F, \\L, \\l, \\N{name}, \\U, or \\u')
  return bad('unrecognized character follows \\', scanner.at - 1)
}

/** `\0`, `\012`; outside brackets one digit, or the number of a group, is a back reference. */
function number(scanner: Scanner, inClass: boolean, byte: (n: number) => number): number {
  const digits = scanner.match(/\d+/y)![0]
  const opened = scanner.text.split('(').length - 1
  const n = Number(digits)
  if (!inClass && digits[0] !== '0' && (n < 10 || n <= opened))
    throw new Inexpressible(`the back reference \\${digits}`)
  const octal = /^[0-7]{1,3}/.exec(digits)?.[0]
  // \8 and \9 are the digits
  const taken = octal ?? digits[0]!
  scanner.at -= digits.length - taken.length
  return octal === undefined ? taken.charCodeAt(0) : byte(parseInt(octal, 8))
}
