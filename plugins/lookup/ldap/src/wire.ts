/** LDAP messages on the wire (RFC 4511 section 5.1): cut out of the stream, and what a server answers read from them. */
import { BerReader, ProtocolOperation as Op } from 'ldapts'

/** bytes of one message above which the connection is given up; one entry is one message */
const LARGEST = 64 * 1024 * 1024

export interface Result {
  /** RFC 4511 section 4.1.9, appendix A; 0: success */
  readonly code: number
  /** what the server says about it, for people */
  readonly text: string
  /** URLs of servers that would know, with code 10 */
  readonly referrals: readonly string[]
  /** of a SASL bind: the next challenge, or what proves the server */
  readonly credentials: Buffer | undefined
}
export interface Entry {
  readonly dn: string
  /** in the order in which the server told them */
  readonly attributes: readonly (readonly [name: string, values: readonly Buffer[]])[]
}
/** `end` closes a request; entries and references come before it. */
export type Response = { readonly id: number } & (
  | { readonly kind: 'entry'; readonly entry: Entry }
  | { readonly kind: 'reference'; readonly urls: readonly string[] }
  | { readonly kind: 'end'; readonly result: Result }
)

/** Cuts a stream into messages. */
export class Frames {
  #chunks: Buffer[] = []
  #held = 0
  /** bytes that must be there before it is worth a look */
  #wanted = 2

  /** The messages that are whole now. Throws on what is no LDAP. */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk)
    this.#held += chunk.length
    const whole: Buffer[] = []
    if (this.#held < this.#wanted) return whole
    let rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks)
    for (;;) {
      const size = sizeOf(rest)
      this.#wanted = size ?? rest.length + 1
      if (size === undefined || rest.length < size) break
      whole.push(rest.subarray(0, size))
      rest = rest.subarray(size)
    }
    this.#chunks = rest.length > 0 ? [rest] : []
    this.#held = rest.length
    return whole
  }
  /** nothing of a message has come */
  get empty(): boolean {
    return this.#held === 0
  }
}
/** Bytes of the message that begins here, `undefined` when its head is not whole. */
function sizeOf(bytes: Buffer): number | undefined {
  if (bytes.length < 2) return undefined
  if (bytes[0] !== 0x30) throw new Error('the server does not speak LDAP')
  const first = bytes[1]!
  if (first < 0x80) return 2 + first
  const digits = first & 0x7f
  if (digits === 0 || digits > 4) throw new Error('the server does not speak LDAP')
  if (bytes.length < 2 + digits) return undefined
  const length = bytes.readUIntBE(2, digits)
  if (length > LARGEST) throw new Error(`the server sent a message of ${length} bytes`)
  return 2 + digits + length
}

/** Throws on what is no answer of an LDAP server. */
export function readResponse(message: Buffer): Response {
  const reader = new BerReader(message)
  reader.readSequence(0x30)
  const id = needed(reader.readInt())
  const operation = needed(reader.readSequence())
  switch (operation) {
    case Op.LDAP_RES_SEARCH_ENTRY:
      return { id, kind: 'entry', entry: entryOf(reader) }
    case Op.LDAP_RES_SEARCH_REF:
      return { id, kind: 'reference', urls: textsIn(reader) }
    case Op.LDAP_RES_BIND:
    case Op.LDAP_RES_SEARCH:
    case Op.LDAP_RES_COMPARE:
    case Op.LDAP_RES_EXTENSION:
      return { id, kind: 'end', result: resultOf(reader) }
    default:
      throw new Error(`the server sent an answer of unknown kind 0x${operation.toString(16)}`)
  }
}
function entryOf(reader: BerReader): Entry {
  const dn = needed(reader.readString())
  const attributes: [string, Buffer[]][] = []
  reader.readSequence(0x30)
  const end = endOf(reader)
  while (reader.offset < end) {
    reader.readSequence(0x30)
    const name = needed(reader.readString())
    reader.readSequence(Op.LBER_SET)
    const last = endOf(reader)
    const values: Buffer[] = []
    while (reader.offset < last) values.push(needed(reader.readString(0x04, true)))
    attributes.push([name, values])
  }
  return { dn, attributes }
}
function resultOf(reader: BerReader): Result {
  const end = endOf(reader)
  const code = needed(reader.readEnumeration())
  needed(reader.readString())
  const text = needed(reader.readString())
  let referrals: readonly string[] = []
  let credentials: Buffer | undefined
  while (reader.offset < end) {
    const tag = needed(reader.peek())
    if (tag === 0xa3) {
      reader.readSequence()
      referrals = textsIn(reader)
    } else {
      const value = needed(reader.readString(tag, true))
      if (tag === 0x87) credentials = Buffer.from(value)
    }
  }
  return { code, text, referrals, credentials }
}
function textsIn(reader: BerReader): string[] {
  const end = endOf(reader)
  const texts: string[] = []
  while (reader.offset < end) texts.push(needed(reader.readString()))
  return texts
}
/** Where the value ends whose head was read just now. */
function endOf(reader: BerReader): number {
  if (reader.length > reader.remain) throw new Error('the server sent a message that is cut short')
  return reader.offset + reader.length
}
function needed<T>(value: T | null): T {
  if (value === null) throw new Error('the server sent a message that is cut short')
  return value
}
