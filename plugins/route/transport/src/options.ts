/** Options in Postfix's names (transport(5), postconf(5)). */
import { tableRef } from '@postern/core'
import { z } from 'zod'

const tables = () => z.array(tableRef()).default([])
const nullKey = () => z.string().min(1).default('<>')

export const options = z.strictObject({
  transportMaps: tables().describe(
    'tables of transport:nexthop by address, domain, .domain or *; they override the class',
  ),
  parentDomainMatchesSubdomains: z
    .boolean()
    .default(false)
    .describe('does an entry `domain` of transportMaps match its subdomains too? If not, only .domain does'),
  senderDependentDefaultTransportMaps: tables().describe(
    "tables of transport or transport:nexthop by the sender's address or @domain, over defaultTransport; DUNNO: none",
  ),
  emptyAddressDefaultTransportMapsLookupKey: nullKey().describe(
    'what senderDependentDefaultTransportMaps are asked for the null sender',
  ),
  senderDependentRelayhostMaps: tables().describe(
    "tables of next hops by the sender's address or @domain, over relayhost; DUNNO: none",
  ),
  emptyAddressRelayhostMapsLookupKey: nullKey().describe(
    'what senderDependentRelayhostMaps are asked for the null sender',
  ),
})
export type Options = z.output<typeof options>
