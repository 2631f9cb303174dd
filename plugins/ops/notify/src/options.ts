import { z } from 'zod'
import { CLASSES } from './classes.ts'

export const options = z.strictObject({
  notifyClasses: z
    .array(z.enum(CLASSES))
    .default(['resource', 'software'])
    .describe(
      'errors whose sessions are told of: bounce = recipients that do not exist, mail too big or in a loop; data = a table ' +
        'does not answer; policy = other refusals; protocol = wrong commands; resource = no room; software = faults of our own',
    ),
  errorNoticeRecipient: z.string().min(1).default('postmaster').describe('who gets the transcripts'),
  bounceNoticeRecipient: z
    .string()
    .min(1)
    .default('postmaster')
    .describe('who gets those of sessions with an error of class bounce'),
  doubleBounceSender: z
    .string()
    .regex(/^[^\s@<>"]+$/, 'expected a local part')
    .default('double-bounce')
    .describe('local part of the sender of notices; the same as in ops-bounce, which drops those that fail'),
  headerFromFormat: z
    .enum(['standard', 'obsolete'])
    .default('standard')
    .describe('From of the notices: `Name <address>`, or as before RFC 822 `address (Name)`'),
  autoSubmitted: z
    .boolean()
    .default(true)
    .describe('Auto-Submitted in notices, so that no vacation program answers; false: as Postfix sends them'),
  noticesPerHour: z
    .number()
    .int()
    .positive()
    .default(60)
    .describe('more are counted, and the next notice says how many; over all workers'),
  transcriptLines: z
    .number()
    .int()
    .min(20)
    .max(1000)
    .default(100)
    .describe('replies of a session that are kept, the first and the last ones'),
})
export type Options = z.output<typeof options>
