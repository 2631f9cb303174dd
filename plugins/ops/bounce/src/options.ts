import { z } from 'zod'

export const options = z.strictObject({
  notifyClasses: z
    .array(z.enum(['2bounce']))
    .default([])
    .describe('what the postmaster is told of: 2bounce = bounces that could not be delivered either'),
  '2bounceNoticeRecipient': z
    .string()
    .min(1)
    .default('postmaster')
    .describe('who gets undeliverable bounces when notifyClasses has 2bounce'),
  doubleBounceSender: z
    .string()
    .regex(/^[^\s@<>"]+$/, 'expected a local part')
    .default('double-bounce')
    .describe('local part of the sender of such notices; a notice that fails too is dropped'),
})
export type Options = z.output<typeof options>
