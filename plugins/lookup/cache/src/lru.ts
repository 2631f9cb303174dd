/** A map of at most `most` keys: the one unused for longest goes first. */
export class Lru<V> {
  readonly #most: number
  readonly #map = new Map<string, V>()

  constructor(most: number) {
    this.#most = most
  }
  get size(): number {
    return this.#map.size
  }
  /** Looks without using it. */
  peek(key: string): V | undefined {
    return this.#map.get(key)
  }
  /** It was used just now. */
  touch(key: string, value: V): void {
    this.#map.delete(key)
    this.#map.set(key, value)
    if (this.#map.size > this.#most) for (const first of this.#map.keys()) return void this.#map.delete(first)
  }
  delete(key: string): void {
    this.#map.delete(key)
  }
  clear(): void {
    this.#map.clear()
  }
}
