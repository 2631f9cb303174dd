/** The name that somebody meant. */

/** Insertions, deletions, changes and swaps of neighbours that make `b` of `a`; `limit` + 1 when it takes more. */
export function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      let least = Math.min(change, row[j]! + 1, next[j - 1]! + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, before[j - 2]! + 1)
      next.push(least)
    }
    if (Math.min(...next) > limit) return limit + 1
    before = row
    row = next
  }
  return row[b.length]!
}

/** The nearest of `names`, at most a quarter of its letters written otherwise; undefined when none is near. */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  const plain = name.toLowerCase().replaceAll('-', '_')
  let limit = Math.max(1, Math.floor(name.length / 4))
  let best: string | undefined
  for (const candidate of names) {
    const away = distance(plain, candidate.toLowerCase(), limit)
    if (away > limit || (away === limit && best !== undefined)) continue
    best = candidate
    limit = away
  }
  return best
}
