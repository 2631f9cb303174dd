/** The texts of bounce(5): what a sender is told before the list of recipients. */
import type { ReportView } from '@postern/core'

/** Texts hold bytes, one a character: their charset is the operator's. */
export interface Template {
  /** of the body */
  readonly charset: string
  readonly from: string
  readonly subject: string
  /** of the postmaster's copy; success has none */
  readonly postmasterSubject?: string
  /** lines with `$names` in them */
  readonly body: readonly string[]
}
export type TemplateName = 'failure' | 'delay' | 'success' | 'verify'
export type Templates = Readonly<Record<TemplateName, Template>>

export const TEMPLATE_OF: Record<ReportView['why'], TemplateName> = {
  failed: 'failure',
  delayed: 'delay',
  success: 'success',
  trace: 'verify',
}

const HOST = ['This is the mail system at host $myhostname.', '']
const HELP = [
  'For further assistance, please send mail to postmaster.',
  '',
  'If you do so, please include this problem report. You can',
  'delete your own text from the attached returned message.',
  '',
]
const SIGNED = '                   The mail system'
/** of texts that say nothing else */
export const FROM = 'Mail Delivery System <MAILER-DAEMON>'
export const OBSOLETE_FROM = 'MAILER-DAEMON (Mail Delivery System)'
const COMMON = { charset: 'us-ascii', from: FROM }

export const TEMPLATES: Templates = {
  failure: {
    ...COMMON,
    subject: 'Undelivered Mail Returned to Sender',
    postmasterSubject: 'Postmaster Copy: Undelivered Mail',
    body: [
      ...HOST,
      "I'm sorry to have to inform you that your message could not",
      "be delivered to one or more recipients. It's attached below.",
      '',
      ...HELP,
      SIGNED,
    ],
  },
  delay: {
    ...COMMON,
    subject: 'Delayed Mail (still being retried)',
    postmasterSubject: 'Postmaster Warning: Delayed Mail',
    body: [
      ...HOST,
      '####################################################################',
      '# THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #',
      '####################################################################',
      '',
      'Your message could not be delivered for more than $delay_warning_time_hours hour(s).',
      'It will be retried until it is $maximal_queue_lifetime_days day(s) old.',
      '',
      ...HELP,
      SIGNED,
    ],
  },
  success: {
    ...COMMON,
    subject: 'Successful Mail Delivery Report',
    body: [
      ...HOST,
      'Your message was successfully delivered to the destination(s)',
      'listed below. If the message was delivered to mailbox you will',
      'receive no further notifications. Otherwise you may still receive',
      'notifications of mail delivery errors from other systems.',
      '',
      SIGNED,
    ],
  },
  verify: {
    ...COMMON,
    subject: 'Mail Delivery Status Report',
    body: [...HOST, 'Enclosed is the mail delivery report that you requested.', '', SIGNED],
  },
}
