/**
 * Tokens of an address or a list of them (RFC 5322 section 3.4, RFC 822 where it is more lenient). Nothing is refused:
 * what stands in headers has to pass. White space parts tokens and is not kept.
 */

import type { MailAddress } from '@postern/core'

export interface Token {
  /** `op`: one of the specials, or `%` and `!`, which separate parts of old routes */
  readonly kind: 'atom' | 'quoted' | 'literal' | 'comment' | 'op'
  /** of a quoted string without its quotes and backslashes; of the others as it stands */
  readonly text: string
}

const OPS = '<>@,;:.%!)]'
const SPACE = ' \t\r\n'
/** inside of words, each for itself */
const GAP = /\r?\n|[\t\r]/g
/** ends an atom */
const NO_ATOM = new Set(`${OPS}("[${SPACE}`)

export function tokensOf(text: string): Token[] {
  const out: Token[] = []
  for (let i = 0; i < text.length;) {
    const c = text[i]!
    if (SPACE.includes(c)) i++
    else if (OPS.includes(c)) {
      out.push({ kind: 'op', text: c })
      i++
    } else {
      const [token, end] =
        c === '(' ? comment(text, i) : c === '"' ? quoted(text, i) : c === '[' ? literal(text, i) : atom(text, i)
      out.push(token)
      i = end
    }
  }
  return out
}
type Scanned = [token: Token, end: number]

/** Nested; one that is not closed goes to the end, as it stands. */
function comment(text: string, start: number): Scanned {
  let depth = 0
  let i = start
  for (; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '(') depth++
    else if (text[i] === ')' && --depth === 0)
      return [{ kind: 'comment', text: folded(text.slice(start, i + 1)) }, i + 1]
  }
  return [{ kind: 'comment', text: folded(text.slice(start)) }, text.length]
}
/** The only words that keep their line ends, LF alone. */
const folded = (text: string): string => text.replaceAll('\r\n', '\n')
function quoted(text: string, start: number): Scanned {
  let out = ''
  let i = start + 1
  for (; i < text.length && text[i] !== '"'; i++) {
    if (text[i] === '\\') i++
    out += text[i] ?? ''
  }
  return [{ kind: 'quoted', text: out.replace(GAP, ' ') }, i + 1]
}
function literal(text: string, start: number): Scanned {
  let out = ''
  let i = start + 1
  for (; i < text.length && text[i] !== ']'; i++) {
    if (text[i] === '\\') i++
    out += text[i] ?? ''
  }
  return [{ kind: 'literal', text: `[${out.replace(GAP, ' ')}]` }, i + 1]
}
/** One that needs its backslashes is a quoted string. */
function atom(text: string, start: number): Scanned {
  let out = ''
  let isQuoted = false
  let i = start
  for (; i < text.length && !NO_ATOM.has(text[i]!); i++) {
    if (text[i] === '\\') {
      i++
      isQuoted ||= NO_ATOM.has(text[i] ?? '') || CONTROL.test(text[i] ?? '')
    }
    out += text[i] ?? ''
  }
  return [{ kind: isQuoted ? 'quoted' : 'atom', text: out.replace(GAP, ' ') }, i]
}
const CONTROL = /[\x00-\x1f\x7f]/ // eslint-disable-line no-control-regex

export const isOp = (token: Token | undefined, ops: string): boolean =>
  token !== undefined && token.kind === 'op' && ops.includes(token.text)

/** The address as tables know it: unquoted, with a blank between words that no operator parts. */
export function internalOf(tokens: readonly Token[]): string {
  let out = ''
  let before: Token | undefined
  for (const token of tokens) {
    const { kind, text } = token
    // what no address has: readable all the same
    const apart = before !== undefined && (isOp(before, ',') || (kind === 'op' ? text === '<' : before.kind !== 'op'))
    out += apart ? ` ${text}` : text
    before = token
  }
  return out
}

/** The address as it goes on the wire: the local part in quotes where it needs them. */
export const externalOf = (tokens: readonly Token[]): string =>
  tokens.length === 0 ? '' : quoteAddress(internalOf(tokens))

/** The wire form of an internal one; what looks like a route in front stays (Postfix's quote_822_local). */
export function quoteAddress(text: string): string {
  const start = text.startsWith('@') ? text.indexOf(':') + 1 : 0
  const at = text.indexOf('@', start) < 0 ? text.length : text.lastIndexOf('@')
  return `${text.slice(0, start)}${quoteLocal(text.slice(start, at))}${text.slice(at)}`
}
/**
 * Taken apart at its last `@`, whatever the domain looks like: what stands in headers needs not be an address that mail could go
 * to.
 */
export function mailAddress(tokens: readonly Token[]): MailAddress {
  const text = internalOf(tokens)
  const at = text.lastIndexOf('@')
  const [local, domain] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
  return { text: quoteAddress(text), local, domain }
}
/** As it stands, but for white space. */
export const spellingOf = (tokens: readonly Token[]): string => tokens.map(spelling).join('')
function spelling({ kind, text }: Token): string {
  if (kind === 'quoted') return quote(text)
  if (kind === 'literal') return text.replaceAll('\\', '\\\\')
  return kind === 'op' && text === ',' ? ', ' : text
}

/** Index of the `@` that the domain follows; -1: none. */
export function lastAt(tokens: readonly Token[]): number {
  for (let i = tokens.length - 1; i >= 0; i--) if (isOp(tokens[i], '@')) return i
  return -1
}

const quote = (text: string): string => `"${text.replace(/["\\\r]/g, '\\$&')}"`
/** Needs quotes unless it is a dot-atom (RFC 5321 section 4.1.2), 8-bit characters counted in. */
const DOT_ATOM = /^[^\x00-\x20\x7f"(),.:;<>@[\\\]]+(?:\.[^\x00-\x20\x7f"(),.:;<>@[\\\]]+)*$/ // eslint-disable-line no-control-regex
const quoteLocal = (local: string): string => (DOT_ATOM.test(local) ? local : quote(local))
