/** Many times in little memory: counts in steps of two per cent. */
const STEP = Math.log(1.02)
/** ms; what is faster counts as this */
const LEAST = 1e-5

export class Spread {
  readonly #counts: number[] = []
  #n = 0
  #most = 0

  add(ms: number): void {
    const at = ms <= LEAST ? 0 : Math.ceil(Math.log(ms / LEAST) / STEP)
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
    this.#n++
    if (ms > this.#most) this.#most = ms
  }
  /** ms; exact */
  get most(): number {
    return this.#most
  }
  /** ms: so many are at most this; `part` from 0 to 1 */
  at(part: number): number {
    const wanted = Math.ceil(part * this.#n)
    let seen = 0
    for (let i = 0; i < this.#counts.length; i++) {
      seen += this.#counts[i] ?? 0
      if (seen >= wanted && seen > 0) return Math.min(this.#most, LEAST * Math.exp(i * STEP))
    }
    return 0
  }
}
