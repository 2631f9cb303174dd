/** Searches that are sent many times, each time with other values: their bytes are made once, and only the values put in. */
import { ProtocolOperation as Op } from 'ldapts'
import type { SearchRequest } from 'ldapts'
import { Ber } from './ber.ts'
import type { Message } from './message.ts'
import type { Outbox } from './outbox.ts'

/** Bytes as they are, the number of a value that is put in, or an element that is made of such parts. */
type Part = Uint8Array | number | Element
interface Element {
  readonly tag: number
  readonly parts: readonly Part[]
}
/** in a tag: elements are inside */
const CONSTRUCTED = 0x20
/** bytes of a head: the tag, and a length of at most four digits and its count */
const HEAD = 6

export class PreparedSearch {
  readonly attributes: readonly string[]
  readonly #parts: readonly Part[]
  /** bytes of a message without its values, at most */
  readonly #size: number
  /** at how many places each value stands */
  readonly #uses: readonly number[]

  /** `marks`: texts that stand in the request's strings where values are put in, none of them inside another one */
  constructor(request: SearchRequest, marks: readonly string[]) {
    this.attributes = request.attributes
    const bytes = request.write()
    const ber = new Ber()
    ber.load(bytes, 0)
    const end = ber.open(0x30, bytes.length)
    ber.skip(0x02, end)
    const cut = marks.map((mark) => Buffer.from(mark))
    this.#parts = partsIn(bytes, ber.at, end, cut)
    this.#size = sizeOf(this.#parts) + 2 * HEAD
    this.#uses = marks.map((_mark, i) => usesOf(i, this.#parts))
  }
  /** The message with these values, one for each mark. */
  with(values: readonly string[]): Message {
    return new FilledSearch(this, values)
  }
  write(out: Outbox, id: number, values: readonly string[]): void {
    let most = this.#size
    // a unit of UTF-16 is at most three bytes of UTF-8
    for (let i = 0; i < values.length; i++) most += 3 * values[i]!.length * this.#uses[i]!
    out.appendBackward(most, (bytes, end) => {
      const operation = partsBefore(bytes, end, this.#parts, values)
      const from = headBefore(bytes, numberBefore(bytes, operation, id), operation, 0x02)
      return headBefore(bytes, from, end, 0x30)
    })
  }
}
class FilledSearch implements Message {
  readonly ends = Op.LDAP_RES_SEARCH
  readonly #search: PreparedSearch
  readonly #values: readonly string[]

  constructor(search: PreparedSearch, values: readonly string[]) {
    this.#search = search
    this.#values = values
  }
  get attributes(): readonly string[] {
    return this.#search.attributes
  }
  write(out: Outbox, id: number): void {
    this.#search.write(out, id, this.#values)
  }
}

function partsIn(bytes: Buffer, from: number, end: number, marks: readonly Buffer[]): Part[] {
  const ber = new Ber()
  const parts: Part[] = []
  for (let at = from; at < end; at = ber.at) {
    ber.load(bytes, at)
    const tag = ber.next(end)
    const behind = ber.open(tag, end)
    const inside = (tag & CONSTRUCTED) > 0 ? partsIn(bytes, ber.at, behind, marks) : cutAt(bytes, ber.at, behind, marks)
    ber.at = behind
    parts.push(inside.every(isFixed) ? bytes.subarray(at, behind) : { tag, parts: inside })
  }
  return joined(parts)
}
/** A string, parted where a mark stands. */
function cutAt(bytes: Buffer, from: number, end: number, marks: readonly Buffer[]): Part[] {
  const text = bytes.subarray(from, end)
  for (const [i, mark] of marks.entries()) {
    const at = text.indexOf(mark)
    if (at < 0) continue
    const before = cutAt(text, 0, at, marks)
    return [...before, i, ...cutAt(text, at + mark.length, text.length, marks)]
  }
  return text.length > 0 ? [text] : []
}
const isFixed = (part: Part): part is Uint8Array => part instanceof Uint8Array
function joined(parts: readonly Part[]): Part[] {
  const all: Part[] = []
  for (const part of parts) {
    const last = all.at(-1)
    if (isFixed(part) && last !== undefined && isFixed(last)) all[all.length - 1] = Buffer.concat([last, part])
    else all.push(part)
  }
  return all
}
function sizeOf(parts: readonly Part[]): number {
  let size = 0
  for (const part of parts)
    size += typeof part === 'number' ? 0 : isFixed(part) ? part.length : HEAD + sizeOf(part.parts)
  return size
}
const usesOf = (value: number, parts: readonly Part[]): number =>
  parts.reduce<number>((sum, part) => {
    if (typeof part === 'number') return sum + (part === value ? 1 : 0)
    return isFixed(part) ? sum : sum + usesOf(value, part.parts)
  }, 0)

/** Each of these writes what ends before `end` and tells where it begins. */
function partsBefore(bytes: Buffer, end: number, parts: readonly Part[], values: readonly string[]): number {
  let at = end
  for (let i = parts.length - 1; i >= 0; i--) {
    const part = parts[i]!
    if (typeof part === 'number') at = textBefore(bytes, at, values[part]!)
    else if (isFixed(part)) bytes.set(part, (at -= part.length))
    else at = headBefore(bytes, partsBefore(bytes, at, part.parts, values), at, part.tag)
  }
  return at
}
function textBefore(bytes: Buffer, end: number, text: string): number {
  let at = end
  for (let i = text.length - 1; i >= 0; i--) {
    const code = text.charCodeAt(i)
    if (code >= 0x80) {
      const from = end - Buffer.byteLength(text)
      bytes.write(text, from)
      return from
    }
    bytes[--at] = code
  }
  return at
}
function numberBefore(bytes: Buffer, end: number, number: number): number {
  let at = end
  let rest = number
  do bytes[--at] = rest & 0xff
  while ((rest >>>= 8) > 0)
  // a number whose first bit is set would be below zero
  if (bytes[at]! >= 0x80) bytes[--at] = 0
  return at
}
/** The head of an element whose content stands from `at` to `end`. */
function headBefore(bytes: Buffer, at: number, end: number, tag: number): number {
  let from = at
  const length = end - at
  if (length < 0x80) bytes[--from] = length
  else {
    let rest = length
    do bytes[--from] = rest & 0xff
    while ((rest >>>= 8) > 0)
    const digits = at - from
    bytes[--from] = 0x80 | digits
  }
  bytes[--from] = tag
  return from
}
