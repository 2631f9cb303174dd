/** Plugins that are asked in turn, at once where none of them has to wait. */
import type { MaybePromise, Named } from '@postern/core'

export const then = <T, R>(value: MaybePromise<T>, fn: (value: T) => MaybePromise<R>): MaybePromise<R> =>
  value instanceof Promise ? value.then(fn) : fn(value)

/** All implementations of a role; complete when the first mail comes, and looked up once. */
export function allOf<T>(named: Named<T>): () => readonly T[] {
  let all: readonly T[] | undefined
  return () => (all ??= named.names().map((name) => named.get(name)!))
}

/** The first answer that is not `undefined`. */
export function firstSaid<T, R>(
  all: readonly T[],
  ask: (one: T) => MaybePromise<R | undefined>,
  start = 0,
): MaybePromise<R | undefined> {
  for (let i = start; i < all.length; i++) {
    const said = ask(all[i]!)
    if (said instanceof Promise) return said.then((s) => (s === undefined ? firstSaid(all, ask, i + 1) : s))
    if (said !== undefined) return said
  }
  return undefined
}
