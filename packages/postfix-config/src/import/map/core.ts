/** The configuration's top level. */
import { bytesOf } from './conversions.ts'
import { always, rows } from '../rows.ts'
import type { Row } from '../rows.ts'
import { spoolOf } from '../../spool.ts'

export const CORE: readonly Row[] = [
  ...always(
    ['myhostname', 'text'],
    ['mydomain', 'text'],
    ['myorigin', 'origin'],
    ['mail_name', 'text', 'mailName'],
    ['queue_directory', (r) => spoolOf(r.parameters), 'spool'],
  ),
  ...rows(
    ['recipient_delimiter', 'text'],
    ['message_size_limit', 'size'],
    ['header_size_limit', 'size'],
    ['smtpd_recipient_limit', 'count', 'recipientLimit'],
    ['hopcount_limit', 'count'],
    ['enable_original_recipient', 'flag'],
    ['message_reject_characters', bytesOf],
    ['message_strip_characters', bytesOf],
    ['cleanup_replace_stray_cr_lf', 'flag'],
    ['bounce_size_limit', 'size'],
    ['minimal_backoff_time', 'time'],
    ['maximal_backoff_time', 'time'],
    ['maximal_queue_lifetime', 'time'],
    ['bounce_queue_lifetime', 'time'],
    ['delay_warning_time', 'time'],
    ['defer_transports', 'words'],
    ['soft_bounce', 'flag'],
    ['in_flow_delay', 'time'],
    ['initial_destination_concurrency', 'count'],
    ['default_destination_concurrency_positive_feedback', 'text'],
    ['default_destination_concurrency_negative_feedback', 'text'],
    ['default_destination_concurrency_failed_cohort_limit', 'count'],
    ['default_destination_rate_delay', 'time'],
    ['default_destination_concurrency_limit', 'count'],
    ['default_destination_recipient_limit', 'count'],
    ['default_process_limit', 'count'],
    ['qmgr_message_active_limit', 'count'],
    ['qmgr_message_recipient_limit', 'count'],
    ['virtual_alias_recursion_limit', 'count'],
    ['virtual_alias_expansion_limit', 'count'],
    ['allow_min_user', 'flag'],
    ['smtpd_delay_reject', 'flag'],
    ['deliver_lock_attempts', 'count'],
    ['deliver_lock_delay', 'time'],
    ['stale_lock_time', 'time'],
    ['mail_spool_directory', (r, name) => [r.text(name).replace(/\/+$/, '')], 'users.mailSpools'],
  ),
]
