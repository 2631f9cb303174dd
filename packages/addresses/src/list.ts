/**
 * Address lists in header fields, taken apart and put together as Postfix does it (its tok822): phrases, groups and
 * comments stay; comments of an address stand behind it; two addresses without a comma between them get one.
 */
import { externalOf, isOp, spellingOf, tokensOf } from './tokens.ts'
import type { Token } from './tokens.ts'

/** An address in a list. */
interface Address {
  readonly kind: 'address'
  tokens: readonly Token[]
  readonly comments: readonly Token[]
}
type Piece = Address | Token | { readonly kind: 'group' }

/** bytes above which an address begins a new line; the field's name counts, the tab before it does not */
const LINE = 70

/** bytes of phrase and comments that an address may have: older software overflows at more (CVE-2002-1337) */
const ASIDE = 250

/** Gives the address as tokens; other tokens instead, or `undefined` for the same. */
export type RewriteAddress = (tokens: readonly Token[]) => readonly Token[] | undefined

/**
 * The value of a header field with its addresses rewritten, folded; `undefined` when none has become another one (an
 * address that is only spelt anew, such as `"a"@b` as `a@b`, has).
 */
export function rewriteList(name: string, value: string, rewrite: RewriteAddress): string | undefined {
  const pieces = piecesOf(tokensOf(value))
  let changed = false
  for (const piece of pieces) {
    if (piece.kind !== 'address') continue
    const next = rewrite(taken(piece.tokens))
    if (!next) continue
    const text = nameOf(next)
    changed ||= text !== spellingOf(piece.tokens)
    piece.tokens = tokensOf(text)
  }
  return changed ? fold(name, print(pieces)) : undefined
}
/** Calls `fn` for each address of a list, in its order. */
export function eachAddress(value: string, fn: (tokens: readonly Token[]) => void): void {
  for (const piece of piecesOf(tokensOf(value)))
    if (piece.kind === 'address' && piece.tokens.length > 0) fn(taken(piece.tokens))
}
/** Words side by side grow into one where they are taken out of a list, and what was not closed ends elsewhere. */
const taken = (tokens: readonly Token[]): readonly Token[] => {
  const isPlain = tokens.every((t, i) => t.kind === 'op' || (t.kind === 'atom' && tokens[i + 1]?.kind !== 'atom'))
  return isPlain ? tokens : tokensOf(spellingOf(tokens))
}
/** An address that is empty but for its `@` is the empty one in quotes. */
const nameOf = (tokens: readonly Token[]): string => (tokens.length === 0 ? '""' : externalOf(tokens))

/** From right to left: what a word belongs to (a phrase, a group's name, an address) is known by what follows it. */
function piecesOf(tokens: readonly Token[]): Piece[] {
  const out: Piece[] = []
  let inGroup = false
  let i = tokens.length - 1
  const skip = (ends: string) => {
    while (i >= 0 && !isOp(tokens[i], ends)) out.push(tokens[i--]!)
  }
  while (i >= 0) {
    const token = tokens[i]!
    if (token.kind === 'comment') {
      out.push(token)
      i--
    } else if (isOp(token, ',')) {
      out.push(token)
      i--
    } else if (isOp(token, ';')) {
      inGroup = true
      out.push(token)
      i--
    } else if (isOp(token, ':') && inGroup) {
      out.push({ kind: 'group' })
      i--
      skip(',')
    } else if (isOp(token, '>')) {
      out.push(token)
      const end = i--
      while (i >= 0 && !isOp(tokens[i], '<')) i--
      const inner = tokens.slice(i + 1, end)
      if (inner.some((t) => t.kind !== 'comment')) out.push(addressOf(inner))
      else out.push(...inner.toReversed())
      if (i >= 0) out.push(tokens[i--]!)
      skip('>;,:')
      // the end of a phrase, where it is no group's
      if (i >= 0 && isOp(tokens[i], ':') && !inGroup) out.push(tokens[i--]!)
    } else {
      i = address(tokens, i, inGroup, out)
    }
  }
  return out.reverse()
}
const addressOf = (tokens: readonly Token[]): Address => ({
  kind: 'address',
  tokens: tokens.filter((t) => t.kind !== 'comment'),
  comments: tokens.filter((t) => t.kind === 'comment'),
})

/** An address without brackets that ends at `end`: words with operators between them. Gives the index of what is left of it. */
function address(tokens: readonly Token[], end: number, inGroup: boolean, out: Piece[]): number {
  let i = end
  let left: Token | undefined
  const stops = inGroup ? ',;>:' : ',;>'
  for (; i >= 0; i--) {
    const token = tokens[i]!
    if (token.kind === 'comment') continue
    if (isOp(token, stops)) break
    // two words side by side are two addresses
    if (left && left.kind !== 'op' && token.kind !== 'op') break
    left = token
  }
  out.push(addressOf(tokens.slice(i + 1, end + 1)))
  if (i < 0 || isOp(tokens[i], ',') || (isOp(tokens[i], ':') && inGroup)) return i
  out.push({ kind: 'op', text: ',' })
  return i
}

function print(pieces: readonly Piece[]): string {
  let out = ''
  let afterWord = false
  // where the text of this address begins, and what it is without phrase and comments
  let start = 0
  let only = ''
  const shorten = () => {
    if (only !== '' && sizeOf(out.slice(start)) > sizeOf(only) + ASIDE) out = `${out.slice(0, start)}<${only}>`
  }
  const word = (text: string) => {
    if (afterWord) out += ' '
    out += text
    afterWord = true
  }
  for (const piece of pieces) {
    if (piece.kind === 'address') {
      only = nameOf(piece.tokens)
      out += only
      afterWord = true
      for (const { text } of piece.comments) word(text)
    } else if (piece.kind === 'group') {
      out += ': '
      afterWord = false
    } else if (piece.kind === 'op') {
      if (piece.text === ',') shorten()
      if (piece.text === '<' && out !== '' && !/[ \n]$/.test(out)) out += ' '
      out += piece.text === ',' ? ',\n' : piece.text
      if (piece.text === ',') [start, only] = [out.length, '']
      afterWord = false
    } else word(piece.kind === 'quoted' ? spellingOf([piece]) : piece.text)
  }
  shorten()
  return out
}

/** As many addresses on a line as fit. */
function fold(name: string, text: string): string {
  const [first = '', ...rest] = text.split('\n')
  let out = first
  let length = name.length + 2 + sizeOf(first)
  for (const piece of rest) {
    const size = sizeOf(piece)
    // behind a comma at the end: a line of its own would be no continuation
    if (piece === '' || length + 1 + size < LINE) {
      out += ` ${piece}`
      length += 1 + size
    } else {
      // a comment's line end has its white space behind it
      out += /^[ \t]/.test(piece) ? `\r\n${piece}` : `\r\n\t${piece}`
      length = size
    }
  }
  return out
}
/** In bytes. A lone surrogate is one that is no UTF-8. */
const sizeOf = (text: string): number => Buffer.byteLength(text.replace(/[\udc80-\udcff]/gu, '?'))
