/** A column of numbers that grows without being copied: 32 bits a row, in chunks. */
const BITS = 13
const MASK = (1 << BITS) - 1

export class Column {
  readonly #chunks: Int32Array[] = []

  get(row: number): number {
    return this.#chunks[row >>> BITS]![row & MASK]!
  }
  set(row: number, value: number): void {
    this.#chunks[row >>> BITS]![row & MASK] = value
  }
  /** Room for a row. */
  grow(row: number): void {
    while (this.#chunks.length <= row >>> BITS) this.#chunks.push(new Int32Array(1 << BITS))
  }
}
