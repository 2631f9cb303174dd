/** What an operator can set. Names and defaults are Postfix's. */
import { duration, size, tableRef } from '@postern/core'
import { z } from 'zod'
import { parseDoor } from './door.ts'
import { networksOption } from '@postern/maps'

const address = z
  .union([z.string(), z.number().int()])
  .refine((v) => parseDoor(v) !== undefined, 'expected an address like 127.0.0.1:2525, [::1]:25 or 25')
const pattern = z.string().refine((v) => {
  try {
    return !v.startsWith('/') || (v.endsWith('/') && v.length > 2 && Boolean(new RegExp(v.slice(1, -1), 'i')))
  } catch {
    return false
  }
}, 'expected a command, or a regular expression between slashes')

export const options = z.strictObject({
  listen: z
    .array(address)
    .min(1)
    .optional()
    .describe('addresses to listen on: `127.0.0.1:2525`, `[::1]:25`, `25` (all addresses). Default: `host` and `port`'),
  host: z.string().default('').describe('address to listen on when `listen` is not given; empty is all addresses'),
  port: z
    .number()
    .int()
    .min(0)
    .max(65535)
    .default(25)
    .describe('port to listen on when `listen` is not given; 0 takes a free one'),
  protocol: z.enum(['smtp', 'lmtp']).default('smtp').describe('what is spoken: SMTP (RFC 5321) or LMTP (RFC 2033)'),
  myhostname: z
    .string()
    .optional()
    .describe("what this host is called here: in the greeting, in replies and in Received. Default: the site's"),
  smtpdBanner: z
    .string()
    .optional()
    .describe(
      'text of the greeting; `$myhostname` and `$mail_name` are replaced. It must begin with the host name (RFC 5321 section 4.2). Default: `$myhostname ESMTP $mail_name`',
    ),
  messageSizeLimit: size().optional().describe("largest message in bytes where it is to be less than the site's"),
  smtpdRecipientLimit: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe("recipients of one message, where it is not the site's `recipientLimit`"),
  maxSessions: z
    .number()
    .int()
    .min(1)
    .default(1000)
    .describe('sessions at a time in one worker; more clients are told 421 4.3.2'),

  tlsCertFile: z.string().optional().describe('file with our certificate and its chain (PEM); without it no STARTTLS'),
  tlsKeyFile: z.string().optional().describe('file with the private key (PEM); default: `tlsCertFile`'),
  tlsWrapperMode: z.boolean().default(false).describe('TLS from the first byte, as on port 465 (RFC 8314)'),
  smtpdTlsSecurityLevel: z
    .enum(['none', 'may', 'encrypt'])
    .default('may')
    .describe('`may` offers STARTTLS when there is a certificate, `encrypt` takes mail only behind it'),
  smtpdStarttlsTimeout: duration().prefault('300s').describe('time a TLS handshake may take'),

  smtpdTimeout: duration().prefault('300s').describe('time a client may be silent'),
  smtpdCommandTimeLimit: duration()
    .prefault('300s')
    .describe(
      'time from the first byte of a command to its end, and the head start of content before `smtpdMinDataRate` holds',
    ),
  smtpdMinDataRate: z
    .number()
    .int()
    .min(0)
    .default(500)
    .describe('bytes per second that content must come at on average; 0 is any speed'),
  lineLengthLimit: z
    .number()
    .int()
    .min(512)
    .default(2048)
    .describe('bytes of a command line that count; the rest of a longer one is dropped'),
  smtpdSoftErrorLimit: z
    .number()
    .int()
    .min(1)
    .default(10)
    .describe('errors after which each reply is held back for `smtpdErrorSleepTime`'),
  smtpdHardErrorLimit: z.number().int().min(1).default(20).describe('errors after which the client is cut off'),
  smtpdErrorSleepTime: duration()
    .prefault('1s')
    .describe('how long replies to a client with many errors are held back'),
  smtpdJunkCommandLimit: z
    .number()
    .int()
    .min(1)
    .default(100)
    .describe('HELO, NOOP, RSET and VRFY commands between messages before each more is an error'),
  smtpdRecipientOvershootLimit: z
    .number()
    .int()
    .min(0)
    .default(1000)
    .describe('recipients beyond the recipient limit that do not count as errors'),

  smtpdClientConnectionCountLimit: z
    .number()
    .int()
    .min(0)
    .default(50)
    .describe('connections at a time from one address, over all workers; 0 is no limit'),
  smtpdClientConnectionRateLimit: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('connections from one address in `anvilRateTimeUnit`, over all workers; 0 is no limit'),
  smtpdClientMessageRateLimit: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('MAIL commands from one address in `anvilRateTimeUnit`, over all workers; 0 is no limit'),
  smtpdClientRecipientRateLimit: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('RCPT and VRFY commands from one address in `anvilRateTimeUnit`, over all workers; 0 is no limit'),
  smtpdClientEventLimitExceptions: networksOption()
    .default(['127.0.0.0/8', '[::1]/128'])
    .describe('networks that the four limits above do not hold for'),
  anvilRateTimeUnit: duration().prefault('60s').describe('the time unit of rate limits'),

  smtpdForbidBareNewline: z
    .enum(['no', 'normalize', 'reject'])
    .default('no')
    .describe(
      'an LF without CR: `no` takes it as a line end everywhere, `normalize` lets only <CR><LF>.<CR><LF> end a message (no SMTP smuggling), `reject` refuses',
    ),
  smtpdForbidBareNewlineRejectCode: z.number().int().min(500).max(599).default(550).describe('reply code of `reject`'),
  smtpdForbidBareNewlineExclusions: networksOption()
    .default([])
    .describe('networks whose clients may send a bare newline in any case'),

  smtpdHeloRequired: z.boolean().default(false).describe('refuse MAIL before HELO or EHLO'),
  strictRfc821Envelopes: z
    .boolean()
    .default(false)
    .describe('addresses in MAIL and RCPT must stand in <> and have nothing else'),
  disableVrfyCommand: z.boolean().default(false).describe('do not answer VRFY'),
  smtpdDiscardEhloKeywords: z
    .array(z.string())
    .default([])
    .describe(
      'EHLO keywords that are not offered: pipelining, size, vrfy, etrn, starttls, enhancedstatuscodes, 8bitmime, dsn, smtputf8, chunking',
    ),
  smtpdDiscardEhloKeywordAddressMaps: z
    .array(tableRef())
    .default([])
    .describe(
      'tables of client addresses and the keywords that each is not offered, in place of `smtpdDiscardEhloKeywords`; where they fail, EHLO is answered 421',
    ),
  smtputf8Enable: z.boolean().default(true).describe('take addresses and headers in UTF-8 (RFC 6531)'),
  smtpdNoopCommands: z.array(z.string()).default([]).describe('commands that are answered 250 and do nothing'),
  smtpdForbiddenCommands: z
    .array(pattern)
    .default(['CONNECT', 'GET', 'POST', '/^[^A-Z]/'])
    .describe('commands of other protocols that end the session; `/.../` is a regular expression'),
  smtpdCommandFilter: tableRef()
    .optional()
    .describe('a table of command lines, white space in front removed, and what is read instead of each'),
  softBounce: z
    .boolean()
    .optional()
    .describe(
      "answer 4xx wherever 5xx is meant, also to what is wrong in the protocol; default: the site's `softBounce`",
    ),
  smtpdRejectFooter: z
    .string()
    .optional()
    .describe(
      'text behind every refusal, in lines of its own: `\\n` is a line end, `\\c` at the beginning goes on in the last line; $$client, $$client_address, $$client_name, $$client_port, $$reverse_client_name, $$helo_name, $$sender, $$sender_name, $$sender_domain, $$localtime and $$server_name are filled in, also in `$${name?{yes}:{no}}`; other names are empty',
    ),
  smtpdPeernameLookup: z
    .boolean()
    .default(true)
    .describe('look up the name of the client and whether it has the address; `unknown` otherwise'),
})
export type Options = z.output<typeof options>
