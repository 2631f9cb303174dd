/** Who is told of what: NOTIFY (RFC 3461 section 4.1), the null sender, the postmaster's classes, the end of the line. */
import type { Notify, ReportRecipient, ReportView } from '@postern/core'
import type { Options } from './options.ts'

/** One message that tells of a message. */
export interface Notice {
  readonly to: 'sender' | 'postmaster'
  /** as in the options, or the sender */
  readonly address: string
  readonly recipients: readonly ReportRecipient[]
  /** how much of the message goes with it; `asked`: what RET says */
  readonly original: 'asked' | 'whole' | 'header'
}
export interface Audience {
  readonly report?: Notice
  /** the postmaster's copy: not worth a second report */
  readonly copy?: Notice
  /** why there is no report */
  readonly reason: string
}

const WORD: Record<Exclude<ReportView['why'], 'trace'>, Notify> = {
  failed: 'FAILURE',
  delayed: 'DELAY',
  success: 'SUCCESS',
}

/** A report never answers a report: that is how mail loops are made (RFC 5321 section 6.1). */
export function audienceOf(
  view: Pick<ReportView, 'sender' | 'why' | 'recipients'>,
  doubleBounce: string,
  options: Options,
): Audience {
  if (view.sender.toLowerCase() === doubleBounce.toLowerCase()) return { reason: 'undeliverable postmaster notice' }
  // who asks gets an answer, whatever NOTIFY says; nobody else does
  if (view.why === 'trace') {
    if (view.sender === '') return { reason: 'null sender' }
    const { sender: address, recipients } = view
    return { report: { to: 'sender', address, recipients, original: 'header' }, reason: 'asked for' }
  }
  if (view.sender === '') return { report: ofBounce(view, options), reason: 'null sender' }
  const { why } = view
  const recipients = view.recipients.filter((r) => wantsReport(r, why))
  const original = view.why === 'failed' ? 'asked' : 'header'
  return {
    report: recipients.length > 0 ? { to: 'sender', address: view.sender, recipients, original } : undefined,
    copy: copyOf(view, options),
    reason: `NOTIFY does not ask for ${view.why}`,
  }
}

/** Without NOTIFY failures and delays are told, successes are not. */
function wantsReport(r: ReportRecipient, why: keyof typeof WORD): boolean {
  return r.notify?.length ? r.notify.includes(WORD[why]) : why !== 'success'
}

function ofBounce(view: Pick<ReportView, 'why' | 'recipients'>, options: Options): Notice | undefined {
  const { notifyClasses } = options
  if (view.why !== 'failed' || !(notifyClasses.includes('2bounce') || notifyClasses.includes('bounce')))
    return undefined
  const address = options['2bounceNoticeRecipient']
  return { to: 'postmaster', address, recipients: view.recipients, original: 'whole' }
}

/** NOTIFY is the sender's: it takes nothing from the postmaster. */
function copyOf(view: Pick<ReportView, 'why' | 'recipients'>, options: Options): Notice | undefined {
  const { notifyClasses, bounceNoticeRecipient, delayNoticeRecipient } = options
  const copy = { to: 'postmaster', recipients: view.recipients, original: 'header' } as const
  if (view.why === 'failed' && notifyClasses.includes('bounce')) return { ...copy, address: bounceNoticeRecipient }
  if (view.why === 'delayed' && notifyClasses.includes('delay')) return { ...copy, address: delayNoticeRecipient }
  return undefined
}
