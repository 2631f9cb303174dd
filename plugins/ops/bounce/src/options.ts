import { z } from 'zod'

const recipient = (what: string) => z.string().min(1).default('postmaster').describe(what)

export const options = z.strictObject({
  notifyClasses: z
    .array(z.enum(['bounce', '2bounce', 'delay']))
    .default([])
    .describe(
      'what the postmaster is told of: bounce = mail that was returned (its header), and 2bounce; 2bounce = bounces ' +
        'that could not be delivered either (whole); delay = mail that waits (its header)',
    ),
  bounceNoticeRecipient: recipient('who gets copies of bounces'),
  '2bounceNoticeRecipient': recipient('who gets undeliverable bounces'),
  delayNoticeRecipient: recipient('who gets copies of delay warnings'),
  quotedUtf8Sender: z
    .boolean()
    .default(false)
    .describe(
      'a sender in UTF-8 stands in reports as Postfix 3.7 writes it: in quotes, of type rfc822, a backslash before each byte above 127',
    ),
  headerFromFormat: z
    .enum(['standard', 'obsolete'])
    .default('standard')
    .describe(
      'From of the reports: `Name <address>`, or as before RFC 822 `address (Name)`; a template file has its own',
    ),
  smtputf8Enable: z
    .boolean()
    .default(true)
    .describe('texts of next hops may be UTF-8; false: reports are us-ascii, and say nothing of 8 bits'),
  doubleBounceSender: z
    .string()
    .regex(/^[^\s@<>"]+$/, 'expected a local part')
    .default('double-bounce')
    .describe('local part of the sender of such notices; a notice that fails too is dropped'),
  bounceTemplateFile: z
    .string()
    .min(1)
    .optional()
    .describe("texts of the reports in the format of Postfix's bounce(5); without it, Postfix's own"),
  bounceTemplateParameters: z
    .record(z.string().regex(/^\w+$/, 'expected letters, digits and _'), z.string())
    .default({})
    .describe('more names for these texts, or other values: $name stands for what is said here'),
})
export type Options = z.output<typeof options>
