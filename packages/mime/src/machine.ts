/**
 * A message as a stream: its headers field by field, its contents in pieces (RFC 2045, RFC 2046 section 5.1). Made to see what
 * Postfix's mime_state sees, broken structure too. Never more in memory than one field and the boundaries that are open.
 */
import { contentTypeOf, DOMAINS, encodingOf } from './entity.ts'
import type { Encoding, Entity } from './entity.ts'
import { chomp, FieldReader } from './field-reader.ts'
import { MIME_LIMITS } from './sink.ts'
import type { MimeField, MimeLimits, MimeSink } from './sink.ts'

interface Open {
  readonly boundary: Buffer
  readonly digest: boolean
}
/** A line that may be a field is known to be one or none after so many bytes. */
const PIECE = 8192
const LF = 10
const CR = 13
const DASH = 45
const LF_DASHES = Buffer.from('\n--')

const TOP: Entity = { place: 'primary', type: 'text', subtype: 'plain', encoding: '7bit', domain: '7bit' }
const NESTED: Entity = { ...TOP, place: 'nested' }
const PART: Entity = { ...TOP, place: 'mime' }
const DIGEST_PART: Entity = { ...PART, type: 'message', subtype: 'rfc822' }
/** before the first part, between them and behind the last */
const AROUND: Entity = { ...PART, type: '', subtype: '' }

export class MimeMachine {
  readonly #sink: MimeSink
  readonly #limits: MimeLimits
  #entity = TOP
  #inHeader = true
  /** the innermost last */
  readonly #open: Open[] = []
  readonly #fields: FieldReader
  /** a line, or the beginning of one, that is not decided yet */
  #held: Buffer | undefined
  /** the next byte begins a line */
  #lineStart = true
  /** inside the line of a boundary */
  #skipping = false

  constructor(sink: MimeSink, limits: MimeLimits = MIME_LIMITS) {
    this.#sink = sink
    this.#limits = limits
    this.#fields = new FieldReader(
      limits.headerSize,
      (raw, truncated) => this.#tell(raw, truncated),
      (bytes) => sink.excess?.(bytes),
    )
  }
  get entity(): Entity {
    return this.#entity
  }
  /** May what follows contain another header? */
  get expectsHeaders(): boolean {
    return this.#inHeader || this.#open.length > 0
  }

  /** The header of the message, with its last CRLF and without the empty line: once, before anything else. */
  header(raw: Uint8Array): void {
    const bytes = asBuffer(raw)
    for (let at = 0; at < bytes.length;) {
      const next = behindLine(bytes, at)
      const line = bytes.subarray(at, next)
      if (!this.#fields.line(line, true)) this.#noField(chomp(line).toString('latin1'))
      at = next
    }
    this.#fields.end()
    // the empty line is not told: whoever has the header apart knows of it
    this.#endOfHeader(true)
  }
  /** The next bytes behind the empty line. */
  write(chunk: Uint8Array): void {
    this.#take(chunk, false)
  }
  end(): void {
    this.#take(EMPTY, true)
    if (!this.#inHeader) return
    this.#fields.end()
    this.#endOfHeader(false)
  }

  /** `final`: no more is coming. */
  #take(chunk: Uint8Array, final: boolean): void {
    let bytes = asBuffer(chunk)
    if (this.#held) bytes = Buffer.concat([this.#held, bytes])
    this.#held = undefined
    for (let at = 0; at < bytes.length;)
      at = this.#skipping
        ? this.#skip(bytes, at)
        : this.#inHeader
          ? this.#headerAt(bytes, at, final)
          : this.#bodyAt(bytes, at, final)
  }
  #hold(bytes: Buffer, from: number): number {
    if (from < bytes.length) this.#held = bytes.subarray(from)
    return bytes.length
  }

  // headers

  /** Takes one line, or a piece of one. Answers where the next begins. */
  #headerAt(bytes: Buffer, at: number, final: boolean): number {
    const end = bytes.indexOf(LF, at)
    if (end < 0 && !final && bytes.length - at < PIECE) return this.#hold(bytes, at)
    // a CR at the end of a piece may be half a line end
    const next = end >= 0 ? end + 1 : !final && bytes.at(-1) === CR ? bytes.length - 1 : bytes.length
    const line = bytes.subarray(at, next)
    if (!this.#fields.line(line, this.#lineStart)) {
      this.#endOfHeader(isEmpty(line))
      if (!isEmpty(line)) return at
      this.#sink.body(line, this.#entity)
    }
    this.#lineStart = end >= 0
    return next < bytes.length && end < 0 ? this.#hold(bytes, next) : next
  }
  /** Nothing of a header that somebody else took for one is lost. */
  #noField(raw: string): void {
    this.#sink.field?.({ name: '', value: raw, raw, place: this.#entity.place, truncated: false }, this.#entity)
  }
  #tell(raw: string, truncated: boolean): void {
    const colon = raw.indexOf(':')
    const name = raw.slice(0, colon)
    const field: MimeField = { name, value: raw.slice(colon + 1), raw, place: this.#entity.place, truncated }
    const key = name.toLowerCase()
    if (key === 'content-type') this.#contentType(field)
    else if (key === 'content-transfer-encoding') this.#encoding(encodingOf(field.value))
    this.#sink.field?.(field, this.#entity)
  }
  #contentType(field: MimeField): void {
    const said = contentTypeOf(field.value)
    if (!said) return
    const { type, subtype } = said
    this.#entity = { ...this.#entity, type, subtype }
    for (const boundary of said.boundaries) {
      // the outermost counts for nothing, and the limit is one that may be reached
      if (this.#open.length > this.#limits.nesting + 1) this.#sink.tooDeep?.(field)
      else
        this.#open.push({
          boundary: Buffer.from(`--${boundary.slice(0, this.#limits.boundaryLength)}`, 'latin1'),
          digest: subtype === 'digest',
        })
    }
  }
  #encoding(encoding: Encoding | undefined): void {
    if (encoding) this.#entity = { ...this.#entity, encoding, domain: DOMAINS[encoding] }
  }
  /** `properly`: by an empty line. Else what follows is content of whatever was said so far, as for Postfix. */
  #endOfHeader(properly: boolean): void {
    const looksInside = this.#sink.headerEnd?.(this.#entity) !== false
    const { type, subtype } = this.#entity
    const isMessage = type === 'message' && (subtype === 'rfc822' || subtype === 'global')
    this.#inHeader = properly && isMessage && looksInside
    if (this.#inHeader) this.#entity = NESTED
    else if (properly && type === 'multipart') this.#entity = AROUND
  }

  // contents

  /** Takes what is there up to the next boundary, and that. Answers where it stopped. */
  #bodyAt(bytes: Buffer, at: number, final: boolean): number {
    if (this.#open.length === 0) return this.#content(bytes, at, bytes.length)
    let from = at
    for (;;) {
      const dashes = candidate(bytes, from, this.#lineStart && from === at)
      if (dashes < 0) return this.#content(bytes, at, bytes.length)
      const end = bytes.indexOf(LF, dashes)
      if (end < 0 && !final && bytes.length - dashes < this.#longest) {
        this.#content(bytes, at, dashes)
        return this.#hold(bytes, dashes)
      }
      const line = chomp(bytes.subarray(dashes, end < 0 ? bytes.length : end + 1))
      const index = this.#open.findLastIndex(({ boundary }) => beginsWith(line, boundary))
      if (index >= 0) {
        this.#content(bytes, at, dashes)
        this.#boundary(index, line)
        return this.#skip(bytes, dashes)
      }
      if (end < 0) return this.#content(bytes, at, bytes.length)
      from = end
    }
  }
  /** That of an outer part ends what is inside (RFC 2046 section 5.1.2). What stands behind it does not matter. */
  #boundary(index: number, line: Buffer): void {
    const { boundary, digest } = this.#open[index]!
    const closes = line[boundary.length] === DASH && line[boundary.length + 1] === DASH
    this.#open.length = closes ? index : index + 1
    this.#inHeader = !closes
    this.#entity = closes ? AROUND : digest ? DIGEST_PART : PART
  }
  /** The rest of a line is told as it stands. */
  #skip(bytes: Buffer, at: number): number {
    const next = behindLine(bytes, at)
    this.#content(bytes, at, next)
    this.#skipping = !this.#lineStart
    // a header begins with a line
    this.#lineStart = true
    return next
  }
  #content(bytes: Buffer, from: number, to: number): number {
    if (from < to) {
      this.#sink.body(bytes.subarray(from, to), this.#entity)
      this.#lineStart = bytes[to - 1] === LF
    }
    return to
  }
  /** bytes of a line within which each open boundary must show */
  get #longest(): number {
    return 2 + Math.max(...this.#open.map(({ boundary }) => boundary.length))
  }
}
const EMPTY = Buffer.alloc(0)
const behindLine = (bytes: Buffer, at: number): number => bytes.indexOf(LF, at) + 1 || bytes.length
const isEmpty = (line: Buffer): boolean => line[0] === LF || (line[0] === CR && line[1] === LF)
/** Two dashes alone are no boundary, not even the empty one. */
const beginsWith = (line: Buffer, text: Buffer): boolean =>
  line.length > 2 && line.length >= text.length && line.compare(text, 0, text.length, 0, text.length) === 0
/** Where a line begins with two dashes, or with one at the end of what is there. `lineStart`: a line begins at `from`. -1: nowhere. */
function candidate(bytes: Buffer, from: number, lineStart: boolean): number {
  if (lineStart && bytes[from] === DASH && (bytes[from + 1] ?? DASH) === DASH) return from
  const found = bytes.indexOf(LF_DASHES, from)
  if (found >= 0) return found + 1
  const last = bytes.length - 1
  return last > from && bytes[last] === DASH && bytes[last - 1] === LF ? last : -1
}
const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
