/** How far each recipient is: a nibble each, in the row up to eight of them, beside it above. */
import { extraOf } from './extra.ts'
import type { Columns } from './columns.ts'
import type { Extra } from './extra.ts'

export const PENDING = 0
export const DELIVERED = 1
export const FAILED = 2
export const EXPANDED = 3
/** an outcome of this recipient is on record */
export const TOLD = 4
const INLINE = 8
const LARGE = 255

export class RecipientStates {
  readonly #chunks: readonly Columns[]
  readonly #extras: Map<number, Extra>

  constructor(chunks: readonly Columns[], extras: Map<number, Extra>) {
    this.#chunks = chunks
    this.#extras = extras
  }
  #at(slot: number): Columns {
    return this.#chunks[slot >>> 16]!
  }

  count(slot: number): number {
    const n = this.#at(slot).count[slot & 65_535]!
    return n === LARGE ? this.#extras.get(slot)!.states!.count : n
  }
  /** Recipients and their states; without states what there were keep theirs, the others are pending. */
  setCount(slot: number, count: number, states: Uint8Array | undefined): void {
    const c = this.#at(slot)
    const i = slot & 65_535
    if (count <= INLINE) {
      c.count[i] = count
      if (states) c.states[i] = states[0]! | (states[1]! << 8) | (states[2]! << 16) | (states[3]! << 24)
      return
    }
    const nibbles = new Uint8Array(Math.max(4, Math.ceil(count / 2)))
    const known = c.count[i] === LARGE ? this.#extras.get(slot)?.states : undefined
    if (states) nibbles.set(states.subarray(0, nibbles.length))
    else if (known) nibbles.set(known.nibbles)
    else new DataView(nibbles.buffer).setUint32(0, c.states[i]!, true)
    c.count[i] = LARGE
    extraOf(this.#extras, slot).states = { nibbles, count, pending: countPending(nibbles, count) }
  }
  /** All of them, at least four bytes. */
  all(slot: number): Uint8Array {
    const c = this.#at(slot)
    const i = slot & 65_535
    if (c.count[i] === LARGE) return this.#extras.get(slot)!.states!.nibbles
    const word = c.states[i]!
    return Uint8Array.of(word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24)
  }
  nibble(slot: number, n: number): number {
    const c = this.#at(slot)
    const i = slot & 65_535
    if (c.count[i] !== LARGE) return (c.states[i]! >>> (n * 4)) & 15
    return (this.#extras.get(slot)!.states!.nibbles[n >>> 1]! >>> ((n & 1) * 4)) & 15
  }
  setNibble(slot: number, n: number, value: number): void {
    const c = this.#at(slot)
    const i = slot & 65_535
    if (c.count[i] !== LARGE) {
      c.states[i] = (c.states[i]! & ~(15 << (n * 4))) | (value << (n * 4))
      return
    }
    const states = this.#extras.get(slot)!.states!
    const byte = states.nibbles[n >>> 1]!
    const shift = (n & 1) * 4
    if (((byte >>> shift) & 3) === PENDING) states.pending--
    if ((value & 3) === PENDING) states.pending++
    states.nibbles[n >>> 1] = (byte & ~(15 << shift)) | (value << shift)
  }
  pending(slot: number): number {
    const c = this.#at(slot)
    const i = slot & 65_535
    const count = c.count[i]!
    if (count === LARGE) return this.#extras.get(slot)!.states!.pending
    let pending = 0
    for (let n = 0, word = c.states[i]!; n < count; n++, word >>>= 4) if ((word & 3) === PENDING) pending++
    return pending
  }
  /** No recipient has anything to wait for. */
  settleAll(slot: number): void {
    for (let n = 0; n < this.count(slot); n++)
      if ((this.nibble(slot, n) & 3) === PENDING) this.setNibble(slot, n, FAILED)
  }
  /** The message ended, and lost its extra, while the checkpoint was written: the log behind says so. */
  mend(slot: number): void {
    const large = this.#at(slot).count[slot & 65_535] === LARGE
    if (large && !this.#extras.get(slot)?.states)
      extraOf(this.#extras, slot).states = { nibbles: new Uint8Array(4), count: 0, pending: 0 }
  }
}
function countPending(nibbles: Uint8Array, count: number): number {
  let pending = 0
  for (let n = 0; n < count; n++) if (((nibbles[n >>> 1]! >>> ((n & 1) * 4)) & 3) === PENDING) pending++
  return pending
}
