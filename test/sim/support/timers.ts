/** Timers by their time, then by their order: a binary heap. A cancelled one stays until its time or the next clearing. */
export interface Entry {
  readonly at: number
  readonly order: number
  fn: (() => void) | undefined
}
/** cancelled timers above which the heap is cleared of them, when they are most of it */
const CLEAR_AT = 10_000

export class Timers {
  #heap: Entry[] = []
  #order = 0
  #cancelled = 0

  add(at: number, fn: () => void): Entry {
    const entry: Entry = { at, order: this.#order++, fn }
    this.#heap.push(entry)
    this.#up(this.#heap.length - 1)
    return entry
  }
  cancel(entry: Entry): void {
    if (!entry.fn) return
    entry.fn = undefined
    if (++this.#cancelled > CLEAR_AT && this.#cancelled * 2 > this.#heap.length) this.#clear()
  }
  /** when the first one is due; Infinity: there is none */
  get next(): number {
    while (this.#heap[0] && !this.#heap[0].fn) {
      this.#pop()
      this.#cancelled--
    }
    return this.#heap[0]?.at ?? Infinity
  }
  /** Takes those that are due at `at`, one after the other: a timer that an earlier one cancels does not run. */
  *take(at: number): Iterable<() => void> {
    const last = this.#order
    while (this.next <= at && this.#heap[0]!.order < last) {
      const entry = this.#pop()
      const fn = entry.fn!
      entry.fn = undefined
      yield fn
    }
  }
  #clear(): void {
    this.#heap = this.#heap.filter((e) => e.fn).sort((a, b) => (before(a, b) ? -1 : 1))
    this.#cancelled = 0
  }
  #up(i: number): void {
    const h = this.#heap
    const entry = h[i]!
    for (let up = (i - 1) >> 1; i > 0 && before(entry, h[up]!); up = (i - 1) >> 1) {
      h[i] = h[up]!
      i = up
    }
    h[i] = entry
  }
  #pop(): Entry {
    const h = this.#heap
    const top = h[0]!
    const last = h.pop()!
    if (h.length === 0) return top
    let i = 0
    for (;;) {
      let down = 2 * i + 1
      if (down >= h.length) break
      if (down + 1 < h.length && before(h[down + 1]!, h[down]!)) down++
      if (!before(h[down]!, last)) break
      h[i] = h[down]!
      i = down
    }
    h[i] = last
    return top
  }
}
const before = (a: Entry, b: Entry) => a.at < b.at || (a.at === b.at && a.order < b.order)
