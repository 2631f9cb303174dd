/** Perl's notation as PCRE2 10.42 reads it without PCRE2_UTF: pcre2pattern(3). Only what RE2 can express. */
import { ByteSet } from './byte-set.ts'
import { perlBracket } from './perl-bracket.ts'
import { TYPE_LETTERS, characterEscape, typeSet } from './perl-escape.ts'
import { Scanner } from './scanner.ts'
import { BadPattern, Inexpressible, all, any, byteNode } from './tree.ts'
import type { Node, Parsed } from './tree.ts'

export interface PerlFlags {
  readonly ignoreCase: boolean
  readonly multiline: boolean
  readonly dotAll: boolean
  readonly extended: boolean
  readonly anchored: boolean
  readonly dollarEndOnly: boolean
  readonly ungreedy: boolean
}

const NO_CLOSE = 'missing closing parenthesis'
const MAX_BOUND = 65535

/** Parses; throws `BadPattern` with PCRE2's words, or `Inexpressible`. */
export function parsePerl(text: string, flags: PerlFlags): Parsed {
  const parser = new PerlParser(text, flags)
  const node = parser.whole()
  return {
    node: flags.anchored ? all([{ type: 'at', what: 'start' }, node]) : node,
    groups: parser.groups,
  }
}

class PerlParser extends Scanner {
  groups = 0
  readonly #names = new Set<string>()
  #flags: PerlFlags

  constructor(text: string, flags: PerlFlags) {
    super(text)
    this.#flags = flags
  }

  whole(): Node {
    if (/^\(\*[A-Z]/.test(this.text)) throw new Inexpressible(`the verb ${this.text.split(')')[0]})`)
    const node = this.#alternatives()
    if (!this.done) this.#bad('unmatched closing parenthesis')
    return node
  }

  /** Up to the end or a closing parenthesis. Flags that are set inside hold until there. */
  #alternatives(): Node {
    const outside = this.#flags
    const branches: Node[] = []
    let branch: Node[] = []
    for (this.#skip(); !this.done && this.peek() !== ')'; this.#skip()) {
      if (this.take('|')) {
        branches.push(all(branch))
        branch = []
      } else {
        const pieces = this.#pieces()
        if (pieces.length > 0) branch.push(...pieces)
      }
    }
    this.#flags = outside
    return any([...branches, all(branch)])
  }
  #pieces(): readonly Node[] {
    if (this.take('\\E')) return []
    if (this.take('\\Q')) {
      const quoted = this.until('\\E') ?? this.#rest()
      const bytes = [...quoted].map((c) => byteNode(c.charCodeAt(0), this.#flags.ignoreCase))
      // a repetition behind it is of the last one
      return bytes.length === 0 ? [] : [...bytes.slice(0, -1), this.#repeated(bytes.at(-1)!)]
    }
    const atom = this.#atom()
    if (!atom) return []
    return [atom.type === 'at' ? atom : this.#repeated(atom)]
  }
  #rest(): string {
    const text = this.text.slice(this.at)
    this.at = this.text.length
    return text
  }
  #repeated(of: Node): Node {
    for (this.#skip(); this.take('\\E') || this.match(/\(\?#[^)]*\)/y); this.#skip());
    const bounds = this.#bounds()
    if (!bounds) return of
    const [min, max] = bounds
    this.#skip()
    if (this.take('+')) throw new Inexpressible('a possessive repetition')
    const lazy = this.take('?') !== this.#flags.ungreedy
    return { type: 'repeat', of, min, max, lazy }
  }
  #bounds(): readonly [number, number] | undefined {
    if (this.take('*')) return [0, Infinity]
    if (this.take('+')) return [1, Infinity]
    if (this.take('?')) return [0, 1]
    const found = this.match(/\{(\d+)(,?)(\d*)\}/y)
    if (!found) return undefined
    const min = Number(found[1])
    const max = found[2] === '' ? min : found[3] === '' ? Infinity : Number(found[3])
    if (min > MAX_BOUND || (max !== Infinity && max > MAX_BOUND)) this.#bad('number too big in {} quantifier')
    if (min > max) this.#bad('numbers out of order in {} quantifier', 1)
    return [min, max]
  }
  #atom(): Node | undefined {
    const f = this.#flags
    if (this.#bounds()) this.#bad('quantifier does not follow a repeatable item')
    const c = this.next()
    switch (c) {
      case '(':
        return this.#parenthesis()
      case '[':
        return { type: 'set', set: perlBracket(this, f) }
      case '.':
        return { type: 'set', set: f.dotAll ? ByteSet.all() : ByteSet.all().delete(10) }
      case '^':
        return { type: 'at', what: f.multiline ? 'lineStart' : 'start' }
      case '$':
        return { type: 'at', what: f.multiline ? 'lineEnd' : f.dollarEndOnly ? 'end' : 'endOrNewline' }
      case '\\':
        return this.#escape()
      default:
        return byteNode(c.charCodeAt(0), f.ignoreCase)
    }
  }
  #escape(): Node {
    const c = this.peek()
    if (c === '') this.#bad('\\ at end of pattern')
    if (TYPE_LETTERS.includes(c)) return { type: 'set', set: typeSet(this.next()) }
    const assertion = ({ A: 'start', G: 'start', z: 'end', Z: 'endOrNewline', b: 'word', B: 'notWord' } as const)[c]
    if (assertion) {
      this.next()
      return { type: 'at', what: assertion }
    }
    // \N{2} is a repetition, \N{name} a character by its name
    if (c === 'N' && !/^N\{(?!\d+(?:,\d*)?\})/.test(this.text.slice(this.at, this.at + 20))) {
      this.next()
      return { type: 'set', set: ByteSet.all().delete(10) }
    }
    if (c === 'C') {
      this.next()
      return { type: 'set', set: ByteSet.all() }
    }
    return byteNode(characterEscape(this, false), this.#flags.ignoreCase)
  }

  /** Behind an opening parenthesis. Nothing comes back for a comment and for flags that stand alone. */
  #parenthesis(): Node | undefined {
    if (this.peek() === '*') throw new Inexpressible(`the verb (${this.text.slice(this.at).split(')')[0]})`)
    if (!this.take('?')) return this.#group()
    if (this.take('#')) {
      if (this.until(')') === undefined) this.#bad('missing ) after (?# comment')
      return undefined
    }
    if (this.take(':')) return this.#wrapped()
    const named = this.match(/P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)'/y)
    if (named) return this.#group(named[1] ?? named[2])
    const refused = LOOKS.find(([sign]) => this.text.startsWith(sign, this.at))
    if (refused) throw new Inexpressible(refused[1])
    return this.#flagGroup()
  }
  #group(name?: string): Node {
    this.groups++
    if (name !== undefined && this.#names.has(name))
      this.#bad('two named subpatterns have the same name (PCRE2_DUPNAMES not set)')
    if (name !== undefined) this.#names.add(name)
    return { type: 'group', of: this.#closed() }
  }
  /** Keeps apart what may be repeated, `(?:^)`, from what may not. */
  #wrapped(): Node {
    return { type: 'all', of: [this.#closed()] }
  }
  #closed(): Node {
    const node = this.#alternatives()
    if (!this.take(')')) this.#bad(NO_CLOSE)
    return node
  }
  #flagGroup(): Node | undefined {
    const found = this.match(/(\^?)([a-zA-Z]*)(?:(-)([a-zA-Z]*))?([:)])/y)
    if (!found || (found[1] === '^' && found[3] === '-')) this.#bad('unrecognized character after (? or (?-')
    const [, caret, on, , off = '', end] = found
    const before = this.#flags
    if (caret === '^') this.#flags = { ...before, ignoreCase: false, multiline: false, dotAll: false, extended: false }
    this.#set(on!, true)
    this.#set(off, false)
    if (end === ')') return undefined
    const node = this.#wrapped()
    this.#flags = before
    return node
  }
  #set(letters: string, value: boolean): void {
    for (const letter of letters) {
      if (letter === 'n' || letter === 'J') throw new Inexpressible(`the flag (?${letter})`)
      const name = ({ i: 'ignoreCase', m: 'multiline', s: 'dotAll', x: 'extended', U: 'ungreedy' } as const)[letter]
      if (!name) this.#bad('unrecognized character after (? or (?-')
      this.#flags = { ...this.#flags, [name]: value }
    }
  }
  /** White space and `#` comments, where the flag x says that they count for nothing. */
  #skip(): void {
    if (this.#flags.extended) this.match(/(?:[ \t-\r]|#[^\n]*(?:\n|$))*/y)
  }
  #bad(what: string, before = 0): never {
    throw new BadPattern(`error in regex at offset ${this.at - before}: ${what}`)
  }
}

/** What stands behind `(?` for things that a search without backtracking cannot do. */
const LOOKS: readonly (readonly [string, string])[] = [
  ['=', 'the lookahead (?='],
  ['!', 'the lookahead (?!'],
  ['<=', 'the lookbehind (?<='],
  ['<!', 'the lookbehind (?<!'],
  ['>', 'the atomic group (?>'],
  ['|', 'the branch reset (?|'],
  ['(', 'the condition (?('],
  ['R', 'the recursion (?R)'],
  ['P>', 'the subroutine (?P>'],
  ['P=', 'the back reference (?P='],
  ['&', 'the subroutine (?&'],
  ['C', 'the callout (?C'],
  ...[...'0123456789'].map((d) => [d, `the subroutine (?${d}`] as const),
]
