/** One case's result, and whether it is what the list of known failures says. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HERE, expectedOf, readCase } from '../cases.ts'
import { compare, passedLevel, showDifference } from '../judge/compare.ts'
import type { Outcome } from '../judge/compare.ts'
import { LEVELS, isLevel } from '../judge/levels.ts'
import type { Level } from '../judge/levels.ts'
import { runInside } from '../outside.ts'

export interface CaseResult {
  readonly name: string
  readonly area: string
  readonly title: string
  readonly ms: number
  /** why it was not run */
  readonly skipped?: string
  /** why nothing could be observed */
  readonly error?: string
  /** the end of what the server said */
  readonly output?: string
  /** by level; empty when nothing could be observed */
  readonly outcomes: readonly Outcome[]
  /** the highest at which it agrees */
  readonly passed?: Level
}
export interface RunOptions {
  /** `postfix`, or a command */
  readonly server: string
  readonly tools?: string
  /** ms for a case */
  readonly limit: number
  /** a folder for copies of the rooms */
  readonly keep?: string
}

/** Never throws: what goes wrong stands in the result. */
export async function runCase(folder: string, options: RunOptions): Promise<CaseResult> {
  const { name, area, spec } = readCase(folder)
  const about = { name, area, title: spec.title ?? '' }
  const needsTools = spec.needs?.includes('tools') && options.server !== 'postfix' && options.tools === undefined
  if (needsTools) return { ...about, ms: 0, outcomes: [], skipped: 'runs sendmail and others: say --tools' }
  const expected = expectedOf(folder)
  if (!expected) return { ...about, ms: 0, outcomes: [], error: 'no expected.json: record it' }
  const { server, tools, limit } = options
  const keep = options.keep === undefined ? undefined : join(options.keep, name)
  const { observed, error, output, ms } = await runInside({ case: folder, server, tools, keep }, limit)
  if (!observed) return { ...about, ms, outcomes: [], error: error ?? 'nothing was observed', output }
  const outcomes = compare(expected, observed)
  return { ...about, ms, output, outcomes, passed: passedLevel(outcomes) }
}

/** Lines that tell the first difference up to `level`, or why there is none to tell. */
export function firstDifference(result: CaseResult, level: Level): string[] {
  if (result.error !== undefined) return `${result.error}`.trimEnd().split('\n')
  const failed = upTo(result.outcomes, level).find((o) => o.differences.length > 0)
  return failed ? showDifference(failed.differences[0]!) : []
}
const upTo = (outcomes: readonly Outcome[], level: Level) =>
  outcomes.filter((o) => LEVELS.indexOf(o.level) <= LEVELS.indexOf(level))

/** A case that cannot pass yet: the level at which it passes now, and what the next one waits for. */
export interface Known {
  readonly passes: Level | 'none'
  readonly waits: string
}
export type KnownFailures = Readonly<Record<string, Known>>
export const KNOWN = join(HERE, 'expected-failures.json')

export function readKnown(file = KNOWN): KnownFailures {
  const known = JSON.parse(readFileSync(file, 'utf8')) as KnownFailures
  for (const [name, { passes, waits }] of Object.entries(known)) {
    const good = (passes === 'none' || (isLevel(passes) && passes !== 'full')) && typeof waits === 'string' && waits
    if (!good) throw new Error(`${file}: ${name}: needs passes (none, codes, enhanced) and waits (the reason)`)
  }
  return known
}
/** The list without what passes now, with the level raised where more passes; nothing is added and nothing lowered. */
export function shrunk(known: KnownFailures, results: readonly CaseResult[]): KnownFailures {
  const passed = new Map(results.filter((r) => r.skipped === undefined).map((r) => [r.name, r.passed]))
  return Object.fromEntries(
    Object.entries(known).flatMap(([name, entry]) => {
      const level = passed.get(name)
      if (level === 'full') return []
      return [[name, level !== undefined && rank(level) > rank(entry.passes) ? { ...entry, passes: level } : entry]]
    }),
  )
}
export function writeKnown(known: KnownFailures, file = KNOWN): void {
  const sorted = Object.entries(known).sort(([a], [b]) => (a < b ? -1 : 1))
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`)
}

const rank = (level: Level | 'none' | undefined) =>
  level === undefined || level === 'none' ? 0 : LEVELS.indexOf(level) + 1

/** Why the run fails because of this case, judged up to `level`; undefined when it does not. */
export function complaint(result: CaseResult, known: Known | undefined, level: Level): string | undefined {
  if (result.skipped !== undefined) return undefined
  const wanted = Math.min(rank(level), known ? rank(known.passes) : rank('full'))
  const passed = Math.min(rank(level), rank(result.passed))
  const names = ['nothing', ...LEVELS]
  if (passed < wanted) return `passes ${names[passed]}, ${known ? 'listed' : 'expected'}: ${names[wanted]}`
  if (passed > wanted) return `passes ${names[passed]}, listed: ${names[wanted]}; set expected-failures.json right`
  return undefined
}
