/** One ascending stream out of several. */

/** Rows in the order of `keyOf`, ascending where each source is; no more of a source is read than the merge needs. */
export async function* merge<T>(sources: readonly AsyncIterable<T>[], keyOf: (row: T) => string): AsyncGenerator<T> {
  const cursors = sources.map((source) => source[Symbol.asyncIterator]())
  try {
    const heads: (IteratorResult<T> | undefined)[] = await Promise.all(cursors.map((cursor) => cursor.next()))
    while (true) {
      const at = least(heads, keyOf)
      if (at < 0) return
      yield heads[at]!.value as T
      heads[at] = await cursors[at]!.next()
    }
  } finally {
    for (const cursor of cursors) void cursor.return?.()
  }
}
function least<T>(heads: readonly (IteratorResult<T> | undefined)[], keyOf: (row: T) => string): number {
  let best = -1
  let key = ''
  for (const [i, head] of heads.entries()) {
    if (!head || head.done) continue
    const k = keyOf(head.value)
    if (best >= 0 && k >= key) continue
    best = i
    key = k
  }
  return best
}
