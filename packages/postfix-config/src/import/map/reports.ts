/** Reports to senders and to the postmaster, and what is around the queue. */
import { whenSet } from './conversions.ts'
import { always, rows } from '../rows.ts'
import type { Mapping } from '../rows.ts'
import type { Reader } from '../reader.ts'

const BOUNCES = ['bounce', '2bounce', 'delay']
const classes =
  (of: (name: string) => boolean) =>
  (r: Reader, name: string): string[] =>
    r
      .words(name)
      .map((word) => word.toLowerCase())
      .filter(of)

export const REPORTS: readonly Mapping[] = [
  {
    plugin: 'ops-bounce',
    rows: [
      ...always(['notify_classes', classes((name) => BOUNCES.includes(name))]),
      ...rows(
        ['bounce_notice_recipient', 'text'],
        ['2bounce_notice_recipient', 'text', '2bounceNoticeRecipient'],
        ['delay_notice_recipient', 'text'],
        ['double_bounce_sender', 'text'],
        ['bounce_template_file', whenSet],
      ),
    ],
  },
  {
    plugin: 'ops-notify',
    rows: [
      ...always(['notify_classes', classes((name) => !['2bounce', 'delay'].includes(name))]),
      ...rows(
        ['error_notice_recipient', 'text'],
        ['bounce_notice_recipient', 'text'],
        ['double_bounce_sender', 'text'],
      ),
    ],
    fixed: { autoSubmitted: false },
  },
  {
    plugin: 'ops-etrn',
    rows: [
      ...always(['fast_flush_domains', 'domains'], ['smtpd_helo_required', 'flag']),
      ...rows(['fast_flush_refresh_time', 'time']),
    ],
    perListener: true,
  },
  {
    plugin: 'listen-drop',
    rows: rows(['authorized_submit_users', 'words'], ['message_drop_headers', 'words']),
  },
  { plugin: 'queue-journal', rows: rows(['queue_minfree', 'size']) },
]
