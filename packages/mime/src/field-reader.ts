/** Lines of a header, put together to fields (RFC 5322 section 2.2). */

const LF = 10
const CR = 13
const SPACE = 32
const TAB = 9
/** White space before the colon was legal once (RFC 822 section 3.4.2). */
const FIELD = /^([!-9;-~]+)[ \t]*:/

export class FieldReader {
  readonly #limit: number
  readonly #tell: (raw: string, truncated: boolean) => void
  readonly #excess: (bytes: Uint8Array) => void
  #field: { raw: string; truncated: boolean } | undefined

  /** `tell` gets each field whole, or its first `limit` bytes; `excess` what comes behind those, as it stands. */
  constructor(limit: number, tell: (raw: string, truncated: boolean) => void, excess: (bytes: Uint8Array) => void) {
    this.#limit = limit
    this.#tell = tell
    this.#excess = excess
  }
  /** A line with its end, or a piece of one. `first`: it begins here. False: it is no header's, and the field before it is over. */
  line(line: Buffer, first: boolean): boolean {
    if (this.#field && (!first || line[0] === SPACE || line[0] === TAB)) {
      this.#append(this.#field, line, first)
      return true
    }
    this.end()
    const text = chomp(line).toString('latin1')
    const [all, name] = FIELD.exec(text) ?? []
    if (name === undefined) return false
    this.#field = { raw: `${name}:${text.slice(all!.length)}`, truncated: false }
    this.#cut(this.#field, line)
    return true
  }
  /** The header is over. */
  end(): void {
    if (this.#field && !this.#field.truncated) this.#tell(this.#field.raw, false)
    this.#field = undefined
  }

  #append(field: { raw: string; truncated: boolean }, line: Buffer, first: boolean): void {
    if (field.truncated) return this.#excess(line)
    field.raw += `${first ? '\r\n' : ''}${chomp(line).toString('latin1')}`
    this.#cut(field, line)
  }
  /** Behind the limit a field is told, and what comes more is not kept. `line`: what was added last. */
  #cut(field: { raw: string; truncated: boolean }, line: Buffer): void {
    if (field.raw.length <= this.#limit) return
    const rest = Buffer.from(field.raw.slice(this.#limit), 'latin1')
    field.raw = field.raw.slice(0, this.#limit)
    field.truncated = true
    this.#tell(field.raw, true)
    this.#excess(Buffer.concat([rest, line.subarray(chomp(line).length)]))
  }
}
/** A line without its end. */
export function chomp(line: Buffer): Buffer {
  if (line.at(-1) !== LF) return line
  return line.subarray(0, line.length - (line.at(-2) === CR ? 2 : 1))
}
