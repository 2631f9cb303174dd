/**
 * Tells in one pass over a key which literals it may contain. The triples of bytes in the key are marked in a table; a
 * literal whose first or last triple is not marked is not there. That is some ten microseconds for a header of 4 KiB and
 * a few nanoseconds for each rule, where to run its pattern would be microseconds.
 */
const SIZE = 1 << 15

const hash = (a: number, b: number, c: number): number => (a * 961 + b * 31 + c * 7 + (a ^ (c << 4))) & (SIZE - 1)
const hashAt = (text: string, at: number): number =>
  hash(text.charCodeAt(at), text.charCodeAt(at + 1), text.charCodeAt(at + 2))

/** A literal, ready to be looked for. */
export interface Needle {
  readonly text: string
  /** hashes of the first and the last triple; -1 when the literal is too short */
  readonly first: number
  readonly last: number
}
export const needle = (text: string): Needle =>
  text.length < 3
    ? { text, first: -1, last: -1 }
    : { text, first: hashAt(text, 0), last: hashAt(text, text.length - 3) }

export class Sieve {
  /** the round in which each triple was last seen: nothing is cleared between two keys */
  readonly #seen = new Uint32Array(SIZE)
  #round = 0
  #text = ''

  /** From here on questions are about this text, which is in lower case. */
  load(lower: string): void {
    this.#text = lower
    if (++this.#round > 0xffff_fff0) {
      this.#seen.fill(0)
      this.#round = 1
    }
    const seen = this.#seen
    const round = this.#round
    let a = lower.charCodeAt(0)
    let b = lower.charCodeAt(1)
    for (let i = 2; i < lower.length; i++) {
      const c = lower.charCodeAt(i)
      seen[hash(a, b, c)] = round
      a = b
      b = c
    }
  }
  has({ text, first, last }: Needle): boolean {
    if (first >= 0 && (this.#seen[first] !== this.#round || this.#seen[last] !== this.#round)) return false
    return this.#text.includes(text)
  }
}
