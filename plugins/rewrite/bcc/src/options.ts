/** Options in Postfix's names (postconf(5)). */
import { parseAddress, tableRef } from '@postern/core'
import { z } from 'zod'

export const options = z.strictObject({
  alwaysBcc: z
    .string()
    .refine((text) => text === '' || parseAddress(text, { lenient: true }) !== undefined, 'expected an address')
    .optional()
    .describe('address that gets a blind copy of every message that comes in; empty: nobody'),
  senderBccMaps: z.array(tableRef()).default([]).describe('tables of senders and who gets a blind copy of their mail'),
  recipientBccMaps: z
    .array(tableRef())
    .default([])
    .describe('tables of recipients and who gets a blind copy of mail for them'),
})
export type Options = z.output<typeof options>
