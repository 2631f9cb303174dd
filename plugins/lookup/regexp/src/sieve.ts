/**
 * Tells in one pass over a key which literals it may contain. All that stand in it of four bytes are marked in a table; a
 * literal whose first or last four are not marked is not there. So most rules cost some nanoseconds, where to run their
 * patterns would be microseconds; test/bench.ts measures it. Text is bytes, U+0000 to U+00FF.
 */
const GRAM = 4
const SIZE = 1 << 16

/** The table's place for four bytes in one number. */
const place = (gram: number): number => Math.imul(gram, 0x9e3779b1) >>> 16

/** A literal, ready to be looked for. */
export interface Needle {
  readonly text: string
  /** places of the first and the last four bytes; -1 when the literal is shorter */
  readonly first: number
  readonly last: number
}
export function needle(text: string): Needle {
  const at = (start: number) => {
    let gram = 0
    for (let i = start; i < start + GRAM; i++) gram = (gram >>> 8) | (text.charCodeAt(i) << 24)
    return place(gram)
  }
  return text.length < GRAM ? { text, first: -1, last: -1 } : { text, first: at(0), last: at(text.length - GRAM) }
}

export class Sieve {
  /** the round in which each was last seen: nothing is cleared between two keys */
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
    let gram = 0
    for (let i = 0; i < lower.length; i++) {
      gram = (gram >>> 8) | (lower.charCodeAt(i) << 24)
      // the first three are of fewer bytes: no harm, one more mark
      seen[place(gram)] = round
    }
  }
  has({ text, first, last }: Needle): boolean {
    if (first >= 0 && (this.#seen[first] !== this.#round || this.#seen[last] !== this.#round)) return false
    return this.#text.includes(text)
  }
}
