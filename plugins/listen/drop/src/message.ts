/** From a file of the drop folder to a message that the core takes. */
import { addressOf, internal, isUtf8, parseAddress, qualified, quoteLocal } from '@postern/core'
import type { AddressRewriter, DraftRecipient, MessageDraft } from '@postern/core'
import { ADDRESS_LIMIT, NAME_LIMIT, RECIPIENTS_LIMIT, VERIFY_LIMIT } from '@postern/sendmail'
import type { DropFile } from '@postern/sendmail'
import { z } from 'zod'
import { hasUtf8Header } from './utf8.ts'

/** RFC 3461 section 4.1: NEVER stands alone */
const notify = z
  .array(z.enum(['NEVER', 'SUCCESS', 'FAILURE', 'DELAY']))
  .refine((words) => !words.includes('NEVER') || words.length === 1)
  .optional()
/** An address of two lines would be two commands at the next hop. */
const ONE_LINE = /^[^\x00-\x1f\x7f]*$/ // eslint-disable-line no-control-regex
const address = z.string().max(ADDRESS_LIMIT).regex(ONE_LINE)
/** RFC 3461 section 4.2; a blank in the type would begin another parameter of RCPT at the next hop */
const orcpt = address.regex(/^[A-Za-z0-9-]+;./).optional()
/** The command writes nothing else; a file that was made by hand may hold anything. */
const envelopeSchema = z.object({
  sender: address,
  recipients: z
    .array(z.union([address, z.object({ address, notify, orcpt })]))
    .min(1)
    .max(RECIPIENTS_LIMIT),
  fullName: z.string().max(NAME_LIMIT).optional(),
  notify,
  ret: z.enum(['FULL', 'HDRS']).optional(),
  envid: z
    .string()
    .max(100)
    .regex(/^[\x20-\x7e]*$/)
    .optional(),
  body: z.enum(['7BIT', '8BITMIME']).optional(),
  gateway: z.boolean().optional(),
  verify: z.boolean().optional(),
  report: z.boolean().optional(),
})
// each costs a lookup or several, and other users' files wait meanwhile
const withinLimits = envelopeSchema.refine((e) => !e.verify || e.recipients.length <= VERIFY_LIMIT)
export type Envelope = z.output<typeof envelopeSchema>

/** `undefined` when it is not what the command writes. */
export const envelopeOf = (file: DropFile): Envelope | undefined => withinLimits.safeParse(file.envelope).data

export interface Here {
  readonly myorigin: string
  readonly rewriter?: AddressRewriter
  /** UTF-8 in the header makes a message need SMTPUTF8 */
  readonly autodetect: boolean
}
export function messageOf(envelope: Envelope, content: Uint8Array, here: Here): MessageDraft {
  const { autodetect } = here
  const sender = envelope.sender === '' ? '' : withDomain(envelope.sender, here)
  const recipients = envelope.recipients.map((r): DraftRecipient => ({
    notify: envelope.notify,
    ...(typeof r === 'string' ? asGiven(r, here) : r),
  }))
  return {
    sender,
    recipients,
    content,
    smtputf8: isUtf8(sender) || recipients.some((r) => isUtf8(r.address)) || (autodetect && hasUtf8Header(content)),
    body: envelope.body,
    envid: envelope.envid,
    ret: envelope.ret,
    trace: envelope.verify ? 'verify' : envelope.report ? 'record' : undefined,
    returnBadRecipients: true,
  }
}
/** Of what the command was told Postfix tells the address that it stands for, without quotes. */
function asGiven(text: string, here: Here): DraftRecipient {
  const a = parseAddress(text, { lenient: true })
  if (!a) return { address: text }
  const address = a.domain === '' ? internal(addressOf(qualified(a.text, here.myorigin, here.rewriter))) : internal(a)
  const told = `${isUtf8(address) ? 'utf-8' : 'rfc822'};${address}`
  // a source route is no part of the address, but of what somebody wrote
  const original = /^@[^:]*:/.test(text) ? text : undefined
  return { address: a.text, original, orcpt: address === a.text && original === undefined ? undefined : told }
}
function withDomain(text: string, { myorigin, rewriter }: Here): string {
  // a local part of nothing
  const [, domain] = /^@([^@:,\s]+)$/.exec(text) ?? []
  if (domain !== undefined) return `""@${domain}`
  const a = parseAddress(text, { lenient: true })
  if (a && a.domain !== '') return a.text
  return qualified(quoteLocal(a?.local ?? text), myorigin, rewriter)
}
