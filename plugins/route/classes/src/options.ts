/** Options in Postfix's names (ADDRESS_CLASS_README, transport(5)). */
import { z } from 'zod'
import { transportRef } from '@postern/core'
import { domainsOption as domains } from '@postern/maps'

const site = String.raw`(?:\[[^\s[\],]+\]|[^\s[\]:,]+)(?::[\w-]+)?`
const nexthops = new RegExp(`^${site}(?:[\\s,]+${site})*$`)
const ip = z.union([z.ipv4(), z.ipv6()])

export const options = z.strictObject({
  mydestination: domains()
    .optional()
    .describe('domains of the local class; default: $myhostname, localhost.$mydomain, localhost'),
  inetInterfaces: z
    .array(ip)
    .default(['127.0.0.1', '::1'])
    .describe('own addresses: user@[address] is local for each of them'),
  proxyInterfaces: z.array(ip).default([]).describe('addresses by which a proxy or address translator makes us known'),
  virtualAliasDomains: domains()
    .default([])
    .describe('domains whose every address is an alias for one in another domain'),
  virtualMailboxDomains: domains().default([]).describe('domains with mailboxes of their own, apart from system users'),
  relayDomains: domains().default([]).describe('domains that are accepted and passed on to another host'),
  parentDomainMatchesSubdomains: z
    .boolean()
    .default(true)
    .describe('does an entry of relayDomains match its subdomains too? If not, only .domain does'),
  exactDomains: z
    .boolean()
    .default(false)
    .describe(
      'entries and table keys of mydestination, virtualAliasDomains and virtualMailboxDomains match themselves only, .domain nothing, nor in relayDomains where parents match (as in Postfix)',
    ),
  relayhost: z
    .string()
    .regex(nexthops, 'expected a host as name, name:port, [name] or [name]:port')
    .optional()
    .describe(
      'next hop of all mail for other sites, or several in the order to try; without brackets the MX records are asked',
    ),
  localTransport: transportRef().default('maildir').describe('transport of the local class'),
  virtualTransport: transportRef().default('maildir').describe('transport of the virtual mailbox class'),
  relayTransport: transportRef().default('smtp').describe('transport of the relay class'),
  defaultTransport: transportRef().default('smtp').describe('transport of every other domain'),
  mailboxTransports: z
    .array(z.string())
    .optional()
    .describe(
      'transports that deliver into mailboxes of this host: an unknown recipient is refused before them, others decide for themselves. Default: all',
    ),
})
export type Options = z.output<typeof options>
