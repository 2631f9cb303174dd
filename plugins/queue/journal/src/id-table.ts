/**
 * From ids to slots: open addressing over Int32Arrays, in many small tables that grow each by itself, so that no single
 * insert moves all of a large index. (A Map ends at 16.7 million entries and costs some 40 bytes each.)
 */
const TABLES = 256
const FIRST = 16

/** Whose id stands in a slot. */
export interface Ids {
  readonly high: (slot: number) => number
  readonly low: (slot: number) => number
}
function hash(high: number, low: number): number {
  let h = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
export class IdTable {
  readonly #ids: Ids
  readonly #tables: Int32Array[] = []
  readonly #used = new Int32Array(TABLES)

  constructor(ids: Ids) {
    this.#ids = ids
    for (let i = 0; i < TABLES; i++) this.#tables.push(new Int32Array(FIRST))
  }
  /** -1: none */
  find(high: number, low: number): number {
    const h = hash(high, low)
    const table = this.#tables[h % TABLES]!
    const mask = table.length - 1
    for (let i = (h >>> 8) & mask; table[i] !== 0; i = (i + 1) & mask) {
      const slot = table[i]! - 1
      if (this.#ids.low(slot) === low && this.#ids.high(slot) === high) return slot
    }
    return -1
  }
  /** The id may not be there yet. */
  add(slot: number): void {
    const h = hash(this.#ids.high(slot), this.#ids.low(slot))
    const t = h % TABLES
    if (++this.#used[t]! * 4 > this.#tables[t]!.length * 3) this.#grow(t)
    place(this.#tables[t]!, h, slot + 1)
  }
  delete(slot: number): void {
    const h = hash(this.#ids.high(slot), this.#ids.low(slot))
    const table = this.#tables[h % TABLES]!
    const mask = table.length - 1
    let hole = (h >>> 8) & mask
    while (table[hole] !== slot + 1) {
      if (table[hole] === 0) return
      hole = (hole + 1) & mask
    }
    this.#used[h % TABLES]!--
    // what stands behind moves up, so that no search stops at the hole
    for (let i = (hole + 1) & mask; table[i] !== 0; i = (i + 1) & mask) {
      const wish = (this.#hashAt(table[i]! - 1) >>> 8) & mask
      if (((i - wish) & mask) < ((i - hole) & mask)) continue
      table[hole] = table[i]!
      hole = i
    }
    table[hole] = 0
  }
  get bytes(): number {
    return this.#tables.reduce((sum, table) => sum + table.byteLength, 0)
  }
  #hashAt(slot: number): number {
    return hash(this.#ids.high(slot), this.#ids.low(slot))
  }
  #grow(t: number): void {
    const old = this.#tables[t]!
    const table = (this.#tables[t] = new Int32Array(old.length * 2))
    for (const entry of old) if (entry !== 0) place(table, this.#hashAt(entry - 1), entry)
  }
}
function place(table: Int32Array, h: number, entry: number): void {
  const mask = table.length - 1
  let i = (h >>> 8) & mask
  while (table[i] !== 0) i = (i + 1) & mask
  table[i] = entry
}
