import { z } from 'zod'
import { networksOption } from '@postern/maps'

export const options = z.strictObject({
  mynetworks: networksOption()
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
    .min(400)
    .max(599)
    .default(554)
    .describe('reply code of "Relay access denied"; deferred, it is this minus 100'),
})
export type Options = z.output<typeof options>
