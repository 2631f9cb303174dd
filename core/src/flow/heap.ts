/** Messages that wait, earliest first: a binary heap. Entries that were overtaken stay and are skipped by the reader. */
export interface Waiting {
  readonly at: number
  readonly id: string
}
export class WaitHeap {
  readonly #items: Waiting[] = []
  get size(): number {
    return this.#items.length
  }
  peek(): Waiting | undefined {
    return this.#items[0]
  }
  push(item: Waiting): void {
    const a = this.#items
    let i = a.push(item) - 1
    while (i > 0) {
      const up = (i - 1) >> 1
      if (before(a[up]!, item)) break
      a[i] = a[up]!
      i = up
    }
    a[i] = item
  }
  pop(): Waiting | undefined {
    const a = this.#items
    const top = a[0]
    const last = a.pop()
    if (!top || !last || a.length === 0) return top
    let i = 0
    for (;;) {
      let down = 2 * i + 1
      if (down >= a.length) break
      if (down + 1 < a.length && before(a[down + 1]!, a[down]!)) down++
      if (!before(a[down]!, last)) break
      a[i] = a[down]!
      i = down
    }
    a[i] = last
    return top
  }
}
const before = (a: Waiting, b: Waiting) => a.at < b.at || (a.at === b.at && a.id < b.id)
