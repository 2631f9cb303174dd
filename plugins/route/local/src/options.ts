/** Options in Postfix's names (local(8)). */
import { tableRef, transportRef } from '@postern/core'
import { z } from 'zod'
import { LuserRelay } from './luser.ts'

const tables = () => z.array(tableRef()).default([])
/** for the check of a text: any will do */
const SITE = { myorigin: 'here.example', recipientDelimiter: '' }
const relay = z
  .string()
  .min(1)
  .superRefine((text, context) => {
    try {
      new LuserRelay(text, SITE)
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message })
    }
  })

export const options = z.strictObject({
  localUserMaps: z
    .array(tableRef())
    .min(1)
    .prefault(['unix:passwd.byname'])
    .describe('tables that know every user with a mailbox, asked for the name without extension'),
  mailboxTransportMaps: tables().describe('tables of users and the transport:nexthop of their mail, users or not'),
  mailboxTransport: transportRef().optional().describe('transport of all local mail, whether the user exists or not'),
  fallbackTransportMaps: tables().describe('tables of names that are no users and the transport:nexthop of their mail'),
  fallbackTransport: transportRef().optional().describe('transport of mail for names that are no users'),
  requiredTransport: transportRef()
    .optional()
    .describe('transport of mail for postmaster and mailer-daemon where no alias has them; default: it waits'),
  luserRelay: relay
    .optional()
    .describe(
      'address that gets the mail for names that are no users; $user, $local, $domain and others stand for their parts',
    ),
})
export type Options = z.output<typeof options>
