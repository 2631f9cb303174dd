/** Options in Postfix's names (canonical(5)). */
import { tableRef } from '@postern/core'
import { z } from 'zod'

/** Where an address stands. */
export const CLASSES = ['envelope_sender', 'envelope_recipient', 'header_sender', 'header_recipient'] as const
export type Place = (typeof CLASSES)[number]

const tables = () => z.array(tableRef()).default([])
const classes = (...of: Place[]) => z.array(z.enum(CLASSES)).default(of)

export const options = z.strictObject({
  canonicalMaps: tables().describe('tables of addresses and what they are rewritten to, senders and recipients'),
  senderCanonicalMaps: tables().describe('the same for senders, asked before canonicalMaps'),
  recipientCanonicalMaps: tables().describe('the same for recipients, asked before canonicalMaps'),
  canonicalClasses: classes(...CLASSES).describe('where canonicalMaps rewrite'),
  senderCanonicalClasses: classes('envelope_sender', 'header_sender').describe('where senderCanonicalMaps rewrite'),
  recipientCanonicalClasses: classes('envelope_recipient', 'header_recipient').describe(
    'where recipientCanonicalMaps rewrite',
  ),
  propagateUnmatchedExtensions: z
    .boolean()
    .default(true)
    .describe('does user+ext become other+ext where only user was found?'),
})
export type Options = z.output<typeof options>
