/** A Content-Type field as Postfix's MIME parser reads it (RFC 2045 section 5.1). */
export interface ContentType {
  /** in lower case */
  readonly type: string
  /** normally one */
  readonly boundaries: readonly string[]
}
/** Tokens, quoted strings and specials; comments and white space are left out. */
const TOKEN = /"((?:[^"\\]|\\.)*)"?|([^\s()<>@,;:\\"/[\]?=]+)|([<>@,;:\\/[\]?=])/gsy

interface Token {
  readonly text: string
  readonly kind: 'atom' | 'quoted' | 'special'
}

/** What is wrong in it is passed over: only the first word makes a multipart of it, only `name = value` a parameter. */
export function parametersOf(value: string): ContentType {
  const [front = [], ...parameters] = segmentsOf(tokensOf(value))
  const [type, slash, subtype] = front
  const named = slash?.text === '/' && subtype?.kind === 'atom' ? subtype.text : ''
  const boundaries = parameters.flatMap(([name, equals, text]) =>
    name?.kind === 'atom' && name.text.toLowerCase() === 'boundary' && equals?.text === '=' && text?.kind !== 'special'
      ? [text?.text ?? []].flat()
      : [],
  )
  return { type: type?.kind === 'atom' ? `${type.text}/${named}`.toLowerCase() : 'text/plain', boundaries }
}
function segmentsOf(tokens: readonly Token[]): Token[][] {
  const segments: Token[][] = [[]]
  for (const token of tokens)
    if (token.kind === 'special' && token.text === ';') segments.push([])
    else segments.at(-1)!.push(token)
  return segments
}
function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < text.length;) {
    if (text[at] === '(') at = endOfComment(text, at)
    TOKEN.lastIndex = at
    const found = TOKEN.exec(text)
    if (found) {
      const [, quoted, atom, special] = found
      const kind = special !== undefined ? 'special' : atom !== undefined ? 'atom' : 'quoted'
      tokens.push({ text: special ?? atom ?? quoted!.replace(/\\(.)/gs, '$1'), kind })
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
