/** The run-time check of an answer: plain JavaScript, null and wrong kinds are faults, not accidents further on. */
import { STAGES } from '../contract/stages.ts'
import type { Stage } from '../contract/stages.ts'
import type { AnyEdit } from '../contract/edits.ts'
import { textOf } from '../errors.ts'

export interface Checked {
  readonly verdict?: { readonly kind: string }
  readonly edits?: readonly AnyEdit[]
}
const NOTHING: Checked = Object.freeze({})

/** What the answer says; a string says what is wrong with it. */
export function checkAnswer(stage: Stage, answer: unknown): Checked | string {
  if (answer === undefined) return NOTHING
  try {
    return check(stage, answer)
  } catch (error) {
    return `answered something that cannot be read: ${textOf(error)}`
  }
}
function check(stage: Stage, answer: unknown): Checked | string {
  if (typeof answer !== 'object' || answer === null || typeof (answer as { kind?: unknown }).kind !== 'string')
    return `answered ${describe(answer)}; expected a verdict, edits or undefined`
  const a = answer as { kind: string; edits?: unknown; verdict?: unknown }
  if (a.kind !== 'edits') return checkVerdict(stage, a) ?? { verdict: a }
  if (!Array.isArray(a.edits)) return 'answered edits without a list'
  const allowed = STAGES[stage].edits as readonly string[]
  for (const e of a.edits as { kind?: string }[]) {
    if (typeof e?.kind !== 'string' || !allowed.includes(e.kind))
      return `answered the edit ${describe(e)}, which ${stage} cannot carry out`
  }
  if (a.verdict === undefined) return { edits: a.edits as AnyEdit[] }
  if (typeof a.verdict !== 'object' || a.verdict === null)
    return `answered edits with the verdict ${describe(a.verdict)}`
  const wrong = checkVerdict(stage, a.verdict as { kind: string })
  return wrong ?? { edits: a.edits as AnyEdit[], verdict: a.verdict as { kind: string } }
}

function checkVerdict(
  stage: Stage,
  v: { kind: string; code?: unknown; esc?: unknown; text?: unknown },
): string | undefined {
  const allowed = STAGES[stage].verdicts as readonly string[]
  if (!allowed.includes(v.kind))
    return `answered ${describe(v)}, which ${stage} cannot carry out (it can: ${allowed.join(', ')})`
  if (v.kind === 'refuse' || v.kind === 'defer' || v.kind === 'hangUp') return checkRefusal(v)
  const bad = checkContent(v as unknown as Record<string, unknown>)
  if (bad) return `answered ${v.kind} ${bad}`
  if (v.kind === 'reply' && !goodCode(v.code, '2345')) return `answered a reply with the code ${describe(v.code)}`
  return undefined
}
/** What plain JavaScript may have left out. */
function checkContent(v: Record<string, unknown>): string | undefined {
  if (v.kind === 'route')
    return typeof v.transport === 'string' && (v.nexthop === undefined || typeof v.nexthop === 'string')
      ? undefined
      : 'without a transport'
  if (v.kind === 'expand') {
    const good = (a: unknown) => typeof (a as { address?: unknown } | null)?.address === 'string'
    return Array.isArray(v.to) && v.to.every(good) ? undefined : 'without a list of addresses'
  }
  if (v.kind === 'report') return typeof v.draft === 'object' && v.draft !== null ? undefined : 'without a draft'
  if (v.kind === 'hold') return typeof v.reason === 'string' ? undefined : 'without a reason'
  return undefined
}
function checkRefusal(v: { kind: string; code?: unknown; esc?: unknown; text?: unknown }): string | undefined {
  const digit = v.kind === 'refuse' ? '5' : v.kind === 'defer' ? '4' : '45'
  if (!goodCode(v.code, digit)) return `answered ${v.kind} with the code ${describe(v.code)}`
  if (typeof v.esc !== 'string' || !/^[45]\.\d{1,3}\.\d{1,3}$/.test(v.esc) || !digit.includes(v.esc[0]!))
    return `answered ${v.kind} with the status ${describe(v.esc)}`
  return typeof v.text === 'string' ? undefined : `answered ${v.kind} with the text ${describe(v.text)}`
}
const goodCode = (code: unknown, digits: string) =>
  typeof code === 'number' && code >= 200 && code < 600 && digits.includes(String(code)[0]!)
function describe(v: unknown): string {
  if (typeof v === 'function') return 'a function'
  let text: string | undefined
  try {
    text = JSON.stringify(v) as string | undefined
  } catch {
    // circular, or a bigint
    return `a ${typeof v} that is no plain data`
  }
  return text === undefined ? typeof v : text.length > 80 ? text.slice(0, 80) + '...' : text
}
