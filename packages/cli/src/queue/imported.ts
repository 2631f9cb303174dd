/** What an import brings, checked: the files may have been edited, and the queue keeps what it is given for ever. */
import type { Node } from '@postern/core'
import { z } from 'zod'
import type { ImportArguments } from '../control/protocol.ts'
import { CommandError, EX } from '../exit.ts'
import { splitContent } from './content.ts'

const origin = z.union([
  z.object({ kind: z.enum(['smtp', 'lmtp']), listener: z.string(), session: z.string() }),
  z.object({ kind: z.literal('submit'), by: z.string() }),
  z.object({ kind: z.enum(['bounce', 'forward']), by: z.string(), of: z.string() }),
])
const client = z.object({
  address: z.string(),
  name: z.string(),
  helo: z.string().optional(),
  protocol: z.string(),
  user: z.string().optional(),
})
/** no line ends: an address or a reason is written into headers, replies and logs */
// eslint-disable-next-line no-control-regex
const line = z.string().regex(/^[^\x00-\x1f\x7f]*$/, 'has control characters')
const envelope = z.object({
  sender: line,
  origin,
  created: z.number().int().nonnegative(),
  client: client.optional(),
  smtputf8: z.boolean(),
  body: z.enum(['7BIT', '8BITMIME', 'BINARYMIME']).optional(),
  envid: line.optional(),
  ret: z.enum(['FULL', 'HDRS']).optional(),
  marks: z.record(z.string(), z.json()),
  route: z.object({ transport: z.string(), nexthop: z.string().optional() }).optional(),
  reason: z.string(),
})
const recipient = z.object({
  address: line.min(1),
  original: line,
  orcpt: line.optional(),
  notify: z.array(z.enum(['NEVER', 'SUCCESS', 'FAILURE', 'DELAY'])).optional(),
  bcc: z.boolean().optional(),
  final: z.boolean().optional(),
})
const imported = z.object({
  id: line,
  envelope,
  recipients: z.array(recipient).min(1, 'there is nobody left to deliver to'),
  held: z.string().optional(),
  content: z.string(),
  who: z.string(),
  why: z.string(),
})

/** Throws CommandError (65) that names what is wrong. */
export function messageOf(args: ImportArguments, now: number): Parameters<Node['import']>[0] {
  const checked = imported.safeParse(args)
  if (!checked.success) throw new CommandError(EX.DATAERR, checked.error.issues.map(problem).join('; '))
  const { id, envelope, recipients, held, content, who, why } = checked.data
  // mail from the future would never grow old
  const created = Math.min(envelope.created, now)
  const reason = `${id} imported by ${who}: ${why} (${envelope.reason})`
  const { header, body, headerOnly } = splitContent(Buffer.from(content, 'base64'))
  return {
    envelope: { ...envelope, created, reason, headerOnly },
    recipients,
    header,
    body,
    ...(held !== undefined && { held: { by: who, reason: held } }),
  }
}
const problem = (issue: { path: PropertyKey[]; message: string }): string =>
  `${issue.path.map(String).join('.')}: ${issue.message}`
