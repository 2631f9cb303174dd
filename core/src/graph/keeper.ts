/** What lives on over a reload: made once per key, used by generations, disposed when the last one has gone. */
import type { Logger } from '../contract/log.ts'
import { PosternError, traceOf } from '../errors.ts'

type Dispose = (value: never) => Promise<void> | void
interface Kept {
  made: { value: unknown } | undefined
  readonly dispose: Dispose
  readonly users: Set<object>
}
/** Belongs to the node; each graph has a Keeper of its own over it. */
export class Pantry {
  readonly #kept = new Map<string, Kept>()
  /** A graph that will use this key counts from its start, not from its first use. */
  join(key: string, user: object, dispose: Dispose): void {
    const kept = this.#kept.get(key) ?? { made: undefined, dispose, users: new Set() }
    this.#kept.set(key, kept)
    kept.users.add(user)
  }
  take(key: string, user: object, make: () => unknown): unknown {
    const kept = this.#kept.get(key)
    // a graph that has let go must not bring back to life what the others have disposed
    if (!kept?.users.has(user)) throw new PosternError('PN_STOPPING', `${key} was let go`)
    return (kept.made ??= { value: make() }).value
  }
  /** Disposes what only `user` used. A dispose that fails keeps no other from its turn. */
  async release(key: string, user: object, log: Logger): Promise<void> {
    const kept = this.#kept.get(key)
    if (!kept?.users.delete(user) || kept.users.size > 0) return
    this.#kept.delete(key)
    try {
      if (kept.made) await kept.dispose(kept.made.value as never)
    } catch (error) {
      log.error('plugin.disposeFailed', { key, cause: traceOf(error) })
    }
  }
}
export class Keeper {
  readonly #pantry: Pantry
  readonly #keys = new Map<string, { use: string; dispose: Dispose }>()
  constructor(pantry: Pantry) {
    this.#pantry = pantry
  }
  /** Lazy: apply must not make anything; the value is made when first asked for, after start. Throws when another use keeps this key. */
  keep<T>(use: string, key: string, make: () => T, dispose: (value: T) => Promise<void> | void): () => T {
    const other = this.#keys.get(key)?.use
    if (other !== undefined && other !== use) throw new TypeError(`"${other}" has "${key}" already`)
    this.#keys.set(key, { use, dispose: dispose as Dispose })
    return () => this.#pantry.take(key, this, make) as T
  }
  join(): void {
    for (const [key, { dispose }] of this.#keys) this.#pantry.join(key, this, dispose)
  }
  /** Lets go of everything but what the use `except` keeps. */
  async release(log: Logger, except?: string): Promise<void> {
    for (const [key, { use }] of [...this.#keys].reverse()) {
      if (use === except) continue
      this.#keys.delete(key)
      await this.#pantry.release(key, this, log)
    }
  }
}
