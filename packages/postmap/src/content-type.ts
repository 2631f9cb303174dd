/** A Content-Type field as Postfix's MIME parser reads it (RFC 2045 section 5.1). */
export interface ContentType {
  /** in lower case */
  readonly type: string
  /** normally one */
  readonly boundaries: readonly string[]
}
/** Tokens, quoted strings and specials; comments and white space are left out. */
const TOKEN = /"((?:[^"\\]|\\.)*)"?|([^\s()<>@,;:\\"/[\]?=]+)|([<>@,;:\\/[\]?=])/gsy

export function parametersOf(value: string): ContentType {
  const tokens = tokensOf(value)
  const type = tokens[1] === '/' ? `${tokens[0]}/${tokens[2] ?? ''}`.toLowerCase() : 'text/plain'
  const boundaries: string[] = []
  for (let i = 3; i < tokens.length; i++)
    if (tokens[i] === ';' && tokens[i + 1]?.toLowerCase() === 'boundary' && tokens[i + 2] === '=' && tokens[i + 3])
      boundaries.push(tokens[i + 3]!)
  return { type, boundaries }
}
function tokensOf(text: string): string[] {
  const tokens: string[] = []
  for (let at = 0; at < text.length;) {
    if (text[at] === '(') at = endOfComment(text, at)
    TOKEN.lastIndex = at
    const found = TOKEN.exec(text)
    if (found) {
      tokens.push(found[1]?.replace(/\\(.)/gs, '$1') ?? found[2] ?? found[3]!)
      at = TOKEN.lastIndex
    } else if (text[at] !== '(') at++
  }
  return tokens
}
function endOfComment(text: string, at: number): number {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === '(') depth++
    else if (text[i] === ')' && --depth === 0) return i + 1
  }
  return text.length
}
