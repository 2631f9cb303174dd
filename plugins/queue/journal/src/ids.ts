/**
 * Message ids: u64 = 41 bits ms since 2020-01-01, 12 bits part, 11 bits sequence; printed as 13 base-32 digits (0-9A-V: readers
 * of maillogs know no others) that sort like the number, and read in either case. Kept as two 32-bit halves: BigInt costs more than the rest of a commit's bookkeeping.
 */
const ORIGIN = Date.UTC(2020, 0, 1)
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUV'
const VALUES = new Uint8Array(128).fill(255)
for (let i = 0; i < 32; i++) VALUES[DIGITS.charCodeAt(i)] = VALUES[DIGITS.toLowerCase().charCodeAt(i)] = i

export function formatId(hi: number, lo: number): string {
  let text = DIGITS[hi >>> 28]!
  for (let shift = 23; shift >= 3; shift -= 5) text += DIGITS[(hi >>> shift) & 31]
  text += DIGITS[((hi & 7) << 2) | (lo >>> 30)]
  for (let shift = 25; shift >= 0; shift -= 5) text += DIGITS[(lo >>> shift) & 31]
  return text
}
export const isId = (id: string): boolean => /^[0-9a-f][0-9a-v]{12}$/i.test(id)

const digit = (id: string, i: number) => VALUES[id.charCodeAt(i)]!
export function highHalf(id: string): number {
  let hi = digit(id, 0)
  for (let i = 1; i <= 5; i++) hi = hi * 32 + digit(id, i)
  return hi * 8 + (digit(id, 6) >>> 2)
}
export function lowHalf(id: string): number {
  let lo = digit(id, 6) & 3
  for (let i = 7; i <= 12; i++) lo = lo * 32 + digit(id, i)
  return lo
}

/** When an id was given: ms since 1970. */
export const msOf = (hi: number, lo: number): number => hi * 512 + (lo >>> 23) + ORIGIN
/** The 12 bits of the part. */
export const partOfId = (id: string): number => (lowHalf(id) >>> 11) & 0xfff

/** Hands out ids: each at least the last one + 1, also when the clock runs back or 2,048 fall into one millisecond. */
export class IdSource {
  readonly #part: number
  readonly #now: () => number
  #ms = 0
  #sequence = 0

  /** `part`: 12 bits; `now`: ms since 1970 */
  constructor(part: number, now: () => number) {
    this.#part = part & 0xfff
    this.#now = now
  }

  next(): string {
    const ms = this.#now() - ORIGIN
    if (ms > this.#ms) {
      this.#ms = ms
      this.#sequence = 0
    } else if (++this.#sequence > 0x7ff) {
      this.#ms++
      this.#sequence = 0
    }
    return formatId(this.lastHigh, this.lastLow)
  }

  get lastHigh(): number {
    return Math.floor(this.#ms / 512)
  }
  get lastLow(): number {
    return (this.#ms % 512) * 0x800000 + this.#part * 2048 + this.#sequence
  }

  /** What comes next is above this one: an id seen on disk. */
  raise(hi: number, lo: number): void {
    const ms = hi * 512 + (lo >>> 23)
    const sequence = lo & 0x7ff
    if (ms < this.#ms || (ms === this.#ms && sequence <= this.#sequence)) return
    this.#ms = ms
    this.#sequence = sequence
  }
}
