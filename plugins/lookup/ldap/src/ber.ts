/** Reads BER as LDAP restricts it (RFC 4511 section 5.1): definite lengths only, and each checked before it is believed. */
import { isUtf8 } from 'node:buffer'

/** as many bytes are text looked at one by one; more are given to the runtime at once */
const SHORT = 64
/** digits of a length, and bytes of a number */
const MOST_DIGITS = 4

/** Bytes that are no LDAP message. */
export class NotLdap extends Error {
  constructor(what: string) {
    super(`the server sent ${what}`)
  }
}

/** A place in some bytes. Each method reads the element that begins there, which must end before `limit`, and goes behind its head or itself. */
export class Ber {
  #bytes: Buffer = Buffer.alloc(0)
  at = 0

  load(bytes: Buffer, at: number): void {
    this.#bytes = bytes
    this.at = at
  }
  /** the tag that comes next; -1 at the end */
  next(limit: number): number {
    return this.at < limit ? this.#bytes[this.at]! : -1
  }
  /** Goes behind the head of an element with this tag and tells where the element ends. */
  open(tag: number, limit: number): number {
    const bytes = this.#bytes
    if (this.at + 2 > limit) throw new NotLdap('a message that is cut short')
    if (bytes[this.at] !== tag)
      throw new NotLdap(`0x${bytes[this.at]!.toString(16)} where 0x${tag.toString(16)} belongs`)
    let length = bytes[this.at + 1]!
    this.at += 2
    if (length >= 0x80) {
      const digits = length & 0x7f
      if (digits === 0 || digits > MOST_DIGITS) throw new NotLdap('a length that is not possible in LDAP')
      if (this.at + digits > limit) throw new NotLdap('a message that is cut short')
      length = bytes.readUIntBE(this.at, digits)
      this.at += digits
    }
    if (this.at + length > limit) throw new NotLdap('a message that is cut short')
    return this.at + length
  }
  /** Goes behind an element with this tag. */
  skip(tag: number, limit: number): void {
    this.at = this.open(tag, limit)
  }
  /** A number from 0 on. */
  number(tag: number, limit: number): number {
    const end = this.open(tag, limit)
    const size = end - this.at
    if (size < 1 || size > MOST_DIGITS) throw new NotLdap('a number that is too long')
    const number = size === 1 ? this.#bytes[this.at]! : this.#bytes.readUIntBE(this.at, size)
    if (this.#bytes[this.at]! >= 0x80) throw new NotLdap('a number below zero')
    this.at = end
    return number
  }
  /** A text that people read; what is no UTF-8 in it is replaced. */
  text(tag: number, limit: number): string {
    const end = this.open(tag, limit)
    const text = this.#bytes.toString('utf8', this.at, end)
    this.at = end
    return text
  }
  /** A copy. */
  octets(tag: number, limit: number): Buffer {
    const end = this.open(tag, limit)
    const octets = Buffer.from(this.#bytes.subarray(this.at, end))
    this.at = end
    return octets
  }
  /** A value, `undefined` when it is no text: no UTF-8, or with a zero byte. */
  value(tag: number, limit: number): string | undefined {
    const end = this.open(tag, limit)
    const from = this.at
    this.at = end
    if (end - from <= SHORT && this.#isPlain(from, end)) return this.#bytes.toString('latin1', from, end)
    const bytes = this.#bytes.subarray(from, end)
    return isUtf8(bytes) && !bytes.includes(0) ? bytes.toString() : undefined
  }
  /** One of the names that are expected, or what else stands there. */
  name(tag: number, limit: number, expected: readonly string[]): string {
    const end = this.open(tag, limit)
    const from = this.at
    this.at = end
    for (const name of expected) if (this.#is(name, from, end)) return name
    return this.#bytes.toString('utf8', from, end)
  }

  #isPlain(from: number, end: number): boolean {
    for (let i = from; i < end; i++) {
      const byte = this.#bytes[i]!
      if (byte === 0 || byte >= 0x80) return false
    }
    return true
  }
  #is(name: string, from: number, end: number): boolean {
    if (name.length !== end - from) return false
    for (let i = 0; i < name.length; i++) if (name.charCodeAt(i) !== this.#bytes[from + i]) return false
    return true
  }
}
