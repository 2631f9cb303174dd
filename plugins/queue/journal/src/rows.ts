/**
 * The index: one row a message, in columns, named by its slot. What few messages have (a hold, a body file, more than
 * eight recipients, expansions) stands in a side table of objects. Texts and addresses stay on disk.
 */
import { CHUNK_ROWS, Columns, ROW_BYTES } from './columns.ts'
import { IdTable } from './id-table.ts'
import { CRASHES, CRASH_SHIFT, HELD, LIVE, TAKEN } from './flags.ts'
import { RecipientStates } from './recipient-states.ts'
import { extraOf } from './extra.ts'
import { formatId, highHalf, lowHalf, msOf } from './ids.ts'
import type { Extra } from './extra.ts'
import type { Held } from './envelope.ts'

const SIZE_LIMIT = 2 ** 32 - 1

export interface NewRow {
  readonly high: number
  readonly low: number
  /** ms since 1970 */
  readonly created: number
  /** bytes of header and body */
  readonly size: number
  readonly recipients: number
  readonly file?: string
  readonly held?: Held
}

export class Rows {
  /** messages that can be found, and bytes of their headers and bodies */
  messages = 0
  bytes = 0
  /** a slot that somebody reads: -1 as soon as there is a record of it */
  watched = -1
  /** segments to which messages are on their way: their STATE is placed there, and not yet durable */
  readonly moving = new Map<number, number>()
  /** slots of messages whose replacement is recorded and not yet durable: no copy of them may follow it */
  readonly leaving = new Set<number>()
  /** slots below this one have been in use */
  top = 0
  readonly chunks: Columns[] = []
  readonly extras = new Map<number, Extra>()
  /** how far each recipient is */
  readonly states = new RecipientStates(this.chunks, this.extras)
  readonly #table = new IdTable({ high: (slot) => this.high(slot), low: (slot) => this.low(slot) })
  /** slot + 1 of the first free one; each names the next in `states` */
  #free = 0

  #at(slot: number): Columns {
    return this.chunks[slot >>> 16]!
  }

  /** A slot that cannot be found yet. */
  make(row: NewRow): number {
    const slot = this.#take()
    const c = this.#at(slot)
    const i = slot & 65_535
    c.high[i] = row.high
    c.low[i] = row.low
    this.reset(slot, row)
    return slot
  }
  #take(): number {
    if (this.#free !== 0) {
      const slot = this.#free - 1
      this.#free = this.#at(slot).states[slot & 65_535]!
      return slot
    }
    if (this.top === this.chunks.length * CHUNK_ROWS) this.chunks.push(new Columns())
    return this.top++
  }
  /** As it was when it came. */
  reset(slot: number, row: NewRow): void {
    const c = this.#at(slot)
    const i = slot & 65_535
    if ((c.flags[i]! & LIVE) !== 0) this.bytes += row.size - this.size(slot)
    this.extras.delete(slot)
    c.flags[i] = (c.flags[i]! & LIVE) | TAKEN
    c.attempts[i] = c.nextLow[i] = c.nextHigh[i] = c.states[i] = 0
    const age = row.created - msOf(row.high, row.low)
    if (Math.abs(age) < 2 ** 31) c.age[i] = age
    else this.extra(slot).created = row.created
    if (row.size < SIZE_LIMIT) c.size[i] = row.size
    else this.extra(slot).size = row.size
    if (row.file !== undefined) this.extra(slot).file = row.file
    this.states.setCount(slot, row.recipients, undefined)
    if (row.held) this.hold(slot, row.held)
  }
  /** It can be found from now on. */
  insert(slot: number): void {
    this.setFlag(slot, LIVE, true)
    this.#table.add(slot)
    this.messages++
    this.bytes += this.size(slot)
  }
  /** Out of the index; `false` when it was not there. The slot stays until it is freed. */
  remove(slot: number): boolean {
    if (!this.has(slot, LIVE)) return false
    this.#table.delete(slot)
    this.setFlag(slot, LIVE, false)
    this.messages--
    this.bytes -= this.size(slot)
    return true
  }
  free(slot: number): void {
    this.remove(slot)
    if (this.extras.size > 0) this.extras.delete(slot)
    if (this.moving.size > 0) this.moving.delete(slot)
    if (this.leaving.size > 0) this.leaving.delete(slot)
    const c = this.#at(slot)
    const i = slot & 65_535
    c.flags[i] = c.segment[i] = c.lastSegment[i] = 0
    c.states[i] = this.#free
    this.#free = slot + 1
  }
  /** The first rows are a checkpoint's: what comes meanwhile goes behind them. */
  reserve(top: number): void {
    while (this.chunks.length * CHUNK_ROWS < top) this.chunks.push(new Columns())
    this.top = Math.max(this.top, top)
  }
  /** Reserved rows as a checkpoint had them: those that could be found then can be found now, the others are free. */
  restore(from: number, to: number): void {
    for (let slot = to - 1; slot >= from; slot--) {
      if (this.has(slot, LIVE)) {
        this.states.mend(slot)
        this.setFlag(slot, LIVE, false)
        this.insert(slot)
      } else {
        this.setFlag(slot, 0xffff, false)
        this.free(slot)
      }
    }
  }
  /** -1: none */
  find(high: number, low: number): number {
    return this.#table.find(high, low)
  }
  named(id: string): number {
    return this.#table.find(highHalf(id), lowHalf(id))
  }

  high(slot: number): number {
    return this.#at(slot).high[slot & 65_535]!
  }
  low(slot: number): number {
    return this.#at(slot).low[slot & 65_535]!
  }
  id(slot: number): string {
    return formatId(this.high(slot), this.low(slot))
  }
  segment(slot: number): number {
    return this.#at(slot).segment[slot & 65_535]!
  }
  offset(slot: number): number {
    return this.#at(slot).offset[slot & 65_535]!
  }
  length(slot: number): number {
    return this.#at(slot).length[slot & 65_535]!
  }
  /** Where its latest copy stands: what ends the message must stay as long as that one. */
  latest(slot: number): number {
    return (this.moving.size > 0 ? this.moving.get(slot) : undefined) ?? this.segment(slot)
  }
  setHome(slot: number, segment: number, offset: number, length: number): void {
    const c = this.#at(slot)
    const i = slot & 65_535
    c.segment[i] = segment
    c.offset[i] = offset
    c.length[i] = length
  }
  lastSegment(slot: number): number {
    return this.#at(slot).lastSegment[slot & 65_535]!
  }
  lastOffset(slot: number): number {
    return this.#at(slot).lastOffset[slot & 65_535]!
  }
  setLast(slot: number, segment: number, offset: number): void {
    const c = this.#at(slot)
    c.lastSegment[slot & 65_535] = segment
    c.lastOffset[slot & 65_535] = offset
  }
  created(slot: number): number {
    const own = this.extras.get(slot)?.created
    return own ?? msOf(this.high(slot), this.low(slot)) + this.#at(slot).age[slot & 65_535]!
  }
  size(slot: number): number {
    return this.extras.get(slot)?.size ?? this.#at(slot).size[slot & 65_535]!
  }
  nextTry(slot: number): number {
    const c = this.#at(slot)
    return c.nextHigh[slot & 65_535]! * 2 ** 32 + c.nextLow[slot & 65_535]!
  }
  setNextTry(slot: number, ms: number): void {
    const c = this.#at(slot)
    const whole = Math.max(0, Math.round(ms))
    c.nextLow[slot & 65_535] = whole % 2 ** 32
    c.nextHigh[slot & 65_535] = Math.floor(whole / 2 ** 32)
  }
  attempts(slot: number): number {
    return this.#at(slot).attempts[slot & 65_535]!
  }
  setAttempts(slot: number, n: number): void {
    this.#at(slot).attempts[slot & 65_535] = Math.min(n, 65_535)
  }
  flags(slot: number): number {
    return this.#at(slot).flags[slot & 65_535]!
  }
  has(slot: number, flag: number): boolean {
    return (this.#at(slot).flags[slot & 65_535]! & flag) !== 0
  }
  setFlag(slot: number, flag: number, on: boolean): void {
    const { flags } = this.#at(slot)
    if (on) flags[slot & 65_535]! |= flag
    else flags[slot & 65_535]! &= ~flag
  }
  crashes(slot: number): number {
    return (this.flags(slot) & CRASHES) >>> CRASH_SHIFT
  }
  setCrashes(slot: number, n: number): void {
    this.setFlag(slot, CRASHES, false)
    this.setFlag(slot, Math.min(n, 15) << CRASH_SHIFT, true)
  }
  /** Made when there is none. */
  extra(slot: number): Extra {
    return extraOf(this.extras, slot)
  }
  held(slot: number): Held | undefined {
    return this.has(slot, HELD) ? this.extras.get(slot)?.held : undefined
  }
  hold(slot: number, held: Held | undefined): void {
    this.setFlag(slot, HELD, held !== undefined)
    if (held) this.extra(slot).held = held
    else if (this.extras.get(slot)?.held) delete this.extra(slot).held
  }

  /** Memory of the columns and the table, without the side table. */
  get memory(): number {
    return this.chunks.length * ROW_BYTES * CHUNK_ROWS + this.#table.bytes
  }
}
