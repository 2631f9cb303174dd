/** What lives on over a reload: made once per key, used by generations, disposed when the last one has gone. */
interface Kept {
  readonly value: unknown
  readonly dispose: (value: never) => Promise<void> | void
  readonly users: Set<object>
}
/** Belongs to the node; each graph has a Keeper of its own over it. */
export class Pantry {
  readonly #kept = new Map<string, Kept>()
  take(key: string, user: object, make: () => unknown, dispose: Kept['dispose']): unknown {
    let kept = this.#kept.get(key)
    if (!kept) this.#kept.set(key, (kept = { value: make(), dispose, users: new Set() }))
    kept.users.add(user)
    return kept.value
  }
  /** Disposes what only `user` used. */
  async release(user: object): Promise<void> {
    for (const [key, kept] of [...this.#kept]) {
      if (!kept.users.delete(user) || kept.users.size > 0) continue
      this.#kept.delete(key)
      await kept.dispose(kept.value as never)
    }
  }
}
export class Keeper {
  readonly #pantry: Pantry
  constructor(pantry: Pantry) {
    this.#pantry = pantry
  }
  /** Lazy: apply must not make anything; the value is made when first asked for, after start. */
  keep<T>(key: string, make: () => T, dispose: (value: T) => Promise<void> | void): () => T {
    return () => this.#pantry.take(key, this, make, dispose as Kept['dispose']) as T
  }
  release(): Promise<void> {
    return this.#pantry.release(this)
  }
}
