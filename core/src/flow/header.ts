/** A message header, byte-exact: fields are kept as they came; what nobody edits is never parsed. */
import type { HeaderEdit } from '../contract/edits.ts'
import type { HeaderField, HeaderView } from '../contract/views.ts'

interface Field {
  readonly name: string
  /** latin1, with its line ends */
  readonly raw: string
}
const NAME = /^[!-9;-~]+$/
const EIGHT_BIT = /[\x80-\xff]/
const RECEIVED = 'received'

export class Header implements HeaderView {
  /** untouched bytes behind what was put in front */
  readonly #raw: Buffer
  #latin1: string | undefined
  #front: string[] = []
  #parsed: Field[] | undefined

  constructor(raw: Uint8Array) {
    this.#raw = Buffer.isBuffer(raw) ? raw : Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
  }
  /** Puts a field on top without parsing the rest. `text` ends in CRLF. */
  prepend(text: string): void {
    const raw = bytesOf(text)
    if (this.#parsed) this.#parsed.unshift(field(raw))
    else this.#front.unshift(raw)
  }
  get #list(): Field[] {
    if (!this.#parsed) {
      this.#parsed = [...this.#front.map(field), ...parseFields(this.#text)]
      this.#front = []
    }
    return this.#parsed
  }
  get fields(): readonly HeaderField[] {
    return this.#list.map((f) => ({ name: f.name, raw: f.raw, value: unfold(f.raw) }))
  }
  get(name: string): string | undefined {
    const wanted = name.toLowerCase()
    const f = this.#parsed ? this.#parsed.find((x) => x.name.toLowerCase() === wanted) : this.#peek(wanted)
    return f && unfold(f.raw)
  }
  /** The first field of that name, without parsing the rest. */
  #peek(wanted: string): Field | undefined {
    for (const raw of this.#front) if (startsWith(raw, 0, wanted)) return field(raw)
    const text = this.#text
    for (let at = 0; at < text.length; at = nextLine(text, at))
      if (startsWith(text, at, wanted)) return parseFields(text.slice(at, endOfField(text, at)))[0]
    return undefined
  }
  /** of the untouched bytes, latin1 */
  get #text(): string {
    return (this.#latin1 ??= this.#raw.toString('latin1'))
  }
  all(name: string): readonly string[] {
    const wanted = name.toLowerCase()
    return this.#list.filter((x) => x.name.toLowerCase() === wanted).map((f) => unfold(f.raw))
  }
  /** Bytes with their last CRLF, without the empty line. */
  toBuffer(): Buffer {
    if (this.#parsed) return Buffer.from(this.#parsed.map((f) => f.raw).join(''), 'latin1')
    return this.#front.length === 0
      ? this.#raw
      : Buffer.concat([Buffer.from(this.#front.join(''), 'latin1'), this.#raw])
  }
  /** Received fields, for loop detection; cheap on an unparsed header. */
  hops(): number {
    if (this.#parsed) return this.#parsed.reduce((sum, { raw }) => sum + count(raw, RECEIVED), 0)
    return this.#front.reduce((sum, raw) => sum + count(raw, RECEIVED), 0) + count(this.#text, RECEIVED)
  }
  /** What takes back later edits. */
  snapshot(): () => void {
    const [front, parsed] = [[...this.#front], this.#parsed && [...this.#parsed]]
    return () => {
      this.#front = front
      this.#parsed = parsed
    }
  }
  /** Throws for a name or value that would break the message. */
  apply(edit: HeaderEdit): void {
    checkHeaderEdit(edit)
    const list = this.#list
    const at = list.flatMap((f, i) => (f.name.toLowerCase() === edit.name.toLowerCase() ? [i] : []))
    if (edit.kind === 'header.insert') {
      const position = edit.at === 'top' ? 0 : edit.at === 'bottom' ? list.length : Math.min(edit.at, list.length)
      list.splice(position, 0, fold(edit.name, edit.value))
    } else if (edit.kind === 'header.replace') {
      const index = at[edit.index]
      if (index === undefined) list.push(fold(edit.name, edit.value))
      else list[index] = fold(edit.name, edit.value)
    } else {
      const gone = new Set(edit.index === undefined ? at : at.slice(edit.index, edit.index + 1))
      this.#parsed = list.filter((_, i) => !gone.has(i))
    }
  }
}

/** Throws for a name or value that would break a message: asked before there is one, too. */
export function checkHeaderEdit(edit: HeaderEdit): void {
  if (!NAME.test(edit.name))
    throw new TypeError(`${JSON.stringify(edit.name)} is not a header name (RFC 5322 section 2.2)`)
  if (edit.kind !== 'header.remove') fold(edit.name, edit.value)
}

const field = (raw: string): Field => ({ name: raw.slice(0, raw.indexOf(':')).trimEnd(), raw })
const nextLine = (text: string, at: number): number => text.indexOf('\n', at) + 1 || text.length
/** Fields of that name (in lower case). */
function count(text: string, name: string): number {
  let n = 0
  for (let at = 0; at < text.length; at = nextLine(text, at)) if (startsWith(text, at, name)) n++
  return n
}
/** Does a line that begins there begin with that name (in lower case) and, perhaps behind white space, a colon? */
function startsWith(text: string, at: number, name: string): boolean {
  // most lines begin with another letter
  if ((text.charCodeAt(at) | 0x20) !== (name.charCodeAt(0) | 0x20)) return false
  const end = at + name.length
  return text.slice(at, end).toLowerCase() === name && /^[ \t]*:/.test(text.slice(end, text.indexOf(':', end) + 1))
}
/** Behind the last line of the field that begins there. */
function endOfField(text: string, at: number): number {
  let end = nextLine(text, at)
  while (text[end] === ' ' || text[end] === '\t') end = nextLine(text, end)
  return end
}
/** Lines that begin with white space belong to the field before. */
const parseFields = (text: string): Field[] => (text.match(/[^\r\n][^\n]*\n(?:[ \t][^\n]*\n)*/g) ?? []).map(field)
const RUN = /[\x80-\xff]+/g
/**
 * Text of bytes (as Latin-1) that should be UTF-8. A byte that is not stands as a lone surrogate, U+DC80 to U+DCFF, so that what a
 * plugin passes on is written as it came.
 */
function textOf(bytes: string): string {
  if (!EIGHT_BIT.test(bytes)) return bytes
  const text = Buffer.from(bytes, 'latin1').toString('utf8')
  return text.includes('\ufffd') ? bytes.replace(RUN, (run) => runOf(run)) : text
}
/** Bytes above 127 in a row: sequences that are good, and others each for itself. */
function runOf(run: string): string {
  let out = ''
  for (let at = 0; at < run.length;) {
    const first = run.charCodeAt(at)
    const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
    const character = Buffer.from(run.slice(at, at + length), 'latin1').toString('utf8')
    const good = character.length > 0 && !character.includes('\ufffd')
    out += good ? character : String.fromCharCode(0xdc00 + first)
    at += good ? length : 1
  }
  return out
}
const bytesOf = (text: string): string =>
  BEYOND_ASCII.test(text)
    ? text
        .split(/([\udc80-\udcff])/u)
        .map((part, i) => (i % 2 === 1 ? String.fromCharCode(part.charCodeAt(0) - 0xdc00) : utf8(part)))
        .join('')
    : text
const BEYOND_ASCII = /[^\0-\x7f]/
const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')
function unfold(raw: string): string {
  const value = raw.slice(raw.indexOf(':') + 1)
  const text = textOf(value)
  const end = text.indexOf('\n')
  // one line end is the field's own
  const isFolded = end >= 0 && end < text.length - 1
  return (isFolded ? text.replace(/\r?\n(?=[ \t])/g, '') : text).trim()
}
function fold(name: string, value: string): Field {
  const lines = value.replace(/\r?\n$/, '').split(/\r?\n/)
  // a new line that is not a continuation would begin a field, or the body, of somebody's choosing
  if (lines.slice(1).some((l) => !/^[ \t]+\S/.test(l)) || /[\0\r]/.test(lines.join('')))
    throw new TypeError(`the value of ${name} has a line that is not a continuation`)
  return { name, raw: bytesOf(`${name}: ${lines.join('\r\n')}\r\n`) }
}

/** Does the message end with its header, without an empty line? `cut` is what `findBody` found in all of it. */
export const endsWithHeader = (cut: { readonly header: number; readonly body: number }, length: number): boolean =>
  cut.header === length && cut.body === length
/**
 * Where the header ends in a message: bytes of header, and where the body begins. A line that cannot be a header field
 * begins the body, as Postfix takes it. -1 for `body`: more is needed.
 */
export function findBody(bytes: Buffer, complete: boolean): { header: number; body: number } {
  let at = 0
  while (at < bytes.length) {
    const end = bytes.indexOf(10, at)
    if (end < 0) break
    if (end - at <= 1 && (end === at || bytes[at] === 13)) return { header: at, body: end + 1 }
    if (!isFieldLine(bytes, at, end)) return { header: at, body: at }
    at = end + 1
  }
  return complete ? { header: at, body: at } : { header: 0, body: -1 }
}
/** bytes that a header may have in all: it is kept in memory */
export const headerRoom = (fieldLimit: number): number => Math.max(fieldLimit, LEAST_ROOM)
const LEAST_ROOM = 2 * 1024 * 1024

/**
 * Fields of more than `limit` bytes end there (Postfix's header_size_limit: for one field with its continuation lines, a line end
 * counts as one byte); the next field is a field again. Of a continuation line that is too long less than a tenth of the limit is
 * not worth keeping.
 */
export function cutFields(given: Buffer, limit: number): Buffer {
  const header = closed(given)
  if (header.length <= limit) return header
  const parts: Buffer[] = []
  for (let at = 0; at < header.length;) {
    let end = at
    // bytes of the field so far, line ends counted as one
    let counted = -1
    // where the field is cut
    let kept = -1
    do {
      const line = header.indexOf(10, end) + 1 || header.length
      const length = line - end - (header[line - 2] === 13 ? 2 : 1)
      const room = limit - counted - 1
      if (kept < 0 && length > room) kept = end === at || room >= limit / 10 ? end + room : end
      counted += 1 + length
      end = line
    } while (end < header.length && (header[end] === 32 || header[end] === 9))
    // no line end may be left that would make an empty line
    while (kept > at && header[kept - 1]! <= 32) kept--
    parts.push(...(kept < 0 ? [header.subarray(at, end)] : [header.subarray(at, kept), CRLF]))
    at = end
  }
  return Buffer.concat(parts)
}
const CRLF = Buffer.from('\r\n')
function isFieldLine(bytes: Buffer, at: number, end: number): boolean {
  if (bytes[at] === 32 || bytes[at] === 9) return at > 0
  const colon = bytes.indexOf(58, at)
  if (colon <= at || colon >= end) return false
  let i = at
  while (i < colon && bytes[i]! > 32 && bytes[i]! < 127) i++
  // white space before the colon was legal once (RFC 822)
  while (i < colon && (bytes[i] === 32 || bytes[i] === 9)) i++
  return i === colon
}
/** `Subject : x` goes on as `Subject: x`, as Postfix writes it (RFC 5322 section 4.5 knows the blank as obsolete). */
function closed(header: Buffer): Buffer {
  if (!header.includes(' :') && !header.includes('\t:')) return header
  return Buffer.from(header.toString('latin1').replace(/(^|\n)([!-9;-~]+)[ \t]+:/g, '$1$2:'), 'latin1')
}
