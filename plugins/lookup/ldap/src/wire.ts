/** LDAP messages on the wire (RFC 4511 section 5.1): cut out of the stream, and what a server answers read from them. */
import { ProtocolOperation as Op } from 'ldapts'
import { Ber, NotLdap } from './ber.ts'

/** bytes of one message above which the connection is given up; one entry is one message */
export const LARGEST = 64 * 1024 * 1024

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
/** `undefined`: bytes that are no text */
export type Value = string | undefined
export interface Attribute {
  readonly name: string
  readonly values: readonly Value[]
}
export interface Entry {
  /** for messages: read only when one of the values is no text, else empty */
  readonly dn: string
  /** in the order in which the server told them */
  readonly attributes: readonly Attribute[]
}
const NONE: readonly never[] = []
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

  /**
   * Hands over the messages that are whole now, each from its first byte to the one behind its last. Throws on what is no
   * LDAP. The chunk may be written over afterwards.
   */
  feed(chunk: Buffer, take: (bytes: Buffer, from: number, to: number) => void): void {
    this.#held += chunk.length
    if (this.#held < this.#wanted) return void this.#chunks.push(Buffer.from(chunk))
    const bytes = this.#chunks.length === 0 ? chunk : Buffer.concat([...this.#chunks, chunk])
    let at = 0
    for (;;) {
      const size = sizeOf(bytes, at)
      this.#wanted = size ?? bytes.length - at + 1
      if (size === undefined || bytes.length - at < size) break
      take(bytes, at, at + size)
      at += size
    }
    this.#held = bytes.length - at
    this.#chunks = this.#held > 0 ? [Buffer.from(bytes.subarray(at))] : []
  }
  /** The messages that are whole now. */
  push(chunk: Buffer): Buffer[] {
    const whole: Buffer[] = []
    this.feed(chunk, (bytes, from, to) => void whole.push(Buffer.from(bytes.subarray(from, to))))
    return whole
  }
  /** nothing of a message has come */
  get empty(): boolean {
    return this.#held === 0
  }
}
/** Bytes of the message that begins here, `undefined` when its head is not whole. */
function sizeOf(bytes: Buffer, at: number): number | undefined {
  const there = bytes.length - at
  if (there < 2) return undefined
  if (bytes[at] !== 0x30) throw new Error('the server does not speak LDAP')
  const first = bytes[at + 1]!
  if (first < 0x80) return 2 + first
  const digits = first & 0x7f
  if (digits === 0 || digits > 4) throw new Error('the server does not speak LDAP')
  if (there < 2 + digits) return undefined
  const length = bytes.readUIntBE(at + 2, digits)
  if (length > LARGEST) throw new Error(`the server sent a message of ${length} bytes`)
  return 2 + digits + length
}

const SUCCESS: Result = { code: 0, text: '', referrals: [], credentials: undefined }

/** Reads one message after the other; each in two steps, because whom it is for says what it may be. Throws on what is no answer. */
export class ResponseReader {
  readonly #ber = new Ber()
  /** where the operation, and where the message ends */
  #last = 0
  #end = 0
  id = 0
  operation = 0

  /** The message's head: `id` and `operation`. */
  open(bytes: Buffer, from: number, to: number): void {
    const ber = this.#ber
    ber.load(bytes, from)
    if (ber.open(0x30, to) !== to) throw new NotLdap('a message that is cut short')
    this.id = ber.number(0x02, to)
    this.operation = ber.next(to)
    this.#last = ber.open(this.operation, to)
    this.#end = to
  }
  /** `attributes`: names that are expected */
  entry(attributes: readonly string[]): Entry {
    const [ber, last] = [this.#ber, this.#last]
    const from = ber.at
    ber.skip(0x04, last)
    let found: Attribute[] | undefined
    let odd = false
    const end = ber.open(0x30, last)
    while (ber.at < end) {
      const next = ber.open(0x30, end)
      const name = ber.name(0x04, next, attributes)
      const behind = ber.open(0x31, next)
      let values: Value[] | undefined
      while (ber.at < behind) {
        const value = ber.value(0x04, behind)
        odd ||= value === undefined
        // a list with room for more than one is dear, and there seldom is more
        if (values) values.push(value)
        else values = [value]
      }
      this.#at(next)
      const attribute = { name, values: values ?? NONE }
      if (found) found.push(attribute)
      else found = [attribute]
    }
    this.#at(last)
    this.#finish()
    return { dn: odd ? this.#textAt(from) : '', attributes: found ?? NONE }
  }
  urls(): string[] {
    const urls = this.#texts(this.#last)
    this.#finish()
    return urls
  }
  result(): Result {
    const [ber, last] = [this.#ber, this.#last]
    const code = ber.number(0x0a, last)
    ber.skip(0x04, last)
    const text = ber.text(0x04, last)
    if (ber.at === last && code === 0 && text === '') {
      this.#finish()
      return SUCCESS
    }
    let referrals: readonly string[] = []
    let credentials: Buffer | undefined
    while (ber.at < last) {
      const tag = ber.next(last)
      if (tag === 0xa3) referrals = this.#texts(ber.open(tag, last))
      else if (tag === 0x87) credentials = ber.octets(tag, last)
      else ber.skip(tag, last)
    }
    this.#finish()
    return { code, text, referrals, credentials }
  }

  #textAt(from: number): string {
    const { at } = this.#ber
    this.#ber.at = from
    const text = this.#ber.text(0x04, this.#last)
    this.#ber.at = at
    return text
  }
  #texts(end: number): string[] {
    const texts: string[] = []
    while (this.#ber.at < end) texts.push(this.#ber.text(0x04, end))
    return texts
  }
  /** Controls, and what later versions of the protocol append (RFC 4511 section 4): to be well formed, no more. */
  #finish(): void {
    const ber = this.#ber
    while (ber.at < this.#end) ber.skip(ber.next(this.#end), this.#end)
  }
  #at(end: number): void {
    if (this.#ber.at !== end) throw new NotLdap('more than belongs into an entry')
  }
}
/** Throws on what is no answer of an LDAP server. */
export function readResponse(message: Buffer): Response {
  const reader = new ResponseReader()
  reader.open(message, 0, message.length)
  const { id, operation } = reader
  if (operation === Op.LDAP_RES_SEARCH_ENTRY) return { id, kind: 'entry', entry: reader.entry([]) }
  if (operation === Op.LDAP_RES_SEARCH_REF) return { id, kind: 'reference', urls: reader.urls() }
  const ends = [Op.LDAP_RES_BIND, Op.LDAP_RES_SEARCH, Op.LDAP_RES_COMPARE, Op.LDAP_RES_EXTENSION] as number[]
  if (!ends.includes(operation)) throw unknownKind(operation)
  return { id, kind: 'end', result: reader.result() }
}
export const unknownKind = (operation: number): Error =>
  new NotLdap(`an answer of unknown kind 0x${operation.toString(16)}`)
