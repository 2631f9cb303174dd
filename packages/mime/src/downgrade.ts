/**
 * A message with 8-bit parts for a server that takes 7 bits only (RFC 6152 section 3): each of them as quoted-printable, labelled so.
 * Parts are taken for what their headers say, as Postfix does: 8-bit content that is not declared stays as it is.
 */
import type { Entity } from './entity.ts'
import { MimeMachine } from './machine.ts'
import { QuotedPrintable } from './quoted-printable.ts'
import { MIME_LIMITS } from './sink.ts'
import type { MimeField, MimeLimits } from './sink.ts'

/** Multiparts inside each other beyond the limit: parts might go out unconverted. */
export class MimeTooDeep extends Error {
  constructor() {
    super('MIME nesting exceeds safety limit')
  }
}

/** One of these words is in the header of every message that has something to convert: most mail is done with one look. */
const IN_QUESTION = /8bit|binary|multipart|rfc822|global/i

export class Downgrade {
  /** raw header for the server, with its last CRLF */
  readonly header: Uint8Array
  /** False: the body is good for 7 bits as it is, it need not be looked at. */
  readonly needed: boolean
  readonly #machine: MimeMachine
  readonly #out: Uint8Array[] = []
  /** of the content that is being converted */
  #encoder: QuotedPrintable | undefined
  #held = false

  /** `header`: raw, with its last CRLF, without the empty line. */
  constructor(header: Uint8Array, limits: MimeLimits = MIME_LIMITS) {
    this.#machine = new MimeMachine(
      {
        field: (field, entity) => this.#field(field, entity),
        excess: (bytes) => void this.#out.push(bytes),
        headerEnd: (entity) => this.#headerEnd(entity),
        body: (bytes, entity) => this.#body(bytes, entity),
        tooDeep() {
          throw new MimeTooDeep()
        },
      },
      limits,
    )
    if (!IN_QUESTION.test(Buffer.from(header.buffer, header.byteOffset, header.byteLength).toString('latin1'))) {
      this.needed = false
      this.header = header
      return
    }
    this.#machine.header(header)
    this.needed = this.#machine.entity.domain !== '7bit' || this.#machine.expectsHeaders
    this.header = this.#held ? Buffer.concat(this.#take()) : header
    this.#take()
  }
  /** The next bytes of the body, converted. Throws MimeTooDeep. */
  chunk(bytes: Uint8Array): Uint8Array[] {
    this.#machine.write(bytes)
    return this.#take()
  }
  end(): Uint8Array[] {
    this.#machine.end()
    this.#encoded()
    return this.#take()
  }

  #field(field: MimeField, entity: Entity): void {
    // which encoding it will be is known at the end of the header
    const isHeld = entity.domain !== '7bit' && field.name.toLowerCase() === 'content-transfer-encoding'
    if (isHeld) this.#held = true
    else this.#out.push(Buffer.from(field.truncated ? field.raw : `${field.raw}\r\n`, 'latin1'))
  }
  #headerEnd({ domain, type, subtype }: Entity): boolean {
    if (domain === '7bit') return true
    const isWhole = type === 'multipart' || (type === 'message' && subtype !== 'global')
    this.#out.push(Buffer.from(`Content-Transfer-Encoding: ${isWhole ? '7bit' : 'quoted-printable'}\r\n`))
    // a message/global is encoded as a whole (RFC 6532 section 3.5)
    return isWhole
  }
  #body(bytes: Uint8Array, { domain }: Entity): void {
    if (domain === '7bit') {
      this.#encoded()
      this.#out.push(bytes)
    } else this.#out.push((this.#encoder ??= new QuotedPrintable()).chunk(bytes))
  }
  #encoded(): void {
    if (this.#encoder) this.#out.push(this.#encoder.end())
    this.#encoder = undefined
  }
  #take(): Uint8Array[] {
    return this.#out.splice(0)
  }
}
