/**
 * `$name`, `${name}`, `$(name)` and the conditional forms in values (postconf(5)). Errors are ParameterErrors with the
 * words that Postfix warns with before it gives up.
 */
import { compare, compareLevels, levelOf, OPERATORS } from './compare.ts'
import type { Operator } from './compare.ts'
import { ParameterError } from './problem.ts'

/**
 * `final`: put in as it is; values of the configuration are expanded in their turn. Undefined: nobody knows the name,
 * and nothing is put in.
 */
export type Lookup = (name: string) => { text: string; final?: boolean } | undefined

/** Postfix gives up at the same depth; it crashes where a comparison asks for itself, which counts as one more here. */
const DEEPEST = 100
const BLANK = /^[ \t\r\n]*/
const SYNTAX = '<>!=?+-*/~&|%'
const EXPECTED = '"==" or "!="" or "<"" or "<="" or ">="" or ">"'

export function expand(text: string, lookup: Lookup): string {
  return new Expansion(lookup).run(text)
}

/**
 * Each name that a value asks for, in both branches of conditions and in comparisons; of a value that cannot be read,
 * those before its error.
 */
export function namesIn(text: string): string[] {
  const names: string[] = []
  const seen: Lookup = (name) => void names.push(name)
  try {
    new Expansion(seen, true).run(text)
  } catch (error) {
    // said where the value is used
    if (!(error instanceof ParameterError)) throw error
  }
  return names
}

class Expansion {
  readonly #lookup: Lookup
  readonly #scan: boolean
  readonly #nested: number
  #depth = 0
  #out = ''
  constructor(lookup: Lookup, scan = false, nested = 0) {
    this.#lookup = lookup
    this.#scan = scan
    this.#nested = nested
  }
  run(text: string): string {
    this.#parse(text)
    return this.#out
  }

  /** Literal text, and expressions. */
  #parse(text: string): void {
    let literal = ''
    let at = 0
    while (at < text.length) {
      if (text[at] !== '$') literal += text[at++]
      else if (text[at + 1] === '$') {
        literal += '$'
        at += 2
      } else {
        this.#literal(literal)
        literal = ''
        const { inside, next } = expressionAt(text, at + 1)
        if (inside === '') throw new ParameterError(`empty macro name: "${text}"`)
        this.#deeper(inside, () => this.#expression(inside))
        at = next
      }
    }
    this.#literal(literal)
  }
  #literal(text: string): void {
    if (text !== '') this.#deeper(text, () => (this.#out += text))
  }
  #deeper(text: string, action: () => void): void {
    if (this.#depth++ > DEEPEST || this.#nested > DEEPEST)
      throw new ParameterError(`unreasonable macro call nesting: "${text}"`)
    action()
    this.#depth--
  }

  #expression(inside: string): void {
    let rest = skip(inside)
    let found: { text: string; final?: boolean } | undefined
    if (rest.startsWith('{')) {
      const asked = this.#comparison(rest)
      found = { text: asked.holds ? 'true' : '', final: true }
      rest = asked.rest
      if (rest !== '' && !/^[?:]/.test(rest)) throw new ParameterError(`"?" or ":" expected at: "...}>>>${cut(rest)}"`)
    } else {
      const name = /^[A-Za-z0-9_]*/.exec(rest)![0]
      const behind = skip(rest.slice(name.length))
      if (behind !== '' && !/^[?:]/.test(behind)) {
        const before = inside.slice(0, inside.length - rest.length + name.length)
        throw new ParameterError(`attribute name syntax error at: "...${before}>>>${cut(rest.slice(name.length))}"`)
      }
      found = this.#lookup(name)
      rest = behind
    }
    if (rest !== '') return this.#choose(rest, found !== undefined && found.text !== '')
    if (found === undefined || found.text === '' || this.#scan) return
    if (found.final) this.#out += found.text
    else this.#parse(found.text)
  }

  /** `?{yes}:{no}`, `?text`, `:{no}`, `:text`. What is not chosen is not read either. */
  #choose(text: string, yes: boolean): void {
    let rest = text
    if (rest.startsWith('?')) {
      const operand = operandOf(rest.slice(1))
      if (yes || this.#scan) this.#parse(operand.text)
      if (operand.rest === '') return
      if (!operand.rest.startsWith(':'))
        throw new ParameterError(`":" expected at: "...${operand.text}}>>>${cut(operand.rest)}"`)
      rest = operand.rest
    }
    const operand = operandOf(rest.slice(1))
    if (!yes || this.#scan) this.#parse(operand.text)
    if (operand.rest !== '')
      throw new ParameterError(`unexpected input at: "...${operand.text}}>>>${cut(operand.rest)}"`)
  }

  /** `{left} operator {right}`, and what follows it. */
  #comparison(text: string): { holds: boolean; rest: string } {
    const left = inBraces(text)
    let length = 0
    while (SYNTAX.includes(left.rest[length] ?? ' ')) length++
    const operator = left.rest.slice(0, length) as Operator
    if (!OPERATORS.includes(operator))
      throw new ParameterError(`${EXPECTED} expected at: "...${left.text}}>>>${cut(left.rest)}"`)
    const behind = left.rest.slice(length)
    const suffix = /^[A-Za-z0-9]*/.exec(behind)![0]
    if (suffix !== '' && suffix !== 'level')
      throw new ParameterError(`bad operator suffix at: "...${operator}>>>${suffix}"`)
    const rest = skip(behind.slice(suffix.length))
    if (!rest.startsWith('{')) {
      const at = cut(behind.slice(suffix.length))
      throw new ParameterError(`"{expression}" expected at: "...{${left.text}} ${operator}>>>${at}"`)
    }
    const right = inBraces(rest)
    const [a, b] = [this.#operand(left.text), this.#operand(right.text)]
    if (this.#scan) return { holds: false, rest: right.rest }
    if (suffix === '') return { holds: compare(a, operator, b), rest: right.rest }
    return { holds: compareLevels(level(a), operator, level(b)), rest: right.rest }
  }
  #operand(text: string): string {
    return new Expansion(this.#lookup, this.#scan, this.#nested + this.#depth).run(text)
  }
}

function level(text: string) {
  const found = levelOf(text)
  if (!found) throw new ParameterError(`malformed compatibility level syntax: "${text}"`)
  return found
}

const skip = (text: string) => text.replace(BLANK, '')
const cut = (text: string) => text.slice(0, 20)

/** Behind a `$`: what its braces hold, or the name. Braces of the other kind do not count. */
function expressionAt(text: string, start: number): { inside: string; next: number } {
  const open = text[start]
  if (open !== '{' && open !== '(') {
    const name = /^[A-Za-z0-9_]*/.exec(text.slice(start))![0]
    return { inside: name, next: start + name.length }
  }
  const close = open === '{' ? '}' : ')'
  let level = 1
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === open) level++
    else if (text[at] === close && --level === 0) return { inside: text.slice(start + 1, at), next: at + 1 }
  }
  throw new ParameterError(`truncated macro reference: "${text}"`)
}

/** The text in the braces that `text` begins with, and what follows them without the white space. */
function inBraces(text: string): { text: string; rest: string } {
  let level = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '{') level++
    else if (text[at] === '}' && --level === 0) return { text: text.slice(1, at), rest: skip(text.slice(at + 1)) }
  }
  throw new ParameterError(`unbalanced {} in attribute expression: "${text}"`)
}
/** `{text}` with white space around it, or all that there is. */
function operandOf(text: string): { text: string; rest: string } {
  const start = skip(text)
  return start.startsWith('{') ? inBraces(start) : { text, rest: '' }
}
