export interface Lease<T> {
  readonly value: T
  /** more than once is once */
  release(): Promise<void> | void
}
/** What several tables use together: connections to one server, say. Made by the first, closed by the last. */
export class Shared<T extends { close(): Promise<void> | void }> {
  readonly #all = new Map<string, { readonly value: T; users: number }>()

  /** What goes by this key, made when there is none. To be given back once, with `release`. */
  take(key: string, make: () => T): Lease<T> {
    const have = this.#all.get(key) ?? { value: make(), users: 0 }
    this.#all.set(key, have)
    have.users++
    let released = false
    const release = () => {
      if (released) return
      released = true
      if (--have.users > 0) return
      this.#all.delete(key)
      return have.value.close()
    }
    return { value: have.value, release }
  }
}
