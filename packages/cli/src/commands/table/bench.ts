/** `postern table bench` */
import { createReadStream } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import type { DeskTable } from '@postern/core'
import { CommandError, EX } from '../../exit.ts'
import type { ReportOptions } from '../../program/options.ts'
import { Progress } from '../../text/progress.ts'
import { print, printJson, warn } from '../print.ts'
import { ask } from './ask.ts'
import { keyOf, linesOf } from './lines.ts'
import { about, withTables } from './opened.ts'
import { Spread } from './spread.ts'

export interface BenchOptions extends ReportOptions {
  readonly inFlight: number
  /** lookups in all; default: each key once */
  readonly count?: number
}
export interface BenchFigures {
  readonly table: string
  readonly lookups: number
  readonly inFlight: number
  readonly seconds: number
  readonly perSecond: number
  /** microseconds of this process, user and system */
  readonly cpuEach: number
  /** milliseconds */
  readonly p50: number
  readonly p99: number
  readonly most: number
  readonly found: number
  readonly absent: number
  readonly failed: number
  /** the first cause */
  readonly cause?: string
}
/** A table that answers at once never waits: progress and signals need a turn now and then. */
const SLICE = 2000

/** Ends with 1 when a lookup failed. */
export async function bench(name: string, file: string, o: BenchOptions): Promise<void> {
  const keys = await keysIn(file)
  const figures = await withTables(o.config, async ({ open }) =>
    run(await open(name), keys, o.count ?? keys.length, o.inFlight),
  )
  if (figures.failed > 0) process.exitCode = 1
  if (o.json) return printJson(figures)
  print(benchLines(figures))
  if (figures.cause !== undefined) warn([about(figures.table, figures.cause)])
}
async function keysIn(file: string): Promise<string[]> {
  const keys: string[] = []
  try {
    for await (const line of linesOf(file === '-' ? process.stdin : createReadStream(file))) {
      const key = keyOf(line)
      if (key !== undefined && key !== '') keys.push(key)
    }
  } catch (error) {
    throw new CommandError(EX.NOINPUT, `the keys cannot be read: ${(error as Error).message}`)
  }
  if (keys.length === 0) throw new CommandError(EX.DATAERR, 'there are no keys to ask: one a line is expected')
  return keys
}

async function run(table: DeskTable, keys: readonly string[], count: number, inFlight: number): Promise<BenchFigures> {
  const spread = new Spread()
  const answers = { found: 0, absent: 0, failed: 0 }
  const progress = new Progress('lookups', count)
  let [next, done] = [0, 0]
  let cause: string | undefined
  const askOn = async (): Promise<void> => {
    while (next < count) {
      const key = keys[next++ % keys.length]!
      const began = performance.now()
      const answer = await ask(table, key)
      spread.add(performance.now() - began)
      answers[answer.kind]++
      if (answer.kind === 'failed') cause ??= answer.cause
      progress.reach(++done)
      if (done % SLICE === 0) await turn()
    }
  }
  const began = performance.now()
  const cpu = process.cpuUsage()
  await Promise.all(Array.from({ length: Math.min(inFlight, count) }, askOn))
  const { user, system } = process.cpuUsage(cpu)
  const seconds = (performance.now() - began) / 1000
  progress.end()
  return {
    table: table.name,
    lookups: count,
    inFlight,
    seconds,
    perSecond: count / seconds,
    cpuEach: (user + system) / count,
    p50: spread.at(0.5),
    p99: spread.at(0.99),
    most: spread.most,
    ...answers,
    cause,
  }
}

export function benchLines(f: BenchFigures): string[] {
  return [
    `${f.table}: ${f.lookups} lookups in ${f.seconds.toFixed(2)} s, ${f.inFlight} in flight`,
    `  ${Math.round(f.perSecond)} a second, ${f.cpuEach.toFixed(1)} us CPU each`,
    `  p50 ${time(f.p50)}, p99 ${time(f.p99)}, slowest ${time(f.most)}`,
    `  found ${f.found}, absent ${f.absent}, failed ${f.failed}`,
  ]
}
const time = (ms: number): string => (ms < 1 ? `${three(ms * 1000)} us` : `${three(ms)} ms`)
const three = (n: number): string => String(Number(n.toPrecision(3)))
