/** Who is told of what: NOTIFY (RFC 3461 section 4.1), the null sender, and the end of the line. */
import type { Notify, ReportRecipient, ReportView } from '@postern/core'
import type { Options } from './options.ts'

export type Audience =
  | { readonly kind: 'sender' }
  /** a bounce that could not be delivered */
  | { readonly kind: 'postmaster' }
  | { readonly kind: 'nobody'; readonly reason: string }

/** A report never answers a report: that is how mail loops are made (RFC 5321 section 6.1). */
export function audienceOf(view: Pick<ReportView, 'sender' | 'why'>, doubleBounce: string, options: Options): Audience {
  if (view.sender.toLowerCase() === doubleBounce.toLowerCase())
    return { kind: 'nobody', reason: 'undeliverable postmaster notice' }
  if (view.sender !== '') return { kind: 'sender' }
  return view.why === 'failed' && options.notifyClasses.includes('2bounce')
    ? { kind: 'postmaster' }
    : { kind: 'nobody', reason: 'null sender' }
}

const WORD: Record<ReportView['why'], Notify> = { failed: 'FAILURE', delayed: 'DELAY', success: 'SUCCESS' }

/** Without NOTIFY failures and delays are told, successes are not. */
export function wantsReport(r: ReportRecipient, why: ReportView['why']): boolean {
  return r.notify?.length ? r.notify.includes(WORD[why]) : why !== 'success'
}
