/** Options in Postfix's names (ADDRESS_CLASS_README, postconf(5)). */
import { tableRef } from '@postern/core'
import { z } from 'zod'

const tables = () => z.array(tableRef()).optional()
const rejectCode = () => z.int().min(400).max(599).default(550)

export const options = z.strictObject({
  localRecipientMaps: tables().describe('all recipients of the local class; unset or empty: none is refused'),
  virtualMailboxMaps: tables().describe('all recipients of the virtual mailbox class; unset or empty: none is refused'),
  relayRecipientMaps: tables().describe('all recipients of the relay class; unset or empty: none is refused'),
  smtpdRejectUnlistedRecipient: z.boolean().default(true).describe('refuse recipients at RCPT that do not exist?'),
  smtpdRejectUnlistedSender: z
    .boolean()
    .default(false)
    .describe('refuse senders in our own domains that do not exist as recipients?'),
  unknownLocalRecipientRejectCode: rejectCode().describe('reply code for an unknown address of the local class'),
  unknownVirtualAliasRejectCode: rejectCode().describe('reply code for an unknown virtual alias'),
  unknownVirtualMailboxRejectCode: rejectCode().describe('reply code for an unknown virtual mailbox'),
  unknownRelayRecipientRejectCode: rejectCode().describe('reply code for an unknown relay recipient'),
  showUserUnknownTableName: z.boolean().default(true).describe('name the table in "User unknown in ... table"'),
})
export type Options = z.output<typeof options>
