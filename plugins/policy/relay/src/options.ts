import { z } from 'zod'
import { networksOption } from '@postern/maps'
import { RULES, closes } from './rules.ts'

const rules = () => z.array(z.enum(RULES))
const replyCode = (code: number) => z.int().min(400).max(599).default(code)

export const options = z
  .strictObject({
    mynetworks: networksOption()
      .default(['127.0.0.0/8', '[::1]/128'])
      .describe('clients that may relay: the first entry that matches decides, !network says no'),
    permitSaslAuthenticated: z
      .boolean()
      .optional()
      .describe('may clients relay that have authenticated? Default: true'),
    allowUntrustedRouting: z
      .boolean()
      .default(false)
      .describe('accept user%elsewhere@our.domain and the like from strangers; opens a way round the relay rules'),
    unauthDestination: z
      .enum(['defer', 'reject'])
      .optional()
      .describe(
        "strangers' mail for other sites: 454 (Postfix's defer_unauth_destination) or 554 (reject_). Default: defer",
      ),
    smtpdRelayRestrictions: rules()
      .optional()
      .describe(
        'who may relay as a list of rules, in place of `permitSaslAuthenticated` and `unauthDestination`: the first that decides ends it',
      ),
    smtpdRecipientRestrictions: rules()
      .default([])
      .describe('a second list of such rules, which every recipient has to pass too'),
    inetInterfaces: networksOption()
      .default(['127.0.0.1', '::1'])
      .describe('own addresses: clients of the rule permit_inet_interfaces'),
    relayDomainsRejectCode: replyCode(554).describe(
      'reply code of "Relay access denied"; deferred, it is this minus 100',
    ),
    rejectCode: replyCode(554).describe('reply code of the rule reject'),
    deferCode: replyCode(450).describe('reply code of the rule defer'),
  })
  .superRefine((given, context) => {
    if (given.smtpdRelayRestrictions === undefined) return
    const bad = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
    for (const key of ['permitSaslAuthenticated', 'unauthDestination'] as const)
      if (given[key] !== undefined) bad(key, 'said by smtpdRelayRestrictions')
    if (!closes([...given.smtpdRelayRestrictions, ...given.smtpdRecipientRestrictions]))
      bad(
        'smtpdRelayRestrictions',
        'an open relay: specify at least one of reject_unauth_destination, defer_unauth_destination, reject, defer, check_relay_domains, here or in smtpdRecipientRestrictions',
      )
  })
export type Options = z.output<typeof options>
