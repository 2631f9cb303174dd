/** Chance, the same for the same seed. */
export class Pick {
  #state: number
  constructor(seed: number) {
    this.#state = (seed * 2_654_435_761) >>> 0 || 1
  }
  /** 0 to 1 (mulberry32) */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  chance(p: number): boolean {
    return this.next() < p
  }
  /** from `least` to `most` */
  count(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }
  one<T>(list: readonly T[]): T {
    return list[Math.floor(this.next() * list.length)]!
  }
  some<T>(list: readonly T[], least: number, most: number): T[] {
    return Array.from({ length: this.count(least, most) }, () => this.one(list))
  }
}
