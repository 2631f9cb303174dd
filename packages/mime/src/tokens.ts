/** Words of a structured MIME field (RFC 2045 section 5.1), as leniently as Postfix reads them. */

export interface Token {
  /** `special`: one of the characters that part words */
  readonly kind: 'word' | 'quoted' | 'special'
  /** of a quoted string without quotes and backslashes, unfolded */
  readonly text: string
}
/** RFC 2045 section 5.1, tspecials */
export const MIME_SPECIALS = '()<>@,;:\\"/[]?='
/** RFC 822 section 3.3 */
export const MAIL_SPECIALS = '()<>@,;:\\".[]'

/**
 * The pieces of a field's value between semicolons, each with its first `most` tokens. Comments nest and are left out; what is not
 * closed goes to the end. An empty piece behind the last semicolon is none.
 */
export function pieces(value: string, specials: string, most: number): Token[][] {
  const out: Token[][] = []
  let piece: Token[] = []
  let i = 0
  const add = (token: Token) => {
    if (piece.length < most) piece.push(token)
  }
  while (i < value.length) {
    const c = value[i]!
    if (isSpace(c)) i++
    else if (c === ';') {
      out.push(piece)
      piece = []
      i++
    } else if (c === '(') i = commentEnd(value, i + 1)
    else if (c === '"') {
      const [text, end] = quoted(value, i + 1)
      add({ kind: 'quoted', text })
      i = end
    } else if (specials.includes(c) || isControl(c)) {
      add({ kind: 'special', text: c })
      i++
    } else {
      const start = i
      while (i < value.length && !isSpace(value[i]!) && !isControl(value[i]!) && !specials.includes(value[i]!)) i++
      add({ kind: 'word', text: value.slice(start, i) })
    }
  }
  if (piece.length > 0) out.push(piece)
  return out
}

const isSpace = (c: string): boolean => c === ' ' || c === '\t' || c === '\r' || c === '\n'
const isControl = (c: string): boolean => c < ' ' || c === '\x7f'

function commentEnd(text: string, start: number): number {
  let depth = 1
  let i = start
  for (; i < text.length && depth > 0; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '(') depth++
    else if (text[i] === ')') depth--
  }
  return i
}
function quoted(text: string, start: number): [text: string, end: number] {
  let out = ''
  let i = start
  for (; i < text.length && text[i] !== '"'; i++) {
    if (text[i] === '\n') out = out.replace(/[ \t\r\n]+$/, '')
    else {
      if (text[i] === '\\') i++
      out += text[i] ?? ''
    }
  }
  return [out, i + 1]
}
