/**
 * Tokens of an address or a list of them (RFC 5322 section 3.4, RFC 822 where it is more lenient). Nothing is refused:
 * what stands in headers has to pass. White space parts tokens and is not kept.
 */

export interface Token {
  /** `op`: one of the specials, or `%` and `!`, which separate parts of old routes */
  readonly kind: 'atom' | 'quoted' | 'literal' | 'comment' | 'op'
  /** of a quoted string without its quotes and backslashes; of the others as it stands */
  readonly text: string
}

const OPS = '<>@,;:.%!)]'
const SPACE = ' \t\r\n'
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
    else if (text[i] === ')' && --depth === 0) return [{ kind: 'comment', text: text.slice(start, i + 1) }, i + 1]
  }
  return [{ kind: 'comment', text: text.slice(start) }, text.length]
}
function quoted(text: string, start: number): Scanned {
  let out = ''
  let i = start + 1
  for (; i < text.length && text[i] !== '"'; i++) {
    if (text[i] === '\\') i++
    out += text[i] ?? ''
  }
  return [{ kind: 'quoted', text: out.replace(/\r?\n[ \t]*|\t/g, ' ') }, i + 1]
}
function literal(text: string, start: number): Scanned {
  let i = start + 1
  for (; i < text.length && text[i] !== ']'; i++) if (text[i] === '\\') i++
  return [{ kind: 'literal', text: `[${text.slice(start + 1, i)}]` }, i + 1]
}
/** One with a backslash in it is a quoted string. */
function atom(text: string, start: number): Scanned {
  let out = ''
  let isQuoted = false
  let i = start
  for (; i < text.length && !NO_ATOM.has(text[i]!); i++) {
    if (text[i] === '\\') {
      isQuoted = true
      i++
    }
    out += text[i] ?? ''
  }
  return [{ kind: isQuoted ? 'quoted' : 'atom', text: out }, i]
}

export const isOp = (token: Token | undefined, ops: string): boolean =>
  token !== undefined && token.kind === 'op' && ops.includes(token.text)

/** The address as tables know it: unquoted, without comments. */
export function internalOf(tokens: readonly Token[]): string {
  let out = ''
  let before: Token | undefined
  for (const token of tokens) {
    const { kind, text } = token
    if (kind === 'comment') continue
    // what no address has: readable all the same
    const apart =
      kind === 'op' ? text === '<' && out !== '' : before !== undefined && isWord(before) && needsSpace(before, token)
    out += `${apart ? ' ' : ''}${text}${kind === 'op' && text === ',' ? ' ' : ''}`
    before = token
  }
  return out
}
const isWord = (token: Token): boolean => token.kind !== 'op'
const needsSpace = (a: Token, b: Token): boolean => a.kind !== 'atom' || b.kind !== 'atom'

/** The address as it goes on the wire: the local part in quotes where it needs them. */
export function externalOf(tokens: readonly Token[]): string {
  if (tokens.length === 0) return ''
  const text = internalOf(tokens)
  const at = lastAt(tokens) < 0 ? -1 : text.lastIndexOf('@')
  return at < 0 ? quoteLocal(text) : `${quoteLocal(text.slice(0, at))}${text.slice(at)}`
}
/** As it stands, but for white space and comments. */
export const originalOf = (tokens: readonly Token[]): string =>
  internalOf(tokens.map((t) => (t.kind === 'quoted' ? { kind: 'atom', text: quote(t.text) } : t)))

/** Index of the `@` that the domain follows; -1: none. */
export function lastAt(tokens: readonly Token[]): number {
  for (let i = tokens.length - 1; i >= 0; i--) if (isOp(tokens[i], '@')) return i
  return -1
}

const quote = (text: string): string => `"${text.replace(/["\\\r]/g, '\\$&')}"`
/** Needs quotes unless it is a dot-atom (RFC 5321 section 4.1.2), 8-bit characters counted in. */
const DOT_ATOM = /^[^\x00-\x20\x7f"(),.:;<>@[\\\]]+(?:\.[^\x00-\x20\x7f"(),.:;<>@[\\\]]+)*$/ // eslint-disable-line no-control-regex
const quoteLocal = (local: string): string => (DOT_ATOM.test(local) ? local : quote(local))
