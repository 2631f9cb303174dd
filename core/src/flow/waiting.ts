/**
 * Every message that is not in delivery: a row of numbers, no objects, so that a million of them cost little. Those with a
 * time stand in a wheel of slots; those whose time has come, that are new, flushed or held, in lists. All are doubly linked:
 * taking any one out costs the same.
 */
import type { Clock, Timer } from '../contract/clock.ts'
import { Column } from './column.ts'
import { IdHash } from './id-hash.ts'
import { Links, NONE } from './links.ts'

/** a slot is 128 ms of the wheel's 2.3 hours: powers of two, so that a time that wraps stays in its slot */
const SLOT_BITS = 7
const SLOTS = 65_536
const SLOT_MASK = SLOTS - 1
/** lists behind the slots */
const FAR = SLOTS
const FRESH = SLOTS + 1
const DUE = SLOTS + 2
const FLUSHED = SLOTS + 3
const HELD = SLOTS + 4
/** flushed by name */
const NAMED = SLOTS + 5
/** beyond the wheel; looked through each time that half the wheel has passed */
const HORIZON = (SLOTS - 2) << SLOT_BITS
/** times are kept modulo 2^32 ms: no wait may come near to half of that */
const LONGEST = 20 * 86_400_000
/** rows of one slot that are looked at to find when the first of them is due */
const LOOKED_AT = 1000

export type Flushed = 'all' | 'name' | undefined

export interface Next {
  readonly id: string
  /** somebody asked for everything, or for it by name: what is deferred on purpose is tried too, by name also a dead site's */
  readonly flushed: Flushed
}

export class Waiting {
  readonly #clock: Clock
  readonly #wake: () => void
  readonly #ids = new IdHash()
  readonly #links = new Links(SLOTS + 6)
  /** slots that hold something, a bit each */
  readonly #filled = new Uint32Array(SLOTS / 32)
  /** ms behind #base, modulo 2^32 */
  readonly #due = new Column()
  /** flushed, and put off since: 1 with everything, 2 by name */
  readonly #asked = new Column()
  readonly #base: number
  /** the wheel is empty before this slot; not taken modulo the slots */
  #tick = 0
  #farAt = 0
  #timed = 0
  #timer: Timer | undefined
  #timerAt = Infinity
  #pausedUntil = 0
  #open = false
  #freshTurn = false

  /** `wake` is called when something may be due. */
  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock
    this.#wake = wake
    this.#base = Math.floor(clock.now())
  }
  /** messages that wait for their time or their turn */
  get size(): number {
    return this.#ids.size - this.held
  }
  get held(): number {
    return this.#links.count(HELD)
  }
  /** new mail that found no place */
  get fresh(): number {
    return this.#links.count(FRESH)
  }
  has(id: string): boolean {
    const row = this.#ids.find(id)
    return row !== NONE && this.#links.list(row) !== HELD
  }
  isHeld(id: string): boolean {
    const row = this.#ids.find(id)
    return row !== NONE && this.#links.list(row) === HELD
  }

  /** Until `at`, ms since 1970. A later word about the same message overtakes an earlier one. */
  wait(id: string, at: number, flushed?: Flushed): void {
    const row = this.#row(id)
    if (flushed) this.#asked.set(row, flushed === 'all' ? 1 : 2)
    const now = Math.floor(this.#clock.now())
    // a wheel that stood still while it was empty would take this for long past
    this.#turn()
    if (at <= now) this.#links.append(row, DUE)
    else this.#place(row, now, Math.ceil(Math.min(at, now + LONGEST)) - this.#base)
    this.#armFor(at)
  }
  /** New mail, for which there is no place now. */
  arrive(id: string): void {
    this.#links.append(this.#row(id), FRESH)
    this.#arm()
  }
  hold(id: string): void {
    this.#links.append(this.#row(id), HELD)
  }
  /** Takes it out, held or not. */
  forget(id: string): void {
    const row = this.#ids.find(id)
    if (row === NONE) return
    this.#unlink(row)
    this.#ids.remove(row)
  }
  /** It is due now; false when it does not wait, or is held. */
  flush(id: string): boolean {
    const row = this.#ids.find(id)
    if (row === NONE || this.#links.list(row) === HELD) return false
    this.#unlink(row)
    this.#links.append(row, NAMED)
    this.#arm()
    return true
  }
  /** Everything but what is held is due now, what would have been first still first. */
  flushAll(): void {
    const { slot } = this.#at(Math.floor(this.#clock.now()))
    this.#links.splice(DUE, FLUSHED)
    for (let i = 0; i < SLOTS; i++) this.#links.splice((slot + i) & SLOT_MASK, FLUSHED)
    this.#links.splice(FAR, FLUSHED)
    this.#filled.fill(0)
    this.#timed = 0
    this.#arm()
  }

  get isDue(): boolean {
    this.#turn()
    return this.#ready > 0
  }
  /** Takes the next message whose turn it is, new and deferred ones in alternation; none while paused or closed. */
  next(): Next | undefined {
    if (!this.#open || this.#ids.size === this.held || this.#pausedUntil > this.#clock.now()) return undefined
    this.#turn()
    const old = this.#links.first(NAMED) !== NONE ? NAMED : this.#links.first(DUE) !== NONE ? DUE : FLUSHED
    this.#freshTurn = !this.#freshTurn
    const [one, other] = this.#freshTurn ? [FRESH, old] : [old, FRESH]
    const list = this.#links.first(one) === NONE ? other : one
    const row = this.#links.first(list)
    if (row === NONE) return undefined
    const id = this.#ids.id(row)
    const asked = this.#asked.get(row)
    const flushed = list === NAMED || asked === 2 ? 'name' : list === FLUSHED || asked === 1 ? 'all' : undefined
    this.#links.remove(row)
    this.#ids.remove(row)
    return { id, flushed }
  }
  /** Nothing is given out for `ms`. */
  pause(ms: number): void {
    this.#pausedUntil = this.#clock.now() + ms
    this.#timer?.cancel()
    this.#timerAt = Infinity
    this.#arm()
  }
  open(): void {
    this.#open = true
    this.#arm()
  }
  close(): void {
    this.#open = false
    this.#timer?.cancel()
    this.#timerAt = Infinity
  }
  /** Whoever could take more was served: the next one's time sets the timer. */
  rest(): void {
    // a timer that is set is set for the first one, or for one that has gone meanwhile
    if (this.#timerAt === Infinity && this.#ids.size > this.held) this.#arm()
  }
  /** Nothing is due, new or flushed, and nothing may be until the timer goes. */
  get isQuiet(): boolean {
    return this.#ready === 0 && (this.#timed === 0 || this.#timerAt !== Infinity)
  }

  get #ready(): number {
    const links = this.#links
    return links.count(FRESH) + links.count(DUE) + links.count(FLUSHED) + links.count(NAMED)
  }
  /** The message's row, out of whatever list it stood in. */
  #row(id: string): number {
    const known = this.#ids.find(id)
    if (known !== NONE) {
      this.#unlink(known)
      this.#asked.set(known, 0)
      return known
    }
    const row = this.#ids.add(id)
    this.#links.grow(row)
    this.#due.grow(row)
    this.#asked.grow(row)
    this.#asked.set(row, 0)
    return row
  }
  #unlink(row: number): void {
    const list = this.#links.list(row)
    this.#links.remove(row)
    if (list > FAR) return
    this.#timed--
    if (list < FAR && this.#links.first(list) === NONE) this.#filled[list >> 5]! &= ~(1 << (list & 31))
  }
  #at(time: number): { tick: number; slot: number } {
    const tick = Math.floor((time - this.#base) / (1 << SLOT_BITS))
    return { tick, slot: tick & SLOT_MASK }
  }
  #place(row: number, now: number, due: number): void {
    this.#due.set(row, due | 0)
    this.#timed++
    if (due + this.#base - now > HORIZON) return this.#links.append(row, FAR)
    const { slot } = this.#at(due + this.#base)
    this.#links.append(row, slot)
    this.#filled[slot >> 5]! |= 1 << (slot & 31)
  }
  /** Moves on to now: rows whose time has come go into their list. */
  #turn(): void {
    const now = Math.floor(this.#clock.now())
    const { tick } = this.#at(now)
    if (this.#timed > 0) {
      const from = Math.max(this.#tick, tick - SLOTS + 1)
      for (let t = from; t < tick; t++) this.#empty(t & SLOT_MASK)
      this.#ripe(tick & SLOT_MASK, now)
      if (now >= this.#farAt) this.#near(now)
    }
    this.#tick = tick
  }
  #empty(slot: number): void {
    if (!(this.#filled[slot >> 5]! & (1 << (slot & 31)))) return
    this.#timed -= this.#links.count(slot)
    this.#links.splice(slot, DUE)
    this.#filled[slot >> 5]! &= ~(1 << (slot & 31))
  }
  /** Of the slot that has begun, only those whose ms has come. */
  #ripe(slot: number, now: number): void {
    for (let row = this.#links.first(slot); row !== NONE;) {
      const next = this.#links.next(row)
      if (this.#left(row, now) <= 0) {
        this.#unlink(row)
        this.#links.append(row, DUE)
      }
      row = next
    }
  }
  #near(now: number): void {
    this.#farAt = now + HORIZON / 2
    for (let row = this.#links.first(FAR); row !== NONE;) {
      const next = this.#links.next(row)
      const left = this.#left(row, now)
      if (left <= HORIZON) {
        this.#unlink(row)
        if (left <= 0) this.#links.append(row, DUE)
        else this.#place(row, now, now + left - this.#base)
      }
      row = next
    }
  }
  /** ms until the row is due */
  #left(row: number, now: number): number {
    return (this.#due.get(row) - (now - this.#base)) | 0
  }
  /** Sets the timer for the first one, if it is not set for an earlier one. */
  #arm(): void {
    if (!this.#open) return
    const now = this.#clock.now()
    this.#armFor(this.#ready > 0 ? now : this.#firstTime(now))
  }
  #armFor(time: number): void {
    if (!this.#open) return
    const now = this.#clock.now()
    const at = Math.max(time, this.#pausedUntil)
    if (at >= this.#timerAt || at === Infinity) return
    this.#timer?.cancel()
    this.#timerAt = at
    this.#timer = this.#clock.after(Math.max(0, at - now), () => {
      this.#timerAt = Infinity
      this.#wake()
    })
  }
  #firstTime(exact: number): number {
    if (this.#timed === 0) return Infinity
    const now = Math.floor(exact)
    // those beyond the wheel come nearer before the first of the wheel is due
    const far = this.#links.count(FAR) > 0 ? Math.max(this.#farAt, now + 1) : Infinity
    const slot = this.#firstSlot(this.#at(now).slot)
    if (slot === NONE) return far
    let first = Infinity
    let looked = 0
    for (let row = this.#links.first(slot); row !== NONE && looked++ < LOOKED_AT; row = this.#links.next(row))
      first = Math.min(first, this.#left(row, now))
    return Math.min(now + Math.max(0, first), far)
  }
  #firstSlot(from: number): number {
    for (let i = 0; i <= SLOTS / 32; i++) {
      const word = ((from >> 5) + i) & (SLOTS / 32 - 1)
      let bits = this.#filled[word]!
      // of the first word, only what stands behind the present; its other half comes last
      if (i === 0) bits &= -1 << (from & 31)
      if (bits !== 0) return (word << 5) | (31 - Math.clz32(bits & -bits))
    }
    return NONE
  }
}
