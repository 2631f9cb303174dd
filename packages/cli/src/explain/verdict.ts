/** The whole report in one line. */
import type { ExplainReport, ExplainRoute, ExplainStep, ResolvedFailure } from '@postern/core'
import { saysNo, tapsOf } from './taps.ts'
import type { SaidTap } from './taps.ts'
import { replyText } from './words.ts'

export interface OneLine {
  readonly kind: 'good' | 'warn' | 'bad'
  readonly text: string
}
export const isRcpt = (s: ExplainStep): boolean => s.command.startsWith('RCPT TO:')

/** Who made the server say no at this step: a tap of it, a tap of an earlier one whose refusal was kept, or the core. */
export function whoRefused(report: ExplainReport, step: ExplainStep): { tap?: SaidTap; kept?: ExplainStep } {
  const own = tapsOf(step.events).find(saysNo)
  if (own) return { tap: own }
  for (const kept of report.steps.slice(0, report.steps.indexOf(step))) {
    const tap = tapsOf(kept.events).find((t) => saysNo(t) && t.verdict?.text === step.reply.text)
    if (tap) return { tap, kept }
  }
  return {}
}

export function verdictLine(report: ExplainReport): OneLine {
  if (!report.accepted) return refusedLine(report)
  const refused = report.steps.filter((s) => isRcpt(s) && s.reply.code >= 400).length
  const thrown = allTaps(report).find((t) => t.verdict?.kind === 'discard')
  if (thrown) return { kind: 'warn', text: `Accepted, and thrown away by ${thrown.use}.` }
  const ends = report.routes.map(endText)
  const held = allTaps(report).some((t) => t.details.some((d) => d.startsWith('hold: ')))
  const kind = refused > 0 || held || report.routes.some(isTrouble) ? 'warn' : 'good'
  const also = refused > 0 ? `; ${refused} recipient${refused === 1 ? ' was' : 's were'} refused` : ''
  return {
    kind,
    text: `Accepted${held ? ', and held in the queue until it is released' : ''}: ${ends.join('; ')}${also}.`,
  }
}
const allTaps = (r: ExplainReport): SaidTap[] => r.steps.flatMap((s) => tapsOf(s.events))

const isTrouble = ({ result }: ExplainRoute): boolean => result.kind === 'failed' || result.failures.length > 0
const failureText = ({ permanent, esc, text }: ResolvedFailure): string =>
  `${permanent ? 'would be returned to the sender' : 'would wait in the queue'} (${esc} ${text})`

function endText({ recipient, result }: ExplainRoute): string {
  if (result.kind === 'failed') return `${recipient} ${failureText(result)}`
  const ways = result.routes.map((r) =>
    r.address === recipient ? `by ${r.transport}` : `to ${r.address} by ${r.transport}`,
  )
  return [
    `${recipient} goes ${ways.join(' and ')}`,
    ...result.failures.map((f) => `${f.address} ${failureText(f)}`),
  ].join('; ')
}
function refusedLine(report: ExplainReport): OneLine {
  const step = report.steps.findLast((s) => s.reply.code >= 400 && !(s.command === 'DATA' && s.reply.code === 503))
  if (!step) return { kind: 'bad', text: 'Refused.' }
  const { tap, kept } = whoRefused(report, step)
  const temporary = step.reply.code < 500
  const by = tap ? `by ${tap.use}${kept ? ` (at ${tap.hook}, kept until RCPT)` : ''}` : 'by the core'
  return {
    kind: temporary ? 'warn' : 'bad',
    text: `${temporary ? 'Deferred' : 'Refused'} at ${step.command} ${by}: ${replyText(step.reply)}`,
  }
}
