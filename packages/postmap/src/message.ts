/**
 * -h, -b and -m: the lines of a message as keys, as Postfix's header_checks(5) and body_checks(5) see them: each header field with
 * its continuation lines, each line of a body, with -m those of MIME parts (RFC 2045, RFC 2046).
 */
import { parametersOf } from './content-type.ts'

export interface MessageFlags {
  readonly header: boolean
  readonly body: boolean
  readonly mime: boolean
}
/** Postfix's mime_boundary_length_limit and mime_nesting_limit */
const BOUNDARY_LIMIT = 2048
const NESTING_LIMIT = 100

interface Multipart {
  /** with its two hyphens */
  readonly boundary: string
  /** of its parts that do not say: message/rfc822 in a digest (RFC 2046 section 5.1.5) */
  readonly partType: string
}
type Key = { readonly kind: 'header' | 'body'; readonly text: string }

/** Bytes in, bytes out; ends early when no further line can be a key. */
export async function* messageLines(lines: AsyncIterable<Buffer>, flags: MessageFlags): AsyncGenerator<Buffer> {
  const walk = new Walk(flags.mime)
  const wanted = (key: Key) => (key.kind === 'header' ? flags.header : flags.body)
  for await (const line of lines) {
    for (const key of walk.line(line.toString('latin1'))) if (wanted(key)) yield Buffer.from(key.text, 'latin1')
    if (walk.isInBody && !flags.body && !flags.mime) return
  }
  for (const key of walk.end()) if (wanted(key)) yield Buffer.from(key.text, 'latin1')
}

class Walk {
  readonly #isMime: boolean
  /** the innermost last */
  readonly #open: Multipart[] = []
  #inHeader = true
  #isPrimary = true
  /** what the header says of the content */
  #type = 'text/plain'
  #field: string | undefined

  constructor(isMime: boolean) {
    this.#isMime = isMime
  }
  get isInBody(): boolean {
    return !this.#inHeader
  }
  *line(text: string): Generator<Key> {
    if (this.#inHeader) {
      if (this.#field !== undefined && /^[ \t]/.test(text)) {
        this.#field += `\n${text}`
        return
      }
      yield* this.end()
      if (/^[!-9;-~]+[ \t]*:/.test(text)) {
        this.#field = text
        return
      }
      yield* this.#headerEnds(text)
      if (text === '') return
    }
    this.#boundary(text)
    yield { kind: 'body', text }
  }
  /** The field that was open. */
  *end(): Generator<Key> {
    if (this.#field === undefined) return
    // white space before the colon was legal once (RFC 822)
    const field = this.#field.replace(/^([!-9;-~]+)[ \t]+:/, '$1:')
    this.#field = undefined
    if (this.#isMime && /^content-type:/i.test(field)) this.#contentType(field.slice('content-type:'.length))
    yield { kind: 'header', text: field }
  }
  *#headerEnds(text: string): Generator<Key> {
    // a message inside (RFC 2046 section 5.2.1, RFC 6532) has a header again; a line that can be none begins the body
    const nested = /^message\/(rfc822|global)$/.test(this.#type)
    this.#inHeader = this.#isMime && nested && text === ''
    this.#type = 'text/plain'
    // the line between header and body; where the message's own is missing, Postfix makes one
    if (text === '' || this.#isPrimary) yield { kind: 'body', text: '' }
    this.#isPrimary = false
  }
  #contentType(value: string): void {
    const { type, boundaries } = parametersOf(value)
    this.#type = type
    if (!type.startsWith('multipart/')) return
    const partType = type === 'multipart/digest' ? 'message/rfc822' : 'text/plain'
    for (const text of boundaries)
      if (this.#open.length < NESTING_LIMIT)
        this.#open.push({ boundary: `--${text.slice(0, BOUNDARY_LIMIT)}`, partType })
  }
  /** The innermost one counts; an outer one ends what is inside it (RFC 2046 section 5.1.2). */
  #boundary(text: string): void {
    if (!text.startsWith('--') || text.length === 2) return
    for (let i = this.#open.length - 1; i >= 0; i--) {
      const { boundary, partType } = this.#open[i]!
      if (!text.startsWith(boundary)) continue
      const closes = text.startsWith('--', boundary.length)
      this.#open.length = closes ? i : i + 1
      this.#inHeader = !closes
      this.#type = partType
      return
    }
  }
}
