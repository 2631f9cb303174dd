/** What a header says of the content behind it: type and transfer encoding (RFC 2045 sections 5 and 6). */
import { MAIL_SPECIALS, MIME_SPECIALS, pieces } from './tokens.ts'
import type { Token } from './tokens.ts'

/** Where a header stands: at the top of the message, at that of a part, at that of a message inside. */
export type Place = 'primary' | 'mime' | 'nested'
export type Encoding = '7bit' | '8bit' | 'binary' | 'base64' | 'quoted-printable'
/** The bytes that a content may have, whatever they stand for. */
export type Domain = '7bit' | '8bit' | 'binary'

export interface Entity {
  readonly place: Place
  /** lower case; `''`: other types, and what stands around the parts of a multipart */
  readonly type: 'text' | 'message' | 'multipart' | ''
  /** lower case; only those that matter here, else `''` */
  readonly subtype: string
  readonly encoding: Encoding
  readonly domain: Domain
}
export const DOMAINS: Readonly<Record<Encoding, Domain>> = {
  '7bit': '7bit',
  '8bit': '8bit',
  binary: 'binary',
  base64: '7bit',
  'quoted-printable': '7bit',
}
const SUBTYPES = {
  text: ['plain'],
  message: ['rfc822', 'partial', 'external-body', 'global'],
  multipart: ['digest'],
}

export interface ContentType {
  readonly type: 'text' | 'message' | 'multipart'
  readonly subtype: string
  /** Of a multipart, in their order. A field that names several would hide parts from whoever knows but one. */
  readonly boundaries: readonly string[]
}
/** `undefined`: a type of no meaning here, or none. */
export function contentTypeOf(value: string): ContentType | undefined {
  const [first = [], ...parameters] = pieces(value, MIME_SPECIALS, 3)
  const type = (['text', 'message', 'multipart'] as const).find((name) => isWord(first[0], name))
  if (!type) return undefined
  const subtype = first[1]?.text === '/' ? SUBTYPES[type].find((name) => isWord(first[2], name)) : undefined
  const boundaries = parameters
    .filter(([name, equals, text]) => isWord(name, 'boundary') && isSpecial(equals, '=') && text)
    .map((tokens) => tokens[2]!.text)
  return { type, subtype: subtype ?? '', boundaries: type === 'multipart' ? boundaries : [] }
}
/** `undefined`: one that RFC 2045 does not know. */
export function encodingOf(value: string): Encoding | undefined {
  const word = pieces(value, MAIL_SPECIALS, 1)[0]?.[0]
  const name = word?.kind === 'word' ? word.text.toLowerCase() : ''
  return Object.hasOwn(DOMAINS, name) ? (name as Encoding) : undefined
}
const isWord = (token: Token | undefined, text: string): boolean =>
  token?.kind === 'word' && token.text.toLowerCase() === text
const isSpecial = (token: Token | undefined, text: string): boolean => token?.kind === 'special' && token.text === text
