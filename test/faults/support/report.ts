/** Figures of a class of faults: a line for people, and one that run.js makes its table of. */
import * as assert from 'uvu/assert'
import type { Account, Duplicate } from './accounting.ts'

/** the whole count, or the short version for every day */
export const FULL = process.env.FAULTS === 'full'
export const times = (short: number, full: number): number => (FULL ? full : short)

export interface Row {
  readonly name: string
  readonly runs: number
  readonly acknowledged: number
  readonly lost: number
  /** in the queue, for a person to look at */
  readonly held?: number
  readonly explained: number
  readonly unexplained: number
  readonly note?: string
}
export function row(r: Row): void {
  process.stdout.write(`# row ${JSON.stringify(r)}\n`)
}
export const progress = (text: string): void => void process.stdout.write(`# ${text}\n`)

/** How long before the end each was, rising, and up to where that is a cause. A cause need not be an end of the process. */
function timesOf(all: readonly Duplicate[]): string {
  const before = all.map((d) => Math.round(d.before)).filter((ms) => !Number.isNaN(ms))
  if (before.length === 0) return ''
  const limit = all[0]!.limit
  const rising = before.sort((a, b) => a - b).join(', ')
  return `; ms before the end: ${rising}; limit ${limit === undefined ? 'none' : `${limit} ms`}`
}
/** Tells the figures, and throws when mail was lost or came twice without a reason. */
export function judge(name: string, runs: number, a: Account, note?: string): void {
  const explained = a.duplicates.filter((d) => d.cause !== undefined)
  const unexplained = a.duplicates.filter((d) => d.cause === undefined)
  row({
    name,
    runs,
    acknowledged: a.acknowledged,
    lost: a.lost.length,
    held: a.held,
    explained: explained.length,
    unexplained: unexplained.length,
    note,
  })
  progress(`${a.delivered} delivered, ${a.bounced} returned, ${a.queued} queued, ${a.held} held`)
  for (const trace of a.traces ?? a.lost) progress(`gone: ${trace}`)
  for (const d of unexplained) progress(`twice: ${d.token}, ${d.before} ms before the end: ${d.evidence}`)
  for (const d of explained.filter((e) => e.evidence !== ''))
    progress(`late: ${d.token}, ${d.before} ms before the end: ${d.evidence}`)
  for (const cause of new Set(explained.map((d) => d.cause))) {
    const same = explained.filter((d) => d.cause === cause)
    progress(`twice: ${same.length}: ${cause}${timesOf(same)}`)
  }
  assert.equal(a.lost, [], `${name}: acknowledged and gone`)
  assert.equal(a.damaged, [], `${name}: delivered with other bytes`)
  assert.equal(
    unexplained.map((d) => d.token),
    [],
    `${name}: delivered twice, and nothing explains it`,
  )
}
