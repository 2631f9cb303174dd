/** From a list of events to taps, each with its lookups, notes and edits. */
import type { AnyEdit, TraceEvent } from '@postern/core'
import { editText, lookupText, verdictOf, verdictText } from './words.ts'
import type { SaidVerdict } from './words.ts'

export interface SaidTap {
  readonly hook: string
  readonly use: string
  readonly tap: string
  readonly verdict: SaidVerdict | undefined
  readonly fault: string | undefined
  readonly edited: boolean
  /** lookups, notes, edits, in order */
  readonly details: string[]
}

/** A tap's event comes behind its lookups and ahead of its edits: taps run one after the other. */
export function tapsOf(events: readonly TraceEvent[]): SaidTap[] {
  const taps: SaidTap[] = []
  let before: string[] = []
  for (const e of events) {
    if (e.type === 'lookup') before.push(`lookup ${lookupText(e.table, e.key, e.answer)}`)
    else if (e.type === 'note') before.push(e.text)
    else if (e.type === 'edit') taps.at(-1)?.details.push(editText(e.edit as AnyEdit))
    else {
      const { hook, use, tap, fault } = e
      const edited = (e.answer as { kind?: string } | undefined)?.kind === 'edits'
      taps.push({ hook, use, tap, verdict: verdictOf(e.answer), edited, fault, details: before })
      before = []
    }
  }
  taps.at(-1)?.details.push(...before)
  return taps
}
export const isSilent = (t: SaidTap): boolean => !t.verdict && t.fault === undefined && t.details.length === 0

export function saidText(t: SaidTap): string {
  if (t.fault !== undefined) return `FAULT ${t.fault}`
  return t.verdict ? verdictText(t.verdict) : t.edited ? 'edits:' : 'nothing to say'
}
/** Did this tap end its stage's list with a no? */
export const saysNo = (t: SaidTap): boolean =>
  t.fault !== undefined || t.verdict?.kind === 'refuse' || t.verdict?.kind === 'defer' || t.verdict?.kind === 'hangUp'
