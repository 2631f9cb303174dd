/** Options in Postfix's names (ADDRESS_CLASS_README, transport(5)). */
import { z } from 'zod'
import { tableRef, transportRef } from '@postern/core'
import { domainsOption as domains } from '@postern/maps'

const tables = () => z.array(tableRef())
const nexthop = /^(\[[^\s[\]]+\]|[^\s[\]:]+)(:[\w-]+)?$/
const ip = z.union([z.ipv4(), z.ipv6()])
const rejectCode = () => z.int().min(400).max(599).default(550)

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
  relayhost: z
    .string()
    .regex(nexthop, 'expected a host as name, name:port, [name] or [name]:port')
    .optional()
    .describe('next hop of all mail for other sites; without brackets its MX records are asked'),
  transportMaps: tables()
    .default([])
    .describe('tables of transport:nexthop by address, domain, .domain or *; they override the class'),
  localTransport: transportRef().default('maildir').describe('transport of the local class'),
  virtualTransport: transportRef().default('maildir').describe('transport of the virtual mailbox class'),
  relayTransport: transportRef().default('smtp').describe('transport of the relay class'),
  defaultTransport: transportRef().default('smtp').describe('transport of every other domain'),
  localRecipientMaps: tables().optional().describe('all recipients of the local class; unset: none is refused'),
  virtualMailboxMaps: tables()
    .optional()
    .describe('all recipients of the virtual mailbox class; unset: none is refused'),
  relayRecipientMaps: tables().optional().describe('all recipients of the relay class; unset: none is refused'),
  unknownLocalRecipientRejectCode: rejectCode().describe('reply code for an unknown local recipient'),
  unknownVirtualAliasRejectCode: rejectCode().describe('reply code for an unknown virtual alias'),
  unknownVirtualMailboxRejectCode: rejectCode().describe('reply code for an unknown virtual mailbox'),
  unknownRelayRecipientRejectCode: rejectCode().describe('reply code for an unknown relay recipient'),
  showUserUnknownTableName: z.boolean().default(true).describe('name the table in "User unknown in ... table"'),
})
export type Options = z.output<typeof options>
