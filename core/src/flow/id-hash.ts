/** Message ids as numbers, and the row of each: 12 bytes an id and a hash of rows, where strings would cost ten times that. */
import { Column } from './column.ts'
import { NONE } from './links.ts'

/** characters of an id; six bits each, in three words of 4, 4 and 5 */
const LENGTH = 13
const FIRST_BUCKETS = 1024
const CHARACTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const CODES = new Uint8Array(128).fill(255)
for (let i = 0; i < CHARACTERS.length; i++) CODES[CHARACTERS.charCodeAt(i)] = i

export class IdHash {
  readonly #wordA = new Column()
  readonly #wordB = new Column()
  readonly #wordC = new Column()
  readonly #chain = new Column()
  /** the first row of each bucket; one bucket more for each id above FIRST_BUCKETS (linear hashing): no id pays for all */
  readonly #heads = new Column()
  #buckets = FIRST_BUCKETS
  /** buckets when all were last twice as many */
  #level = FIRST_BUCKETS
  /** rows that were given back, linked by #chain */
  #free = NONE
  #used = 0
  size = 0
  /** of the id that was packed last */
  #a = 0
  #b = 0
  #c = 0

  constructor() {
    for (let at = 0; at < FIRST_BUCKETS; at++) this.#open(at)
  }
  find(id: string): number {
    return this.#pack(id) ? this.#find() : NONE
  }
  /** The row of a new id. Throws for what is no id: a store that gives others breaks its contract. */
  add(id: string): number {
    if (!this.#pack(id)) throw new TypeError(`not a message id: ${JSON.stringify(id)}`)
    if (this.size >= this.#buckets) this.#split()
    let row = this.#free
    if (row === NONE) row = this.#used++
    else this.#free = this.#chain.get(row)
    this.#grow(row)
    this.#wordA.set(row, this.#a)
    this.#wordB.set(row, this.#b)
    this.#wordC.set(row, this.#c)
    const at = this.#bucket(row)
    this.#chain.set(row, this.#heads.get(at))
    this.#heads.set(at, row)
    this.size++
    return row
  }
  remove(row: number): void {
    const at = this.#bucket(row)
    if (this.#heads.get(at) === row) this.#heads.set(at, this.#chain.get(row))
    else {
      let before = this.#heads.get(at)
      while (this.#chain.get(before) !== row) before = this.#chain.get(before)
      this.#chain.set(before, this.#chain.get(row))
    }
    this.#chain.set(row, this.#free)
    this.#free = row
    this.size--
  }
  id(row: number): string {
    return unpack(this.#wordA.get(row), 4) + unpack(this.#wordB.get(row), 4) + unpack(this.#wordC.get(row), 5)
  }

  #pack(id: string): boolean {
    if (id.length !== LENGTH) return false
    this.#a = word(id, 0, 4)
    this.#b = word(id, 4, 8)
    this.#c = word(id, 8, 13)
    return this.#a >= 0 && this.#b >= 0 && this.#c >= 0
  }
  #find(): number {
    for (let row = this.#heads.get(this.#place(hash(this.#a, this.#b, this.#c))); row !== NONE;) {
      if (this.#wordC.get(row) === this.#c && this.#wordB.get(row) === this.#b && this.#wordA.get(row) === this.#a)
        return row
      row = this.#chain.get(row)
    }
    return NONE
  }
  #bucket(row: number): number {
    return this.#place(hash(this.#wordA.get(row), this.#wordB.get(row), this.#wordC.get(row)))
  }
  #grow(row: number): void {
    for (const column of [this.#wordA, this.#wordB, this.#wordC, this.#chain]) column.grow(row)
  }
  /** Buckets below the one that is split next have been split already. */
  #place(value: number): number {
    const at = value & (this.#level - 1)
    return at < this.#buckets - this.#level ? value & (2 * this.#level - 1) : at
  }
  #split(): void {
    const old = this.#buckets - this.#level
    this.#open(this.#buckets++)
    let row = this.#heads.get(old)
    this.#heads.set(old, NONE)
    while (row !== NONE) {
      const next = this.#chain.get(row)
      const at = this.#bucket(row)
      this.#chain.set(row, this.#heads.get(at))
      this.#heads.set(at, row)
      row = next
    }
    if (this.#buckets === 2 * this.#level) this.#level = this.#buckets
  }
  #open(at: number): void {
    this.#heads.grow(at)
    this.#heads.set(at, NONE)
  }
}
/** Some characters as a number; less than 0 when one is none of an id. */
function word(id: string, from: number, to: number): number {
  let value = 0
  for (let i = from; i < to; i++) {
    const code = CODES[id.charCodeAt(i)] ?? 255
    if (code === 255) return -1
    value = (value << 6) | code
  }
  return value
}
function unpack(value: number, length: number): string {
  let text = ''
  for (let i = length - 1; i >= 0; i--) text += CHARACTERS[(value >> (6 * i)) & 63]
  return text
}
const hash = (a: number, b: number, c: number): number => {
  let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35)
  h ^= h >>> 15
  h = Math.imul(h, 0x2c1b3c6d)
  return h ^ (h >>> 13)
}
