/** Options in Postfix's names (relocated(5)). */
import { tableRef } from '@postern/core'
import { z } from 'zod'

export const options = z.strictObject({
  relocatedMaps: z
    .array(tableRef())
    .default([])
    .describe('tables of addresses that have moved, and what the sender is told: a new address, a telephone number'),
  relocatedPrefixEnable: z
    .boolean()
    .default(true)
    .describe('put "5.1.6 User has moved to" before what the table says? If not, the table says all of it'),
  smtpdRejectUnlistedRecipient: z
    .boolean()
    .default(true)
    .describe('refuse at RCPT who has moved? If not, mail is accepted and returned'),
  smtpdRejectUnlistedSender: z.boolean().default(false).describe('refuse senders who have moved, too?'),
})
export type Options = z.output<typeof options>
