import { size, tableRef } from '@postern/core'
import { lockOption } from '@postern/mailboxes'
import { z } from 'zod'

/** names of folders, none of which climbs */
const isBelow = (path: string): boolean =>
  path
    .replace(/\/$/, '')
    .split('/')
    .every((name) => !['', '.', '..'].includes(name) && !name.includes('\0'))
const id = () => z.number().int().nonnegative()

export const schema = z
  .strictObject({
    mailboxBase: z
      .string()
      .min(1)
      .describe(
        'folder that holds the mailboxes, relative to the configuration file; nothing is ever written outside (virtual_mailbox_base)',
      ),
    mailboxPath: z
      .string()
      .regex(/^[^/].*\/$/, 'expected a relative path that ends in a slash, e.g. %d/%u/')
      .regex(/^(?:[^%]|%[udse%])*$/, 'expected only %u, %d, %s, %e and %% as placeholders')
      .default('%d/%u/')
      .describe(
        'a mailbox below mailboxBase when there is no virtualMailboxMaps: %u user without extension, %d domain, %s whole address, %e extension, all in lower case',
      ),
    virtualMailboxMaps: tableRef()
      .optional()
      .describe(
        'table of addresses and mailboxes below mailboxBase: maildirs with a slash at the end, mbox files without. An address without an entry is unknown',
      ),
    virtualUidMaps: tableRef().optional().describe('table of addresses and the user ids that own their mailboxes'),
    virtualGidMaps: tableRef().optional().describe('table of addresses and the group ids that own their mailboxes'),
    uid: id().optional().describe('user id that owns all mailboxes; default: the user this process runs as'),
    gid: id().optional().describe('group id that owns all mailboxes; goes with uid'),
    virtualMinimumUid: id()
      .default(100)
      .describe('lowest user id that is delivered to; mail for a lower one is deferred'),
    virtualMailboxLimit: size()
      .default(51_200_000)
      .describe(
        'largest mbox, and largest file in a maildir; what would make it larger is returned as 5.2.2. 0 is no limit',
      ),
    virtualMailboxLock: lockOption('virtual_mailbox_lock'),
    returnOverQuota: z
      .boolean()
      .default(false)
      .describe('return mail for who is over the disk quota as 5.2.2, as Postfix does, instead of trying again'),
    refuseLoops: z
      .boolean()
      .default(true)
      .describe("return mail whose Delivered-To says that it was here before; Postfix's virtual(8) does not"),
    virtualDeliveryStatusFilter: z
      .array(tableRef())
      .default([])
      .describe('tables that change a status: `4.2.0 text` to `5.2.0 text`; success stays success'),
    homeMailbox: z
      .string()
      .regex(/\/$/, 'expected a slash at its end: only maildirs are delivered to')
      .refine((path) => isBelow(path), 'expected a path below the home folder')
      .default('Maildir/')
      .describe(
        "maildir below the home folder, for recipients whose route names a user: delivered with that user's rights (home_mailbox)",
      ),
    syncFolder: z
      .boolean()
      .default(true)
      .describe('sync the folder after each delivery, so that the new file is still there after a power cut'),
  })
  .refine((o) => (o.uid === undefined) === (o.gid === undefined), { message: 'uid and gid go together', path: ['gid'] })
  .refine((o) => !o.virtualUidMaps === !o.virtualGidMaps, {
    message: 'virtualUidMaps and virtualGidMaps go together',
    path: ['virtualGidMaps'],
  })
  .refine((o) => o.uid === undefined || !o.virtualUidMaps, { message: 'either uid or virtualUidMaps', path: ['uid'] })

export type Options = z.output<typeof schema>
