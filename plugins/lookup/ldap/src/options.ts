/** What a table's definition says, in Postfix's names: snake_case in a file, camelCase in the configuration. */
import { secret } from '@postern/core'
import { count, list, yesNo } from '@postern/lookup-kit'
import { z } from 'zod'
import { mechanismNames } from './sasl.ts'

const names = () =>
  list().pipe(z.array(z.string().regex(/^[a-z0-9][\w.-]*(;[\w-]+)*$/i, 'expected names of attributes')))
const bind = () =>
  z
    .union(
      [z.boolean(), z.string().regex(/^(yes|no|none|simple|sasl)$/i)],
      'expected yes or simple, no or none, or sasl',
    )
    .transform((v): 'none' | 'simple' | 'sasl' => {
      if (typeof v === 'boolean') return v ? 'simple' : 'none'
      const word = v.toLowerCase()
      return word === 'sasl' ? 'sasl' : word === 'no' || word === 'none' ? 'none' : 'simple'
    })
/** they need tickets and a library of the system's */
const KERBEROS = ['GSSAPI', 'GSS-SPNEGO', 'GS2-KRB5', 'GS2-KRB5-PLUS']
const mechanisms = () =>
  list()
    .transform((all) => all.map((name) => name.toUpperCase()))
    .superRefine((all, check) => {
      const unknown = all.find((name) => !mechanismNames.includes(name))
      if (unknown === undefined) return
      const why = KERBEROS.includes(unknown) ? 'needs Kerberos, which is not possible here' : 'is not possible here'
      check.addIssue({
        code: 'custom',
        message: `${unknown.slice(0, 20)} ${why}; there are ${mechanismNames.join(', ')}`,
      })
    })

export const tableSchema = z.strictObject({
  serverHost: list()
    .default(['localhost'])
    .describe('servers that know the same: names, host:port, ldap://, ldaps:// or ldapi:// URLs; asked in this order'),
  serverPort: count(1, 65_535).default(389).describe('port of those that name none'),
  timeout: count(1, 3600).default(10).describe('seconds for a connection with its bind, and for each search'),
  searchBase: z.string().describe('where the search starts: a distinguished name, with %s %u %d %1 to %9'),
  queryFilter: z.string().default('mailacceptinggeneralid=%s').describe('filter (RFC 4515), with %s %u %d %1 to %9'),
  scope: z
    .enum(['sub', 'base', 'one'], 'expected sub, base or one')
    .default('sub')
    .describe('what is searched below the base'),
  resultAttribute: names().default(['maildrop']).describe('attributes whose values are the result'),
  specialResultAttribute: names()
    .default([])
    .describe('attributes that hold names of entries or LDAP URLs: these are looked up too'),
  leafResultAttribute: names()
    .default([])
    .describe('attributes whose values count only in entries without special ones'),
  terminalResultAttribute: names()
    .default([])
    .describe('attributes that, when an entry has one, are all that counts of it'),
  resultFormat: z.string().optional().describe('template for each value, with %s %u %d %S %U %D %1 to %9; default %s'),
  resultFilter: z.string().optional().describe('the old name of resultFormat'),
  domain: list()
    .default([])
    .describe('only addresses in these domains are looked up: domains, `/file` with some, `type:table`; `!` takes out'),
  recursionLimit: count(1).default(1000).describe('how deep special attributes are followed'),
  expansionLimit: count().default(0).describe('values above which a lookup fails; 0: none'),
  sizeLimit: count().optional().describe('entries above which a search fails; 0: none; default: expansionLimit'),
  dereference: count(0, 3)
    .default(0)
    .describe('aliases of the directory are followed: 0 never, 1 in searching, 2 in finding the base, 3 always'),
  chaseReferrals: z
    .union([yesNo(), count(0, 1).transform((v) => v === 1)], 'expected yes, no, 1 or 0')
    .default(false)
    .describe('ask the servers that a server refers to'),
  requestsInFlight: count(1, 10_000)
    .default(50)
    .describe('requests under way on one connection; slapd ends one on which more than 100 wait (conn_max_pending)'),
  connections: count(1, 1000)
    .default(1)
    .describe('to each server; a second one is made when on the first `requestsInFlight` are under way'),
  version: count(2, 3).default(3).describe('version of the protocol'),
  bind: bind().default('simple').describe('yes or simple, no or none, sasl'),
  bindDn: z.string().default('').describe('who binds: a distinguished name; with sasl the user'),
  bindPw: secret().optional().describe('its password'),
  saslMechs: mechanisms()
    .default([])
    .describe(`some of ${mechanismNames.join(', ')}; default: the best that the server offers`),
  saslRealm: z.string().default('').describe('realm, where the mechanism has one'),
  saslAuthzId: z.string().default('').describe('whom to act as'),
  saslMinssf: z
    .union([z.number(), z.string()])
    .refine((v) => Number(v) === 0, 'mechanisms here have no security layer; use TLS')
    .optional()
    .describe('only 0 is possible'),
  startTls: yesNo().default(false).describe('encrypt an ldap:// connection before anything else'),
  tlsCaCertFile: z.string().optional().describe('certificates of the authorities to trust; default: those of Node'),
  tlsCaCertDir: z.string().optional().describe('the same as a folder of files named by hash; the file goes before'),
  tlsCert: z.string().optional().describe('own certificate'),
  tlsKey: z.string().optional().describe('its key'),
  tlsRequireCert: yesNo().default(false).describe("check the server's certificate and its name"),
  tlsCipherSuite: z.string().optional().describe("ciphers as OpenSSL's cipher list"),
})
export type TableOptions = z.output<typeof tableSchema>
