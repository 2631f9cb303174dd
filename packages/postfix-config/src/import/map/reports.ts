/** Reports to senders and to the postmaster, and what is around the queue. */
import { lower, whenSet } from './conversions.ts'
import { readTextNow } from '../../lines.ts'
import { literal } from '../reader.ts'
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

/** What the names in a file's texts stand for. A file that cannot be read is told of by the plugin. */
function namesIn(r: Reader, name: string): unknown {
  const file = r.text(name)
  if (file === '') return undefined
  const found = new Map<string, string>()
  for (const [, parameter] of textOf(file).matchAll(/\$[({]?(\w+)/g))
    if (parameter !== undefined && r.parameters.raw(parameter) !== undefined)
      found.set(parameter, literal(r.text(parameter)))
  return found.size > 0 ? Object.fromEntries(found) : undefined
}
function textOf(file: string): string {
  try {
    return readTextNow(file)
  } catch {
    return ''
  }
}

export const REPORTS: readonly Mapping[] = [
  {
    plugin: 'ops-bounce',
    fixed: { quotedUtf8Sender: true },
    rows: [
      ...always(['notify_classes', classes((name) => BOUNCES.includes(name))]),
      ...rows(
        ['bounce_notice_recipient', 'text'],
        ['2bounce_notice_recipient', 'text', '2bounceNoticeRecipient'],
        ['delay_notice_recipient', 'text'],
        ['double_bounce_sender', 'text'],
        ['header_from_format', 'text'],
        ['smtputf8_enable', 'flag'],
        ['bounce_template_file', whenSet],
        ['bounce_template_file', namesIn, 'bounceTemplateParameters'],
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
        ['header_from_format', 'text'],
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
    rows: [
      ...rows(
        ['authorized_submit_users', 'words'],
        ['message_drop_headers', 'words'],
        ['always_add_missing_headers', 'flag'],
        ['header_from_format', 'text'],
      ),
      {
        parameter: 'smtputf8_autodetect_classes',
        as: (r, name) => (r.flag('smtputf8_enable') ? lower(r, name) : []),
        with: ['smtputf8_enable'],
      },
    ],
  },
  { plugin: 'queue-journal', rows: rows(['queue_minfree', 'size']) },
]
