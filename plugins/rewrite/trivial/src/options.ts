/** Options in Postfix's names (postconf(5)). */
import { networksOption } from '@postern/maps'
import { z } from 'zod'

/** Who a client must be for its headers to be rewritten as our own are. */
const CLIENTS = ['permit_inet_interfaces', 'permit_sasl_authenticated'] as const

export const options = z.strictObject({
  swapBangpath: z.boolean().default(true).describe('rewrite site!user to user@site'),
  allowPercentHack: z.boolean().default(true).describe('rewrite user%domain to user@domain'),
  appendAtMyorigin: z.boolean().default(true).describe('rewrite user to user@$myorigin'),
  appendDotMydomain: z.boolean().default(false).describe('rewrite user@host to user@host.$mydomain'),
  localHeaderRewriteClients: z
    .array(
      z.union(
        [z.enum(CLIENTS), networksOption().element],
        'expected permit_inet_interfaces, permit_sasl_authenticated, a network or a table of addresses',
      ),
    )
    .default(['permit_inet_interfaces'])
    .describe(
      'clients whose headers are rewritten as those of mail from this machine are; the first entry that matches decides',
    ),
  inetInterfaces: z
    .array(z.union([z.ipv4(), z.ipv6()], 'expected an IP address'))
    .optional()
    .describe("own addresses, for permit_inet_interfaces; default: all of this machine's"),
  remoteHeaderRewriteDomain: z
    .string()
    .default('')
    .describe(
      'what is appended to incomplete addresses in headers of all other clients; empty: no address in their headers is rewritten, by any plugin',
    ),
})
export type Options = z.output<typeof options>
export const isKeyword = (entry: Options['localHeaderRewriteClients'][number]): entry is (typeof CLIENTS)[number] =>
  (CLIENTS as readonly unknown[]).includes(entry)
