import { size, tableRef } from '@postern/core'
import { lockOption } from '@postern/mailboxes'
import { z } from 'zod'

/** names none of which climbs */
const isBelow = (path: string): boolean =>
  path
    .replace(/\/$/, '')
    .split('/')
    .every((name) => !['', '.', '..'].includes(name) && !name.includes('\0'))

export const schema = z.strictObject({
  mailSpoolDirectory: z
    .string()
    .min(1)
    .default('/var/mail')
    .describe(
      'folder of the mailbox files, one for each user; with a slash at its end it holds maildirs (mail_spool_directory). Name it in users.mailSpools too, unless it is the default or everybody may write there',
    ),
  homeMailbox: z
    .string()
    .refine((path) => isBelow(path), 'expected a path below the home folder')
    .optional()
    .describe('mailbox below the home folder instead: a file, or with a slash at its end a maildir (home_mailbox)'),
  mailboxSizeLimit: size()
    .default(51_200_000)
    .describe(
      'largest mailbox file, and largest file in a maildir; what would make it larger is returned as 5.2.2. 0 is no limit (mailbox_size_limit)',
    ),
  mailboxDeliveryLock: lockOption('mailbox_delivery_lock'),
  localDeliveryStatusFilter: z
    .array(tableRef())
    .default([])
    .describe('tables that change a status: `4.2.0 text` to `5.2.0 text`; success stays success'),
  returnOverQuota: z
    .boolean()
    .default(false)
    .describe('return mail for who is over the disk quota as 5.2.2, as Postfix does, instead of trying again'),
  returnFaults: z
    .boolean()
    .default(false)
    .describe(
      'return mail as 5.2.0 where somebody has to mend the mailbox (no folder, no right, no regular file), as Postfix does, instead of trying again',
    ),
})
export type Options = z.output<typeof schema>
