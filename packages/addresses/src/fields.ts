/** Header fields that hold addresses, and whether those of a message are to be rewritten. */
import { transactionSlot } from '@postern/core'

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
 * ones get another domain than ours; `none`: not at all. Unset for mail that no client brought, which is local.
 */
export type HeaderRewriting = 'local' | 'remote' | 'none'
export const headerRewriting = transactionSlot<HeaderRewriting>('headerRewriting')
