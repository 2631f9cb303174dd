/** Two observations beside each other. */
import { LEVELS, view } from './levels.ts'
import type { Level } from './levels.ts'
import type { Observed } from './observed.ts'

export interface Difference {
  readonly what: string
  /** undefined: not expected at all */
  readonly expected?: unknown
  /** undefined: missing */
  readonly got?: unknown
}
export interface Outcome {
  readonly level: Level
  /** things that are equal, of so many */
  readonly equal: number
  readonly all: number
  /** in the order of the case's actions, then what was left behind */
  readonly differences: readonly Difference[]
}

/** Log lines count when the server writes Postfix's, as seen by any of them. */
function writesLog(expected: Observed, got: Observed): boolean {
  if (got.statuses === null) return false
  return got.statuses.length > 0 || (got.log ?? []).length > 0 || expected.statuses?.length === 0
}

export function compareAt(level: Level, expected: Observed, got: Observed): Outcome {
  const withLog = writesLog(expected, got)
  const wanted = view(expected, level, withLog && expected.statuses !== null)
  const seen = new Map(view(got, level, withLog).map(({ name, value }) => [name, value]))
  const names = new Set(wanted.map(({ name }) => name))
  const wrong = wanted.filter(({ name, value }) => JSON.stringify(value) !== JSON.stringify(seen.get(name)))
  const extra = [...seen].filter(([name]) => !names.has(name))
  return {
    level,
    equal: wanted.length - wrong.length,
    all: wanted.length,
    differences: [
      ...wrong.map(({ name, value }) => ({ what: name, expected: value, got: seen.get(name) })),
      ...extra.map(([name, value]) => ({ what: name, got: value })),
    ],
  }
}

export const compare = (expected: Observed, got: Observed): Outcome[] =>
  LEVELS.map((level) => compareAt(level, expected, got))

/** The highest level at which this one and all below agree. */
export function passedLevel(outcomes: readonly Outcome[]): Level | undefined {
  const failed = outcomes.findIndex((o) => o.differences.length > 0)
  return LEVELS[(failed < 0 ? outcomes.length : failed) - 1]
}

const WIDTH = 160

/** Lines for a terminal: what, expected, got, each cut around the place where they part. */
export function showDifference({ what, expected, got }: Difference): string[] {
  const [wanted, seen] = parting(expected, got)
  return [what, `  expected  ${wanted}`, `  got       ${seen}`]
}

function parting(expected: unknown, got: unknown): readonly [string, string] {
  if (expected === undefined) return ['(nothing)', cut(text(got), 0)]
  if (got === undefined) return [cut(text(expected), 0), '(nothing)']
  if (Array.isArray(expected) && Array.isArray(got)) {
    const i = expected.findIndex((v, n) => JSON.stringify(v) !== JSON.stringify(got[n]))
    if (i < 0)
      return [`${expected.length} entries`, `${got.length} entries, also ${cut(text(got[expected.length]), 0)}`]
    return parting(expected[i], got[i])
  }
  const [a, b] = [text(expected), text(got)]
  let at = 0
  while (at < a.length && a[at] === b[at]) at++
  return [cut(a, at), cut(b, at)]
}

const text = (value: unknown): string =>
  typeof value === 'string' ? JSON.stringify(value).slice(1, -1) : (JSON.stringify(value) ?? '(nothing)')

function cut(line: string, at: number): string {
  const from = at < WIDTH / 2 ? 0 : at - WIDTH / 3
  const end = from + WIDTH
  return `${from > 0 ? '…' : ''}${line.slice(from, end)}${line.length > end ? '…' : ''}`
}
