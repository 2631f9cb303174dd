/** POSIX regular expressions (IEEE Std 1003.1, chapter 9) as the GNU C library reads them, extended and basic. */
import { ByteSet, classNamed } from './byte-set.ts'
import { posixBracket } from './posix-bracket.ts'
import { Scanner } from './scanner.ts'
import { BadPattern, Inexpressible, all, any, byteNode } from './tree.ts'
import type { Node, Parsed } from './tree.ts'

export interface PosixFlags {
  readonly ignoreCase: boolean
  /** REG_NEWLINE: `^` and `$` at each line, `.` and `[^a]` do not match a newline, `\\W` does */
  readonly newline: boolean
  /** REG_EXTENDED; without it, groups and bounds are written with backslashes */
  readonly extended: boolean
}

/** RE_DUP_MAX of glibc */
const MAX_BOUND = 0x7fff
const BAD_REPEAT = 'Invalid preceding regular expression'

/** Parses; throws `BadPattern` with regerror(3)'s words, or `Inexpressible`. */
export function parsePosix(text: string, flags: PosixFlags): Parsed {
  const parser = new PosixParser(text, flags)
  const node = parser.alternatives(0)
  return { node, groups: parser.groups }
}

class PosixParser extends Scanner {
  groups = 0
  readonly #flags: PosixFlags

  constructor(text: string, flags: PosixFlags) {
    super(text)
    this.#flags = flags
  }

  alternatives(depth: number): Node {
    const branches = [this.#branch(depth)]
    while (this.#takeOperator('|')) branches.push(this.#branch(depth))
    return any(branches)
  }
  #branch(depth: number): Node {
    const pieces: Node[] = []
    let first = true
    while (!this.done && !this.#atOperator('|') && !(depth > 0 && this.#atOperator(')'))) {
      pieces.push(this.#piece(depth, first))
      first = false
    }
    return all(pieces)
  }
  #piece(depth: number, first: boolean): Node {
    const atom = this.#atom(depth, first)
    // an anchor takes no repetition: what follows stands for itself, or is wrong
    return atom.type === 'at' ? atom : this.#repeated(atom)
  }
  #repeated(atom: Node): Node {
    let node = atom
    for (let first = true; ; first = false) {
      // glibc allows one in basic expressions, save for `\\+` and `\\?`
      if (!first && !this.#flags.extended && (this.peek() === '*' || this.#atOperator('{')))
        throw new BadPattern(BAD_REPEAT)
      if (this.take('*')) node = repeat(node, 0, Infinity)
      else if (this.#takeOperator('+')) node = repeat(node, 1, Infinity)
      else if (this.#takeOperator('?')) node = repeat(node, 0, 1)
      else if (this.#takeOperator('{')) node = this.#bounded(node)
      else return node
    }
  }
  #bounded(node: Node): Node {
    const close = this.#flags.extended ? /(\d*)(,?)(\d*)\}/y : /(\d*)(,?)(\d*)\\\}/y
    const found = this.match(close)
    if (!found || (found[1] === '' && found[2] === ''))
      throw new BadPattern(this.text.includes('}', this.at) ? 'Invalid content of \\{\\}' : 'Unmatched \\{')
    const min = Number(found[1])
    const max = found[2] === '' ? min : found[3] === '' ? Infinity : Number(found[3])
    if (min > max) throw new BadPattern('Invalid content of \\{\\}')
    if (min > MAX_BOUND || (max !== Infinity && max > MAX_BOUND)) throw new BadPattern('Regular expression too big')
    return repeat(node, min, max)
  }
  #atom(depth: number, first: boolean): Node {
    const { extended, newline, ignoreCase } = this.#flags
    if (this.#takeOperator('(')) {
      this.groups++
      const of = this.alternatives(depth + 1)
      if (!this.#takeOperator(')')) throw new BadPattern('Unmatched ( or \\(')
      return { type: 'group', of }
    }
    if (!extended && this.#atOperator(')')) throw new BadPattern('Unmatched ( or \\(')
    if (this.#atOperator('{')) throw new BadPattern(BAD_REPEAT)
    if (extended && /[*+?]/.test(this.peek())) throw new BadPattern(BAD_REPEAT)
    const c = this.next()
    if (c === '\\') return this.#escape()
    if (c === '[') return { type: 'set', set: posixBracket(this, this.#flags) }
    if (c === '.') return { type: 'set', set: newline ? ByteSet.all().delete(10) : ByteSet.all() }
    if (c === '^' && (extended || first)) return { type: 'at', what: newline ? 'lineStart' : 'start' }
    if (c === '$' && (extended || this.#branchEnds())) return { type: 'at', what: newline ? 'lineEnd' : 'end' }
    return byteNode(c.charCodeAt(0), ignoreCase)
  }
  #branchEnds(): boolean {
    return this.done || this.#atOperator(')') || this.#atOperator('|')
  }
  /** Behind a backslash: GNU's operators; anything else stands for itself. */
  #escape(): Node {
    if (this.done) throw new BadPattern('Trailing backslash')
    const c = this.next()
    if (/[1-9]/.test(c)) {
      if (Number(c) > this.groups) throw new BadPattern('Invalid back reference')
      throw new Inexpressible(`the back reference \\${c}`)
    }
    switch (c) {
      case 'w':
        return { type: 'set', set: classNamed('word')! }
      case 'W':
        return { type: 'set', set: classNamed('word')!.negate() }
      case 's':
        return { type: 'set', set: classNamed('space')! }
      case 'S':
        return { type: 'set', set: classNamed('space')!.negate() }
      case 'b':
        return { type: 'at', what: 'word' }
      case 'B':
        return { type: 'at', what: 'notWord' }
      case '`':
        return { type: 'at', what: 'start' }
      case "'":
        return { type: 'at', what: 'end' }
      case '<':
      case '>':
        return this.#wordEdge(c)
      default:
        // glibc reads such a letter as it stands and the text in upper case, so that `\\d` never matches anything
        if (this.#flags.ignoreCase && /[a-z]/.test(c)) return { type: 'set', set: new ByteSet() }
        return byteNode(c.charCodeAt(0), this.#flags.ignoreCase)
    }
  }
  /** `\<` and `\>` are `\b` beside a plain word character; RE2 cannot tell the two edges apart elsewhere. */
  #wordEdge(c: string): Node {
    const beside = c === '<' ? this.peek() : (this.text[this.at - 3] ?? '')
    const escaped = c === '>' && this.text[this.at - 4] === '\\'
    if (!/\w/.test(beside) || escaped || (c === '<' && /[*?{\\]/.test(this.peek(1))))
      throw new Inexpressible(`\\${c} that is not beside a letter, digit or underscore`)
    return { type: 'at', what: 'word' }
  }
  /** `(` `)` `{` `|` `+` `?` are operators bare or behind a backslash, as the syntax has it. */
  #atOperator(op: string): boolean {
    return this.#flags.extended ? this.peek() === op : this.peek() === '\\' && this.peek(1) === op
  }
  #takeOperator(op: string): boolean {
    return this.take(this.#flags.extended ? op : `\\${op}`)
  }
}

const repeat = (of: Node, min: number, max: number): Node => ({ type: 'repeat', of, min, max, lazy: false })
