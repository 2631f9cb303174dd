/**
 * RFC 5321 addresses: quoted local parts, address literals, source routes (stripped, RFC 5321 appendix C), SMTPUTF8
 * (RFC 6531), the null sender. Domains are kept as they came: an A-label is never turned into Unicode or back.
 */

/** An address of the envelope. Compare domains without case; a local part's case is the receiving site's business. */
export interface MailAddress {
  /** as it goes on the wire, without brackets: the local part quoted where it must be; `''` is the null sender */
  readonly text: string
  /** unquoted */
  readonly local: string
  /** as it came, without a trailing dot; `[192.0.2.1]` for a literal; `''` when there was none */
  readonly domain: string
  /** of a path: what stood between the brackets, where that is not `text` */
  readonly typed?: string
}
export const NULL_SENDER: MailAddress = Object.freeze({ text: '', local: '', domain: '' })

export interface PathOptions {
  /**
   * Take what Postfix takes (its strict_rfc821_envelopes = no): no brackets, spaces and comments around atoms, two pairs
   * of brackets, a missing domain.
   */
  readonly lenient?: boolean
}

const ATEXT = /^[^\x00-\x20\x7f"(),.:;<>@[\\\]]+(?:\.[^\x00-\x20\x7f"(),.:;<>@[\\\]]+)*$/ // eslint-disable-line no-control-regex
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/ // eslint-disable-line no-control-regex
/** a host name's label, an underscore allowed as Postfix does; U-labels as they are (RFC 6531) */
const LABEL =
  '[A-Za-z0-9_\\u0080-\\u{10ffff}](?:[A-Za-z0-9_\\u0080-\\u{10ffff}-]{0,61}[A-Za-z0-9_\\u0080-\\u{10ffff}])?'
const HOST_NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`, 'u')

/** An address without brackets; a source route in front is stripped. `undefined` when it is not one. */
export function parseAddress(input: string, options: PathOptions = {}): MailAddress | undefined {
  const lenient = options.lenient === true
  // a line end inside an address would be a command of its own at the next hop
  if (CONTROL.test(input)) return undefined
  const text = stripRoute(input, lenient)
  if (text === undefined) return undefined
  const split = lastAt(text)
  if (split === undefined) return undefined
  if (split < 0) {
    const local = words(text, lenient)
    return local === undefined || local === '' ? undefined : { text: quoteLocal(local), local, domain: '' }
  }
  const local = words(text.slice(0, split), lenient)
  const domain = domainOf(text.slice(split + 1), lenient)
  if (local === undefined || domain === undefined) return undefined
  if (local === '' && !lenient) return undefined
  if (local.endsWith('@') && !/"\s*$/.test(text.slice(0, split))) return undefined
  // a local part of nothing has quotes on the wire (RFC 5321 section 4.1.2)
  return { text: `${quoteLocal(local) || '""'}@${domain}`, local, domain }
}

/** The unquoted form that tables and reply texts use: `a b@example.org`. */
export const internal = (a: MailAddress): string => (a.domain === '' ? a.local : `${a.local}@${a.domain}`)
/** The internal form with the dot behind the domain that a client may have typed: Postfix's replies have it. */
export const asGiven = (a: MailAddress): string => (hasDot(a) ? `${internal(a)}.` : internal(a))
/** `text`, with that dot: what the queue keeps as the original recipient. */
export const originalOf = (a: MailAddress): string => (hasDot(a) ? `${a.text}.` : a.text)
const hasDot = (a: MailAddress): boolean => a.typed?.endsWith('.') === true
/** Text and internal form are apart only for local parts that need quotes. */
export const quoteLocal = (local: string): string =>
  ATEXT.test(local) || local === '' ? local : `"${local.replace(/["\\]/g, '\\$&')}"`
/**
 * A domain that no mail can go to: a literal that is no address, or an address without brackets (RFC 5321 section 4.1.3).
 * Postfix refuses it at RCPT.
 */
export function isMalformed(domain: string): boolean {
  if (!domain.startsWith('[')) return isV4(domain)
  const inner = domain.slice(1, -1)
  if (/^ipv6:/i.test(inner)) return !/^ipv6:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(inner)
  if (isV4(inner)) return inner.split('.').some((n) => Number(n) > 255)
  // `[host]` names no address at all, and of a general literal (`[tag:...]`) nobody knows where it is
  return true
}
export const isLiteral = (domain: string): boolean => domain.startsWith('[')
/** Needs SMTPUTF8 at the next hop (RFC 6531 section 3.4)? */
export const isUtf8 = (text: string): boolean => /[^\x00-\x7f]/.test(text) // eslint-disable-line no-control-regex
/** An address that stands in our own files and records: parsed leniently, never null. */
export function addressOf(text: string): MailAddress {
  if (text === '') return NULL_SENDER
  if (text !== lastText) {
    const parsed = parseAddress(text, { lenient: true })
    lastAddress = Object.freeze(parsed ?? { text: quoteLocal(text), local: text, domain: '' })
    lastText = text
  }
  return lastAddress
}
// a recipient's address is asked for by several in turn on its way to a transport
let lastText = ''
let lastAddress = NULL_SENDER

/** A name of this site's in its standard form; without a rewriter `user` is `user@myorigin`. */
export function qualified(
  name: string,
  myorigin: string,
  rewriter?: { standard(address: MailAddress): MailAddress },
): string {
  const named = addressOf(name)
  if (named.domain !== '') return named.text
  return rewriter ? rewriter.standard(named).text : `${named.text}@${myorigin}`
}
/** Same mailbox as far as we can tell: domain without case, local part with. */
export const addressKey = (a: MailAddress): string => `${a.local}@${a.domain.toLowerCase()}`

/** `user+ext` apart, at the first delimiter that leaves a user (Postfix's recipient_delimiter: any of the characters). */
export function splitExtension(local: string, delimiters: string): { user: string; extension?: string } {
  if (/^(mailer-daemon|double-bounce|postmaster)$/i.test(local)) return { user: local }
  // owner-list and list-request are names (Postfix's owner_request_special)
  if (delimiters.includes('-') && /^owner-|.-request$/i.test(local)) return { user: local }
  for (let i = 1; i < local.length; i++)
    if (delimiters.includes(local[i]!)) return { user: local.slice(0, i), extension: local.slice(i + 1) }
  return { user: local }
}

/** Index of the quote that closes the one at `at`. */
export function quoteEnd(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '"') return i
  }
  return -1
}
/** Behind a source route (RFC 5321 appendix C); undefined for one that is malformed. */
export function stripRoute(text: string, lenient: boolean): string | undefined {
  const m = /^@[^":<>\s]*:/.exec(text)
  if (!m) return text
  const hops = m[0].slice(0, -1).split(',')
  const isHop = (hop: string) => hop.startsWith('@') && (lenient || domainOf(hop.slice(1), false) !== undefined)
  return hops.every(isHop) ? text.slice(m[0].length) : undefined
}
/** Index of the last `@` outside quotes; -1 when there is none, undefined when a quote is open. */
function lastAt(text: string): number | undefined {
  let at = -1
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '"') {
      i = quoteEnd(text, i)
      if (i < 0) return undefined
    } else if (text[i] === '@') at = i
    else if (text[i] === '\\') i++
  }
  return at
}
/** Quotes and comments undone; undefined when two words stand side by side or a special stands bare. */
function words(text: string, lenient: boolean): string | undefined {
  let out = ''
  let gap = false
  const glue = () => out === '' || out.endsWith('.') || out.endsWith('@')
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!
    if (c === '"') {
      const end = quoteEnd(text, i)
      if (end < 0 || (gap && !glue())) return undefined
      out += text.slice(i + 1, end).replace(/\\(.)/gs, '$1')
      i = end
      gap = false
    } else if (c === '(' && lenient) {
      const end = text.indexOf(')', i)
      if (end < 0) return undefined
      i = end
    } else if (c === ' ' || c === '\t') {
      if (!lenient) return undefined
      gap = true
    } else if (c === '\\' && lenient && i + 1 < text.length) out += text[++i]
    else if (c < ' ' || c === '\x7f' || /[(),:;<>[\\\]]/.test(c) || (c === '@' && !lenient)) {
      if (!lenient || !/[:;,[\]]/.test(c)) return undefined
      out += c
    } else {
      if (gap && !glue() && c !== '.' && c !== '@') return undefined
      out += c
      gap = false
    }
  }
  // RFC 5321 section 4.1.2: a dot-string or one quoted string, never a mixture
  if (!lenient && (text.startsWith('"') ? quoteEnd(text, 0) !== text.length - 1 : !ATEXT.test(text))) return undefined
  return out
}
function domainOf(text: string, lenient: boolean): string | undefined {
  const d = lenient ? text.replace(/\([^()]*\)/g, '').trim() : text
  if (d.startsWith('[')) {
    // RFC 5321 section 4.1.3; Postfix takes one that is not closed
    const literal = d.endsWith(']') ? d : lenient ? `${d}]` : undefined
    return literal && /^\[[\x21-\x5a\x5e-\x7e]+\]$/.test(literal) ? literal : undefined
  }
  return goodDomain(d) ? withoutDot(d) : undefined
}
export const goodLocal = (local: string) => !local.startsWith('.') && !local.endsWith('.') && !local.includes('..')
/** Labels of a host name; digits alone name nothing (an address stands in brackets, and what else has only digits is misspelt). */
export function goodDomain(domain: string): boolean {
  const name = withoutDot(domain)
  if (name === '' || name.length > 255) return false
  return HOST_NAME.test(name) && (!/^[\d.]+$/.test(name) || isV4(name))
}
const isV4 = (text: string) => /^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)
export const withoutDot = (domain: string) => (domain.endsWith('.') ? domain.slice(0, -1) : domain)
