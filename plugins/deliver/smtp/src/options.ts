/** Postfix's smtp_* parameters by their names; in LMTP mode they stand for lmtp_*. */
import { isIP } from 'node:net'
import { duration, tableRef } from '@postern/core'
import { z } from 'zod'
import { LEVELS } from './tls-policy.ts'

const address = (family: 4 | 6) =>
  z.union([z.literal(''), z.string().refine((a) => isIP(a) === family, `expected an IPv${family} address`)])
const seconds = (s: number) => duration().default(s * 1000)

export const options = z.strictObject({
  protocol: z
    .enum(['smtp', 'lmtp'])
    .default('smtp')
    .describe('LMTP says LHLO, has one final reply for each recipient, port 24 and no MX'),
  lmtpAssumeFinal: z
    .boolean()
    .default(false)
    .describe('an LMTP server without DSN keeps the mail: a report of success says delivered, not relayed'),
  smtpTcpPort: z
    .number()
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe('port of next hops that name none; 25, or 24 for LMTP'),
  smtpTlsSecurityLevel: z
    .enum(LEVELS)
    .default('none')
    .describe(
      'none: in clear; may: STARTTLS where it is offered, in clear where it is not, or for mail of 300 s when the handshake fails; encrypt: never in clear; ' +
        'fingerprint, verify, secure, dane, dane-only: not there yet, mail waits (dane without smtpDnsSupportLevel dnssec is may, as in Postfix)',
    ),
  smtpTlsPolicyMaps: z
    .array(tableRef())
    .default([])
    .describe(
      'tables of levels by next hop as it is written, and by .parent of a domain; they count more than smtpTlsSecurityLevel',
    ),
  smtpTlsMandatoryProtocols: z
    .string()
    .default('>=TLSv1')
    .describe(
      'protocols for encrypt and above: `>=TLSv1.2`, `!SSLv3`. TLS 1.2 and 1.3 are there; where nothing is left, mail waits',
    ),
  smtpHeloName: z.string().regex(/^\S*$/).default('').describe('name in EHLO; default: myhostname'),
  smtpAlwaysSendEhlo: z
    .boolean()
    .default(true)
    .describe('EHLO to any server; if not, only to one whose greeting says ESMTP'),
  smtpNeverSendEhlo: z.boolean().default(false).describe('HELO to any server'),
  smtpDiscardEhloKeywords: z
    .array(z.string())
    .default([])
    .describe('keywords of the answer to EHLO that are not heeded: size, dsn, pipelining ...'),
  smtpDiscardEhloKeywordAddressMaps: z
    .array(tableRef())
    .default([])
    .describe("tables of such lists by the server's address, in place of smtpDiscardEhloKeywords"),
  smtpReplyFilter: tableRef()
    .optional()
    .describe('a table that is asked for each line of a reply; what it has for it is read instead'),
  smtpQuoteRfc821Envelope: z.boolean().default(true).describe('quote local parts where RFC 5321 asks for it'),
  smtpDeliveryStatusFilter: z
    .array(tableRef())
    .default([])
    .describe('tables that change a status: `4.2.0 text` to `5.2.0 text`; success stays success'),
  smtpHostLookup: z
    .array(z.enum(['dns', 'native']))
    .min(1)
    .optional()
    .describe(
      'dns: name servers alone; native: as the system does, its hosts file first. Default: the hosts file, then DNS',
    ),
  smtpDnsSupportLevel: z
    .enum(['disabled', 'enabled', 'dnssec'])
    .default('enabled')
    .describe(
      'disabled: no MX is asked for, and hosts are found as the system does; dnssec: the levels dane and dane-only count',
    ),
  smtpSaslPasswordMaps: z
    .array(tableRef())
    .default([])
    .describe(
      'tables of who is logged in to, by host and by next hop. That is not there yet: mail for these waits, it is not tried without',
    ),
  smtpSenderDependentAuthentication: z
    .boolean()
    .default(false)
    .describe("smtpSaslPasswordMaps are asked for the sender's address, too"),
  smtputf8ForAll: z
    .boolean()
    .default(false)
    .describe(
      'one recipient beyond ASCII, and a server without SMTPUTF8 is given none of the message, as in Postfix; if not, it gets the others',
    ),
  bestMxTransport: z
    .string()
    .regex(/^$|^[^:\s]+(:.*)?$/, 'expected a transport, or transport:nexthop')
    .default('')
    .describe('the transport for mail whose best MX we are ourselves; without it such mail loops, and is returned'),
  smtpBindAddress: address(4).default('').describe('our address for connections over IPv4'),
  smtpBindAddress6: address(6).default('').describe('our address for connections over IPv6'),
  smtpBindAddresses: z
    .array(z.union([z.ipv4(), z.ipv6()], 'expected an IP address'))
    .default([])
    .describe('our addresses for connections, instead of smtpBindAddress and smtpBindAddress6: each message takes one'),
  sourceAddresses: tableRef()
    .optional()
    .describe('a table of such lists by sender domain (<>: the null sender), then by next hop; else smtpBindAddresses'),
  sourceAddressChoice: z
    .enum(['roundRobin', 'nextHop'])
    .default('roundRobin')
    .describe('roundRobin: one after the other; nextHop: each next hop always sees the same one'),
  smtpBindAddressEnforce: z
    .boolean()
    .default(false)
    .describe('defer when none of these addresses can be bound; else the system chooses one'),
  inetProtocols: z.enum(['all', 'ipv4', 'ipv6']).default('all').describe('address families to connect over'),
  inetInterfaces: z
    .array(z.string())
    .default(['all'])
    .describe('our own addresses, for the detection of loops; all: the machine’s'),
  proxyInterfaces: z
    .array(z.string())
    .default([])
    .describe('addresses of a proxy or NAT in front of us, for the detection of loops'),
  smtpMxAddressLimit: z.number().int().nonnegative().default(5).describe('addresses tried for one next hop; 0: all'),
  smtpMxSessionLimit: z
    .number()
    .int()
    .nonnegative()
    .default(2)
    .describe('servers of one next hop that are spoken with; 0: all'),
  smtpRandomizeAddresses: z.boolean().default(true).describe('equally preferred servers in random order'),
  smtpFallbackRelay: z
    .string()
    .default('')
    .describe('next hops tried when the own one is not found or cannot be reached'),
  ignoreMxLookupError: z
    .boolean()
    .default(false)
    .describe('an MX lookup that failed counts as no MX, instead of deferring'),
  smtpDeferIfNoMxAddressFound: z.boolean().default(false).describe('defer, not fail, when no MX has an address'),
  smtpSkip5xxGreeting: z.boolean().default(true).describe('a 5xx greeting is a temporary failure of that server only'),
  smtpConnectTimeout: seconds(30).describe('for a connection'),
  smtpHeloTimeout: seconds(300).describe('for the greeting, and for EHLO, HELO, LHLO, STARTTLS'),
  smtpMailTimeout: seconds(300).describe('for the reply to MAIL'),
  smtpRcptTimeout: seconds(300).describe('for each reply to RCPT'),
  smtpDataInitTimeout: seconds(120).describe('for the reply to DATA'),
  smtpDataXferTimeout: seconds(180).describe('for each write of content'),
  smtpDataDoneTimeout: seconds(600).describe('for the reply to the final dot'),
  smtpConnectionCacheOnDemand: z
    .boolean()
    .default(true)
    .describe('keep a connection for the next message to its next hop'),
  smtpConnectionCacheTimeLimit: seconds(2).describe('how long an idle connection is kept'),
  smtpConnectionReuseCountLimit: z
    .number()
    .int()
    .nonnegative()
    .default(0)
    .describe('messages over one connection; 0: any number'),
  smtpConnectionReuseTimeLimit: seconds(300).describe('age at which a connection takes no further message'),
  smtpLineLengthLimit: z
    .number()
    .int()
    .nonnegative()
    .refine((n) => n !== 1, 'expected 0, or at least 2')
    .default(998)
    .describe('bytes of a line; a longer one goes on in a new line behind a space. 0: any number'),
  disableMimeOutputConversion: z
    .boolean()
    .default(false)
    .describe('send 8-bit parts as they are to a server without 8BITMIME, not as quoted-printable'),
  detect8bitEncodingHeader: z
    .boolean()
    .default(true)
    .describe('Content-Transfer-Encoding: 8bit or binary counts more than what the client declared by BODY=7BIT'),
  mimeNestingLimit: z
    .number()
    .int()
    .positive()
    .default(100)
    .describe('multiparts inside each other, at most, in a message that has to be converted; more fail it'),
  mimeBoundaryLengthLimit: z
    .number()
    .int()
    .positive()
    .default(2048)
    .describe('bytes of a multipart boundary that count, in a message that has to be converted'),
  smtpDestinationConcurrencyLimit: z
    .number()
    .int()
    .positive()
    .default(20)
    .describe('deliveries to one next hop at a time'),
  smtpDestinationRecipientLimit: z.number().int().positive().default(50).describe('recipients per delivery'),
})
export type Options = z.output<typeof options>
