/** What stands behind `MAIL FROM:` and `RCPT TO:` (RFC 5321 section 4.1.2), in the forms that Postfix takes as well. */
import { NULL_SENDER, goodDomain, goodLocal, parseAddress, quoteEnd, stripRoute, withoutDot } from './address.ts'
import type { MailAddress, PathOptions } from './address.ts'

export type PathError = 'syntax' | 'empty'
export type PathResult =
  /** `rest` is what follows the path: the parameters */
  | { readonly ok: true; readonly address: MailAddress; readonly rest: string }
  | { readonly ok: false; readonly error: PathError }

const SYNTAX: PathResult = { ok: false, error: 'syntax' }

/** The path at the start of `input` (what stands behind `MAIL FROM:` or `RCPT TO:`), and the rest of the line. */
export function parsePath(input: string, options: PathOptions = {}): PathResult {
  const lenient = options.lenient === true
  const text = lenient ? input.trimStart() : input
  // the form nearly all clients send: <dot-atom@domain>
  const plain = /^<([\w.+=-]+)@([A-Za-z0-9.-]+)>(?= |$)/.exec(text)
  if (plain && goodLocal(plain[1]!) && goodDomain(plain[2]!)) {
    const domain = withoutDot(plain[2]!)
    const [address, rest] = [`${plain[1]}@${domain}`, text.slice(plain[0].length).trim()]
    if (domain === plain[2]) return { ok: true, address: { text: address, local: plain[1]!, domain }, rest }
    return { ok: true, address: { text: address, local: plain[1]!, domain, typed: `${address}.` }, rest }
  }
  const end = text.startsWith('<') ? closing(text, lenient) : lenient ? wordEnd(text) : -1
  if (end < 0) return SYNTAX
  let inner = text.startsWith('<') ? text.slice(1, end) : text.slice(0, end)
  const rest = text.slice(text.startsWith('<') ? end + 1 : end)
  if (rest && !/^\s/.test(rest)) return SYNTAX
  if (lenient) inner = inner.replace(/^[<\s]+/, '').replace(/[>\s]+$/, '')
  const one = onlyOne(inner, lenient)
  if (one === undefined) return SYNTAX
  if (one === '' || one === '""')
    return text.startsWith('<') ? { ok: true, address: NULL_SENDER, rest: rest.trim() } : { ok: false, error: 'empty' }
  const address = parseAddress(one, { lenient: true })
  if (!address) return SYNTAX
  const typed = text.startsWith('<') ? text.slice(1, end) : inner
  return { ok: true, address: typed === address.text ? address : { ...address, typed }, rest: rest.trim() }
}

/**
 * The one address that a path holds, as Postfix finds it: behind a route or a group's name, without comments, beside empty places
 * of a list. `''` when there is none; undefined for several, which two words side by side are as well. Strictly (Postfix's
 * strict_rfc821_envelopes) there is nothing but the address, and it begins with a name.
 */
function onlyOne(path: string, lenient: boolean): string | undefined {
  const text = stripRoute(path, true)
  if (text === undefined) return undefined
  if (!lenient && (text.startsWith('@') || /^\s|\s$/.test(text))) return undefined
  if (!/[\s"(),;:[\\]/.test(text)) return text
  const found: string[] = []
  let current = ''
  // what was last: a word that is over, one that goes on, or neither
  let last: 'word' | 'atom' | 'glue' = 'glue'
  for (let i = 0; i < text.length;) {
    const c = text[i]!
    if (!lenient && /[,;(\s]/.test(c)) return undefined
    if (c === ',' || c === ';' || c === ':') {
      if (c !== ':' && current !== '') found.push(current)
      current = ''
      last = 'glue'
      i++
    } else if (c === '(' || /\s/.test(c)) {
      i = c === '(' ? behindComment(text, i) : i + 1
      if (last === 'atom') last = 'word'
    } else if (c === '"' || c === '[') {
      if (last !== 'glue') return undefined
      const closes = c === '"' ? quoteEnd(text, i) : text.indexOf(']', i)
      const end = closes < 0 ? text.length : closes + 1
      current += text.slice(i, end) + (closes < 0 ? (c === '"' ? '"' : ']') : '')
      last = 'word'
      i = end
    } else {
      const isGlue = c === '.' || c === '@'
      if (!isGlue && last === 'word') return undefined
      const length = c === '\\' && i + 1 < text.length ? 2 : 1
      current += text.slice(i, i + length)
      last = isGlue ? 'glue' : 'atom'
      i += length
    }
  }
  if (current !== '') found.push(current)
  return found.length > 1 ? undefined : (found[0] ?? '')
}
/** Comments nest; one that is not closed goes to the end. */
function behindComment(text: string, at: number): number {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '(') depth++
    else if (text[i] === ')' && --depth === 0) return i + 1
  }
  return text.length
}
function closing(text: string, lenient: boolean): number {
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (c === '"') {
      i = quoteEnd(text, i)
      if (i < 0) return -1
    } else if (c === '<' && (depth === 0 || lenient)) depth++
    else if (c === '<') return -1
    else if (c === '>' && --depth === 0) return i
  }
  return -1
}
function wordEnd(text: string): number {
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '"') {
      i = quoteEnd(text, i)
      if (i < 0) return -1
    } else if (/\s/.test(text[i]!)) return i
  }
  return text.length
}
