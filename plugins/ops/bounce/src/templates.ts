/** The texts of bounce(5): what a sender is told before the list of recipients. */
import type { ReportView } from '@postern/core'

export interface Template {
  readonly subject: string
  /** lines before the recipients; empty in the postmaster's copy */
  readonly body: readonly string[]
  /** description of the third part when the whole message comes, and when its header does */
  readonly whole: string
  readonly headers: string
}
export interface TemplateFacts {
  readonly myhostname: string
  /** ms */
  readonly waited: number
  /** ms from arrival until the mail is given up; absent when nobody knows */
  readonly lifetime?: number
}

const HELP = [
  'For further assistance, please send mail to postmaster.',
  '',
  'If you do so, please include this problem report. You can',
  'delete your own text from the attached returned message.',
  '',
]
const SIGNED = '                   The mail system'
const host = (f: TemplateFacts) => [`This is the mail system at host ${f.myhostname}.`, '']
const hours = (ms: number) => Math.floor(ms / 3_600_000)
const days = (ms: number) => Math.floor(ms / 86_400_000)

const failed = (f: TemplateFacts): Template => ({
  subject: 'Undelivered Mail Returned to Sender',
  body: [
    ...host(f),
    "I'm sorry to have to inform you that your message could not",
    "be delivered to one or more recipients. It's attached below.",
    '',
    ...HELP,
    SIGNED,
  ],
  whole: 'Undelivered Message',
  headers: 'Undelivered Message Headers',
})

const delayed = (f: TemplateFacts): Template => ({
  subject: 'Delayed Mail (still being retried)',
  body: [
    ...host(f),
    '####################################################################',
    '# THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #',
    '####################################################################',
    '',
    `Your message could not be delivered for more than ${hours(f.waited)} hour(s).`,
    ...(f.lifetime === undefined ? [] : [`It will be retried until it is ${days(f.lifetime)} day(s) old.`]),
    '',
    ...HELP,
    SIGNED,
  ],
  whole: 'Undelivered Message',
  headers: 'Undelivered Message Headers',
})

const success = (f: TemplateFacts): Template => ({
  subject: 'Successful Mail Delivery Report',
  body: [
    ...host(f),
    'Your message was successfully delivered to the destination(s)',
    'listed below. If the message was delivered to mailbox you will',
    'receive no further notifications. Otherwise you may still receive',
    'notifications of mail delivery errors from other systems.',
    '',
    SIGNED,
  ],
  whole: 'Message',
  headers: 'Message Headers',
})

export const TEMPLATES: Record<ReportView['why'], (facts: TemplateFacts) => Template> = { failed, delayed, success }
export const POSTMASTER: Template = {
  subject: 'Postmaster Copy: Undelivered Mail',
  body: [],
  whole: 'Undelivered Message',
  headers: 'Undelivered Message Headers',
}
