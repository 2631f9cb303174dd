/**
 * Map and Set for what stays for a moment in a process that runs for months. A table that is full of deleted entries is made
 * anew, and the old one, which lies among V8's old objects, holds what stood in it, and all that these hold, until the next full
 * collection: as good as all mail that passes. Here a table holds cells, and a cell is emptied when its value leaves.
 */
interface Cell<T> {
  it: T | undefined
}

/** A key that is an object would be held itself. */
export class PassingMap<K extends string | number, V> {
  readonly #cells = new Map<K, Cell<V>>()

  get size(): number {
    return this.#cells.size
  }
  has(key: K): boolean {
    return this.#cells.has(key)
  }
  get(key: K): V | undefined {
    return this.#cells.get(key)?.it
  }
  set(key: K, value: V): void {
    const cell = this.#cells.get(key)
    if (cell) cell.it = value
    else this.#cells.set(key, { it: value })
  }
  delete(key: K): boolean {
    const cell = this.#cells.get(key)
    if (!cell) return false
    cell.it = undefined
    return this.#cells.delete(key)
  }
  clear(): void {
    for (const cell of this.#cells.values()) cell.it = undefined
    this.#cells.clear()
  }
  /** The oldest first, as all that follow. */
  keys(): IterableIterator<K> {
    return this.#cells.keys()
  }
  *values(): Generator<V> {
    for (const cell of this.#cells.values()) yield cell.it!
  }
  *[Symbol.iterator](): Generator<[K, V]> {
    for (const [key, cell] of this.#cells) yield [key, cell.it!]
  }
}

export class PassingSet<T> {
  readonly #cells = new Set<Cell<T>>()

  get size(): number {
    return this.#cells.size
  }
  /** Returns what takes it away again; that answers whether it was still there. */
  add(it: T): () => boolean {
    const cell: Cell<T> = { it }
    this.#cells.add(cell)
    return () => {
      cell.it = undefined
      return this.#cells.delete(cell)
    }
  }
  /** The oldest first; what leaves meanwhile is left out. */
  *[Symbol.iterator](): Generator<T> {
    for (const cell of this.#cells) yield cell.it!
  }
}
