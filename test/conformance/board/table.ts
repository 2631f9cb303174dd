/** The board as text. */
import { LEVELS } from '../judge/levels.ts'
import type { Level } from '../judge/levels.ts'
import { complaint, firstDifference } from './result.ts'
import type { CaseResult, KnownFailures } from './result.ts'

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`

/** One line when a case is done. */
export function progressLine(result: CaseResult, level: Level): string {
  const { name, skipped, passed, ms } = result
  if (skipped !== undefined) return `skip ${name}: ${skipped}`
  const good = passed !== undefined && LEVELS.indexOf(passed) >= LEVELS.indexOf(level)
  const what = good ? '' : ` ${firstDifference(result, level)[0] ?? ''}`
  return `${good ? 'ok  ' : '-   '} ${name.padEnd(30)} ${(passed ?? 'nothing').padEnd(8)} ${seconds(ms).padStart(7)}${what}`.trimEnd()
}

/** Cases by area, and how many pass at each level. */
export function table(results: readonly CaseResult[]): string {
  const run = results.filter((r) => r.skipped === undefined)
  const areas = [...new Set(run.map((r) => r.area))].sort()
  const passes = (r: CaseResult, level: Level) =>
    r.passed !== undefined && LEVELS.indexOf(r.passed) >= LEVELS.indexOf(level)
  const row = (name: string, cases: readonly CaseResult[]) => [
    name,
    String(cases.length),
    ...LEVELS.map((level) => String(cases.filter((r) => passes(r, level)).length)),
  ]
  const rows = [
    ['area', 'cases', ...LEVELS],
    ...areas.map((area) =>
      row(
        area,
        run.filter((r) => r.area === area),
      ),
    ),
    row('all', run),
  ]
  const items = LEVELS.map((level, i) => {
    const at = run.map((r) => r.outcomes[i]).filter((o) => o !== undefined)
    const sum = (key: 'equal' | 'all') => at.reduce((n, o) => n + o[key], 0)
    return `${sum('equal')} of ${sum('all')} at ${level}`
  })
  const lines = rows.map(([name, ...numbers]) => name!.padEnd(10) + numbers.map((n) => n.padStart(10)).join(''))
  return [...lines, `things that are equal: ${items.join(', ')}`].join('\n')
}

/** The first difference of each case that does not pass at `level`, with what it waits for. */
export function failures(results: readonly CaseResult[], known: KnownFailures, level: Level): string {
  const rank = (l: Level | undefined) => (l === undefined ? -1 : LEVELS.indexOf(l))
  return results
    .filter((r) => r.skipped === undefined && rank(r.passed) < rank(level))
    .map((r) => {
      const waits = known[r.name] ? `, waits for: ${known[r.name]!.waits}` : ''
      const lines = [`${r.name}: ${r.title} (passes ${r.passed ?? 'nothing'}${waits})`, ...firstDifference(r, level)]
      return lines.join('\n    ')
    })
    .join('\n')
}

/** What makes the run fail, one line a case. */
export function complaints(results: readonly CaseResult[], known: KnownFailures, level: Level): string[] {
  return results.flatMap((r) => {
    const why = complaint(r, known[r.name], level)
    return why === undefined ? [] : [`${r.name}: ${why}`]
  })
}
