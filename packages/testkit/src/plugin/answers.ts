/** Checks a tap's answer as the core does at run time, and puts several taps' answers together. */
import { STAGES } from '@postern/core'
import type { AnyEdit, Stage } from '@postern/core'

interface Parts {
  readonly edits: readonly AnyEdit[]
  readonly verdict?: { readonly kind: string }
}

/** Throws for what the core would take for a fault. */
export function partsOf(stage: Stage, answer: unknown): Parts {
  if (answer === undefined) return { edits: [] }
  if (typeof answer !== 'object' || answer === null) throw wrong(stage, answer, 'a verdict, edits or undefined')
  const a = answer as { kind?: string; edits?: readonly AnyEdit[]; verdict?: { kind: string } }
  if (a.kind !== 'edits') return { edits: [], verdict: checked(stage, a) }
  const allowed: readonly string[] = STAGES[stage].edits
  for (const edit of a.edits ?? []) {
    if (!allowed.includes(edit.kind)) throw wrong(stage, edit, `one of the edits ${allowed.join(', ') || '(none)'}`)
  }
  return { edits: a.edits ?? [], verdict: a.verdict && checked(stage, a.verdict) }
}

/** The shape that one tap would have answered. */
export function answerOf(parts: readonly Parts[]): unknown {
  const edits = parts.flatMap((p) => p.edits)
  const verdict = parts.at(-1)?.verdict
  if (edits.length === 0) return verdict
  return { kind: 'edits', edits, verdict }
}

function checked(stage: Stage, verdict: { kind?: string }): { kind: string } {
  const allowed: readonly string[] = STAGES[stage].verdicts
  if (typeof verdict.kind !== 'string' || !allowed.includes(verdict.kind)) {
    throw wrong(stage, verdict, `one of the verdicts ${allowed.join(', ')}`)
  }
  return verdict as { kind: string }
}
const wrong = (stage: Stage, answer: unknown, expected: string) =>
  new TypeError(`a tap of ${stage} answered ${JSON.stringify(answer)}; expected ${expected}`)
