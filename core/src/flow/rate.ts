/** At most `count` starts in any span of `per` ms: the times of the last ones, in a ring. */
export class Rate {
  readonly #count: number
  readonly #per: number
  readonly #starts: number[] = []
  #at = 0

  constructor(count: number, per: number) {
    this.#count = count
    this.#per = per
  }
  /** When the next start may be; not in the future: at once. */
  opensAt(now: number): number {
    if (this.#starts.length < this.#count) return now
    return this.#starts[this.#at]! + this.#per
  }
  /** No start of the past counts any more. */
  isQuiet(now: number): boolean {
    const last = this.#starts[(this.#at + this.#starts.length - 1) % Math.max(this.#starts.length, 1)]
    return last === undefined || last + this.#per <= now
  }
  took(now: number): void {
    if (this.#starts.length < this.#count) this.#starts.push(now)
    else {
      this.#starts[this.#at] = now
      this.#at = (this.#at + 1) % this.#count
    }
  }
}
