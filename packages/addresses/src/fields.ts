/** Header fields that hold addresses, and whether those of a message are to be rewritten. */
import { header, transactionSlot } from '@postern/core'
import type { HeaderEdit, HeaderField } from '@postern/core'
import { rewriteList } from './list.ts'
import type { RewriteAddress } from './list.ts'

/** Rewritten as senders are (`sender_canonical_maps`). */
const SENDER = new Set([
  'from',
  'sender',
  'reply-to',
  'errors-to',
  'return-path',
  'return-receipt-to',
  'disposition-notification-to',
  'mail-followup-to',
  'resent-from',
  'resent-sender',
])
/** Rewritten as recipients are (`recipient_canonical_maps`). */
const RECIPIENT = new Set([
  'to',
  'cc',
  'bcc',
  'apparently-to',
  'resent-to',
  'resent-cc',
  'resent-bcc',
  'resent-reply-to',
])
/** `name` in lower case */
export const isSenderField = (name: string): boolean => SENDER.has(name)
export const isRecipientField = (name: string): boolean => RECIPIENT.has(name)
export const isAddressField = (name: string): boolean => SENDER.has(name) || RECIPIENT.has(name)

/**
 * Are the addresses in this message's header rewritten? `local`: as those of mail from this machine; `remote`: incomplete
 * ones get another domain than ours; `none`: not at all; `gateway`: of a relay (sendmail -G), which is `remote` or `none`.
 * Unset for mail that no client brought, which is local.
 */
export type HeaderRewriting = 'local' | 'remote' | 'none' | 'gateway'
export const headerRewriting = transactionSlot<HeaderRewriting>('headerRewriting')

/**
 * The edits that give address fields of a header other addresses. `rewriteOf` gets a field and says how its addresses are
 * rewritten; `undefined`: they stay.
 */
export function rewriteFields(
  fields: readonly HeaderField[],
  rewriteOf: (field: HeaderField, isSender: boolean) => RewriteAddress | undefined,
): HeaderEdit[] {
  const out: HeaderEdit[] = []
  const seen = new Map<string, number>()
  for (const field of fields) {
    const key = field.name.toLowerCase()
    const isSender = SENDER.has(key)
    if (!isSender && !RECIPIENT.has(key)) continue
    const index = seen.get(key) ?? 0
    seen.set(key, index + 1)
    const rewrite = rewriteOf(field, isSender)
    const next = rewrite && rewriteList(field.name, valueOf(field), rewrite)
    if (next !== undefined) out.push(header.replace(field.name, next, index))
  }
  return out
}
const EIGHT_BIT = /[\x80-\xff]/
/** With its line ends: in quotes and brackets each is a blank, in a comment it stays. */
function valueOf({ raw, value }: HeaderField): string {
  if (!/["([]/.test(raw)) return value
  const folded = raw
    .slice(raw.indexOf(':') + 1)
    .trimStart()
    .replace(/\r?\n$/, '')
  if (!EIGHT_BIT.test(folded)) return folded
  const text = Buffer.from(folded, 'latin1').toString('utf8')
  // the core knows how to keep bytes that are no UTF-8
  return text.includes('\ufffd') ? value : text
}
