/** Compares two sets of (hash, position) in constant memory. */

/** Are two sets of (hash, position) the same? Told by their count and by sums, so that none need be kept. */
export class Tally {
  count = 0
  #a = 0
  #b = 0

  add(hash: number, position: number): void {
    this.count++
    const a = mixed(hash ^ Math.imul(position, 0x9e3779b1))
    this.#a = (this.#a + a) | 0
    this.#b = (this.#b + mixed(a ^ position)) | 0
  }
  equals(other: Tally): boolean {
    return this.count === other.count && this.#a === other.#a && this.#b === other.#b
  }
}
/** Spreads each bit over all (the finaliser of MurmurHash3). */
function mixed(n: number): number {
  let h = n
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
