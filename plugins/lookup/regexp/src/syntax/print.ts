/** A tree as a pattern of RE2, for text whose characters are bytes (U+0000 to U+00FF). */
import type { ByteSet } from './byte-set.ts'
import type { Assertion, Node } from './tree.ts'
import { Inexpressible } from './tree.ts'

/** RE2 refuses more, also as a product of nested ones (its documentation: `x{n,m}`) */
const MAX_REPEAT = 1000

const ASSERTIONS: Readonly<Record<Assertion, string>> = {
  start: '\\A',
  end: '\\z',
  endOrNewline: '\\z',
  lineStart: '(?m:^)',
  lineEnd: '(?m:$)',
  word: '\\b',
  notWord: '\\B',
}

/**
 * Prints for RE2. `newlineEnd`: for text that ends in a newline, where `$` of PCRE may stand before it. RE2 cannot look
 * ahead, so the newline is then part of what `$` matches. Throws `Inexpressible` for what RE2 would refuse.
 */
export function printRe2(node: Node, newlineEnd = false): string {
  const printer = new Printer(newlineEnd)
  return `(?i)${printer.print(node, 1)}`
}

/**
 * All is printed to stand behind `(?i)`: what has no case is the same there, what has one is switched off by `(?-i:`.
 * RE2 folds all of Unicode, and so would take byte C3 for E3; bytes above 7F are always in such a group.
 */
class Printer {
  readonly #newlineEnd: boolean

  constructor(newlineEnd: boolean) {
    this.#newlineEnd = newlineEnd
  }

  print(node: Node, times: number): string {
    switch (node.type) {
      case 'byte':
        return node.fold || !hasCase(node.byte) ? escape(node.byte) : `(?-i:${escape(node.byte)})`
      case 'set':
        return printSet(node.set)
      case 'at':
        return this.#newlineEnd && node.what === 'endOrNewline' ? '\\n?\\z' : ASSERTIONS[node.what]
      case 'all':
        return node.of.map((n) => (n.type === 'any' ? `(?:${this.print(n, times)})` : this.print(n, times))).join('')
      case 'any':
        return node.of.map((n) => this.print(n, times)).join('|')
      case 'group':
        return `(${this.print(node.of, times)})`
      case 'repeat': {
        const { min, max, lazy } = node
        const most = Math.max(min, max === Infinity ? 0 : max, 1) * times
        if (most > MAX_REPEAT) throw new Inexpressible(`more than ${MAX_REPEAT} repetitions`)
        return `(?:${this.print(node.of, most)})${bounds(min, max)}${lazy ? '?' : ''}`
      }
    }
  }
}

function bounds(min: number, max: number): string {
  if (max === Infinity) return min === 0 ? '*' : min === 1 ? '+' : `{${min},}`
  if (min === 0 && max === 1) return '?'
  return min === max ? `{${min}}` : `{${min},${max}}`
}
const hasCase = (byte: number) => byte > 127 || /[a-z]/i.test(String.fromCharCode(byte))

function escape(byte: number): string {
  const char = String.fromCharCode(byte)
  if (/[a-z0-9 _@%,:;=<>"'`~!#&]/i.test(char)) return char
  return byte > 32 && byte < 127 ? `\\${char}` : `\\x{${byte.toString(16).padStart(2, '0')}}`
}

function printSet(set: ByteSet): string {
  const ranges = set.ranges()
  if (ranges.length === 1 && ranges[0]![0] === 0 && ranges[0]![1] === 255) return '(?s:.)'
  // RE2 knows characters, not bytes: without an upper bound above FF its automaton is smaller, and none comes
  const high = ranges.at(-1)?.[1] === 255 && ranges.at(-1)![0] <= 128
  const shown = high ? gaps(ranges) : ranges
  const body = shown.map(([a, b]) => (a === b ? escape(a) : `${escape(a)}-${escape(b)}`)).join('')
  // nothing at all: a class that no text of bytes has
  return ranges.length === 0 ? '[^\\x{0}-\\x{10ffff}]' : `(?-i:[${high ? '^' : ''}${body}])`
}
/** What is between the ranges and below the first one; the last one reaches to the end. */
function gaps(ranges: readonly (readonly [number, number])[]): [number, number][] {
  const out: [number, number][] = []
  let next = 0
  for (const [from, to] of ranges) {
    if (from > next) out.push([next, from - 1])
    next = to + 1
  }
  return out
}
