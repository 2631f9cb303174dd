/** What an operator can set. Names are Postfix's where it has the thing. */
import { duration } from '@postern/core'
import { z } from 'zod'

const user = z
  .string()
  .regex(
    /^!?(?:static:\S+|[^\s!:,]+)$/,
    'expected a login name, a user id or static:anyone, with ! before it for "not"',
  )
/** sources of mail, as Postfix names them */
const CLASSES = ['all', 'bounce', 'forward', 'notify', 'sendmail', 'smtpd', 'verify'] as const
const fieldName = z.string().regex(/^[!-9;-~]+$/, 'expected the name of a header field')

export const options = z.strictObject({
  authorizedSubmitUsers: z
    .array(user)
    .default(['static:anyone'])
    .describe(
      'who may submit: login names, user ids, `static:anyone`, `!` before one for "not"; the first that fits counts',
    ),
  pollInterval: duration()
    .prefault('60s')
    .describe('how often the folder is read besides when something comes (the wake-up time of pickup in master.cf)'),
  messageDropHeaders: z
    .array(fieldName)
    .default(['bcc', 'content-length', 'resent-bcc', 'return-path'])
    .describe('header fields that are removed'),
  alwaysAddMissingHeaders: z
    .boolean()
    .default(false)
    .describe(
      'complete the header of mail that a gateway hands in (`sendmail -G`), and of users whose headers are not rewritten, too',
    ),
  headerFromFormat: z
    .enum(['standard', 'obsolete'])
    .default('standard')
    .describe('a From that is added: `Name <address>`, or as before RFC 822 `address (Name)`'),
  smtputf8AutodetectClasses: z
    .array(z.enum(CLASSES))
    .default(['sendmail', 'verify'])
    .describe(
      'with `sendmail` or `all` a message with UTF-8 in its header needs SMTPUTF8 on its way; other classes are for other ways in',
    ),
  corruptLimit: z
    .number()
    .int()
    .min(0)
    .default(1000)
    .describe('files that are kept in `drop/corrupt`; more are removed'),
})
export type Options = ReturnType<typeof options.parse>
