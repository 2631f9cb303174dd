/** The nearest valid name to a misspelt one: at most a third of its letters away. */
export function nearest(name: string, valid: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1
  for (const candidate of valid) {
    const d = distance(fold(name), fold(candidate))
    if (d < bestDistance) [best, bestDistance] = [candidate, d]
  }
  return best
}
// myhostname, my_hostname and MyHostName are one thought
const fold = (s: string) => s.toLowerCase().replace(/[_-]/g, '')

/** Damerau-Levenshtein (adjacent transpositions), two rows back. */
export function distance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j]!, before[j - 2]! + 1)
    }
    ;[before, last] = [last, row]
  }
  return last[b.length]!
}
