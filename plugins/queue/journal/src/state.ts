/** What records do to a message's row: the same live, in recovery and over a checkpoint. All can be applied twice. */
import { CRASH_SHIFT, CRASHES, EXPIRED, HELD, KEPT, TRYING, WARNED } from './flags.ts'
import { DELIVERED, EXPANDED, FAILED, PENDING, TOLD } from './recipient-states.ts'
import { numbersIn, rangesOf } from './envelope.ts'
import type { OutcomeRecord } from '@postern/core'
import type { AdminData, AttemptData, CrashData, ExpandData, OutcomeData, StateData, Told } from './envelope.ts'
import type { Place } from './extra.ts'
import type { Rows } from './rows.ts'

const NIBBLES = { d: DELIVERED, f: FAILED, t: PENDING } as const
const LETTERS = { delivered: 'd', failed: 'f', deferred: 't' } as const

export const isDone = (rows: Rows, slot: number): boolean => rows.states.pending(slot) === 0
const open = (rows: Rows, slot: number, n: number) =>
  n >= 0 && n < rows.states.count(slot) && (rows.states.nibble(slot, n) & 3) === PENDING

/** Recipients that were told the same share one entry. */
export function toldOf(records: readonly OutcomeRecord[]): Told[] {
  if (records.length === 1) {
    const { n, state, esc, text } = records[0]!
    return [[LETTERS[state], esc, text, n, 1]]
  }
  const groups = new Map<string, { record: OutcomeRecord; numbers: number[] }>()
  for (const record of records) {
    const key = `${record.state} ${record.esc} ${record.text}`
    const group = groups.get(key)
    if (group) group.numbers.push(record.n)
    else groups.set(key, { record, numbers: [record.n] })
  }
  return [...groups.values()].map(({ record, numbers }) => [
    LETTERS[record.state],
    record.esc,
    record.text,
    ...rangesOf(numbers),
  ])
}
/** A recipient leaves `pending` once; what is told about it later changes nothing. */
export function applyOutcome(rows: Rows, slot: number, data: OutcomeData): void {
  for (const told of data.o)
    for (const n of numbersIn(told as unknown as number[], 3))
      if (open(rows, slot, n)) rows.states.setNibble(slot, n, NIBBLES[told[0]] | TOLD)
  if (data.t !== undefined) rows.setNextTry(slot, data.t)
  if (data.w) rows.setFlag(slot, WARNED, true)
  rows.setFlag(slot, TRYING | CRASHES, false)
}
export function applyAttempt(rows: Rows, slot: number, data: AttemptData): void {
  rows.setAttempts(slot, Math.max(rows.attempts(slot), data.a))
  rows.setFlag(slot, TRYING, true)
}
export function applyCrash(rows: Rows, slot: number, data: CrashData): void {
  rows.setFlag(slot, TRYING, false)
  rows.setCrashes(slot, data.c)
}
/** `false`: not the next numbers (replayed, or what came before is lost), or the parent is settled. */
export function applyExpand(rows: Rows, slot: number, data: ExpandData, place?: Place): boolean {
  if (place && data.first < rows.states.count(slot)) notePlace(rows, slot, data.first, place)
  if (data.first !== rows.states.count(slot) || !open(rows, slot, data.parent)) return false
  rows.states.setCount(slot, data.first + data.count, undefined)
  rows.states.setNibble(slot, data.parent, EXPANDED)
  if (place) notePlace(rows, slot, data.first, place)
  return true
}
export function notePlace(rows: Rows, slot: number, first: number, place: Place): void {
  ;(rows.extra(slot).expands ??= new Map()).set(first, place)
}
export function applyAdmin(rows: Rows, slot: number, data: AdminData, at: number): void {
  if (data.action === 'hold') return rows.hold(slot, { by: data.who, reason: data.why, at })
  if (data.action === 'delete') rows.states.settleAll(slot)
  if (data.action === 'release') {
    rows.hold(slot, undefined)
    rows.setCrashes(slot, 0)
  }
  if (data.action === 'expire') rows.setFlag(slot, EXPIRED, true)
  rows.setNextTry(slot, 0)
}

/** Everything that is known of a message but its recipients' addresses. */
export function foldOf(rows: Rows, slot: number, o: readonly Told[]): StateData {
  return {
    s: Buffer.from(rows.states.all(slot)).toString('base64'),
    o,
    a: rows.attempts(slot),
    t: rows.nextTry(slot),
    h: rows.held(slot),
    f: rows.flags(slot) & KEPT,
    c: rows.crashes(slot),
  }
}
/** `count`: recipients. */
export function applyFold(rows: Rows, slot: number, data: StateData, count: number): void {
  rows.states.setCount(slot, count, Buffer.from(data.s, 'base64'))
  rows.setAttempts(slot, data.a)
  rows.setNextTry(slot, data.t)
  rows.setFlag(slot, KEPT | CRASHES, false)
  rows.setFlag(slot, (data.f & KEPT & ~HELD) | ((data.c << CRASH_SHIFT) & CRASHES), true)
  rows.hold(slot, data.h)
}
