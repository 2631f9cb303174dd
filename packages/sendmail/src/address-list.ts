/**
 * Addresses in a header field or a command-line argument (RFC 5322 section 3.4, and what people write): phrases, comments,
 * groups, routes, quoted local parts, domain literals. Two words side by side outside brackets are two addresses, as
 * Postfix takes them.
 */
const TOKEN = /\s+|"(?:[^"\\]|\\[\s\S])*"?|\[(?:[^\]\\]|\\[\s\S])*\]?|(?:\\[\s\S]|[^\s"()<>[\]:;@\\,.])+|[\s\S]/g

/** Each address without comments and white space, its quotes as they came; empty ones are left out. */
export function addressesOf(text: string): string[] {
  const found: string[] = []
  /** bare addresses since the last comma: they were a phrase when a `<` follows */
  let bare: string[] = []
  let current = ''
  let angle = false
  const end = () => {
    if (current !== '') (angle ? found : bare).push(current)
    current = ''
  }
  const flush = () => {
    end()
    found.push(...bare)
    bare = []
  }
  for (const [token] of withoutComments(text).matchAll(TOKEN)) {
    // the hops of a route have commas and a colon (RFC 5322 section 4.4)
    const route = current.startsWith('@')
    if (token.trim() === '') continue
    if (token === '<' || (token === ':' && !route)) {
      current = ''
      bare = []
      angle = token === '<'
    } else if (token === '>') {
      end()
      angle = false
    } else if (token === ';' || (token === ',' && !(angle && route))) flush()
    else {
      const glued = /^[.@:,]$/.test(token) || /[.@:,]$/.test(current)
      if (!glued) end()
      current += token
    }
  }
  flush()
  return found
}

/** Comments nest (RFC 5322 section 3.2.2), and what looks like one in quotes is none. */
function withoutComments(text: string): string {
  if (!text.includes('(')) return text
  let out = ''
  let depth = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!
    const kept = c === '\\' ? text.slice(i, ++i + 1) : c
    if (c === '"' && depth === 0) quoted = !quoted
    if (c === '(' && !quoted) depth++
    if (depth === 0) out += kept
    if (c === ')' && !quoted && depth > 0) depth--
  }
  return out
}
