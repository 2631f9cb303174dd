import { z } from 'zod'
import { tableRef } from '@postern/core'
import { parseNetwork } from './cidr.ts'

const network = z.string().superRefine((text, context) => {
  const parsed = parseNetwork(text)
  if ('problem' in parsed) context.addIssue({ code: 'custom', message: parsed.problem })
})

export const options = z.strictObject({
  // a network may look like a table (`::1`), so networks are tried first
  mynetworks: z
    .array(z.union([network, tableRef()], 'expected a network (192.0.2.0/24, [2001:db8::]/32), !network or a table'))
    .default(['127.0.0.0/8', '[::1]/128'])
    .describe('clients that may relay: the first entry that matches decides, !network says no'),
  permitSaslAuthenticated: z.boolean().default(true).describe('may clients relay that have authenticated?'),
  allowUntrustedRouting: z
    .boolean()
    .default(false)
    .describe('accept user%elsewhere@our.domain and the like from strangers; opens a way round the relay rules'),
  unauthDestination: z
    .enum(['defer', 'reject'])
    .default('defer')
    .describe("strangers' mail for other sites: 454 (Postfix's defer_unauth_destination) or 554 (reject_)"),
  relayDomainsRejectCode: z
    .int()
    .min(500)
    .max(599)
    .default(554)
    .describe('reply code of "Relay access denied"; deferred, it is this minus 100'),
})
export type Options = z.output<typeof options>
export type NetworkEntry = Options['mynetworks'][number]
