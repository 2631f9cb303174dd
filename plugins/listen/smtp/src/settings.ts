/** Options, made into what a session asks for: computed once per graph. */
import type { SecureContext } from 'node:tls'
import type { Listener, Site } from '@postern/core'
import type { CommandFilter } from './command-filter.ts'
import type { BareNewline } from './decoder.ts'
import type { SessionLimits } from './limits.ts'
import type { Networks } from './networks.ts'
import { networks } from './networks.ts'
import type { Options } from './options.ts'
import type { Features } from './parameters.ts'
import type { HostReplies, WireReply } from './replies.ts'
import { hostReplies, say } from './replies.ts'

export interface Settings {
  readonly protocol: 'smtp' | 'lmtp'
  readonly banner: WireReply
  /** the answer to EHLO, without and with TLS */
  readonly ehlo: WireReply
  readonly ehloSecure: WireReply
  readonly replies: HostReplies
  readonly features: Features
  readonly chunking: boolean
  readonly limits: SessionLimits
  readonly maxSessions: number
  readonly lineLimit: number
  /** ms */
  readonly timeout: number
  readonly tlsTimeout: number
  readonly commandTime: number
  readonly errorSleep: number
  /** bytes per second, 0 is any */
  readonly minDataRate: number
  readonly bareNewline: BareNewline
  readonly bareNewlineExclusions: Networks
  readonly tls: SecureContext | undefined
  readonly startTls: boolean
  readonly tlsRequired: boolean
  readonly wrapper: boolean
  readonly heloRequired: boolean
  readonly strictEnvelopes: boolean
  readonly vrfy: boolean
  readonly commandFilter: CommandFilter | undefined
  /** a template, see footer.ts */
  readonly rejectFooter: string | undefined
  readonly serverName: string
  readonly noop: ReadonlySet<string>
  /** verbs of plugins, as far as they have a keyword */
  readonly registered: ReadonlySet<string>
  forbidden(token: string): boolean
}

interface Resources {
  readonly tls: SecureContext | undefined
  readonly commandFilter: CommandFilter | undefined
}
export function settingsOf(
  options: Options,
  site: Site,
  listener: Listener,
  { tls, commandFilter }: Resources,
): Settings {
  const host = site.myhostname
  const discarded = new Set(options.smtpdDiscardEhloKeywords.map((k) => k.toUpperCase()))
  const sizeLimit = smaller(options.messageSizeLimit ?? 0, site.messageSizeLimit)
  const startTls = Boolean(tls) && options.smtpdTlsSecurityLevel !== 'none' && !discarded.has('STARTTLS')
  const keywords = (secure: boolean) =>
    ehloKeywords({ sizeLimit, vrfy: !options.disableVrfyCommand, startTls: startTls && !secure, listener }, discarded)
  return {
    protocol: options.protocol,
    banner: say(220, undefined, bannerText(options, site)),
    ehlo: say(250, undefined, [host, ...keywords(options.tlsWrapperMode)]),
    ehloSecure: say(250, undefined, [host, ...keywords(true)]),
    replies: hostReplies(host, options.smtpdForbidBareNewlineRejectCode),
    features: { dsn: !discarded.has('DSN'), smtputf8: !discarded.has('SMTPUTF8'), sizeLimit },
    chunking: !discarded.has('CHUNKING'),
    limits: {
      softErrors: options.smtpdSoftErrorLimit,
      hardErrors: options.smtpdHardErrorLimit,
      junkCommands: options.smtpdJunkCommandLimit,
      overshoot: options.smtpdRecipientOvershootLimit,
    },
    maxSessions: options.maxSessions,
    lineLimit: options.lineLengthLimit,
    timeout: options.smtpdTimeout,
    tlsTimeout: options.smtpdStarttlsTimeout,
    commandTime: options.smtpdCommandTimeLimit,
    errorSleep: options.smtpdErrorSleepTime,
    minDataRate: options.smtpdMinDataRate,
    bareNewline: options.smtpdForbidBareNewline,
    bareNewlineExclusions: networks(options.smtpdForbidBareNewlineExclusions),
    tls,
    commandFilter,
    rejectFooter: options.smtpdRejectFooter,
    serverName: host,
    startTls,
    tlsRequired: options.smtpdTlsSecurityLevel === 'encrypt',
    wrapper: options.tlsWrapperMode,
    heloRequired: options.smtpdHeloRequired,
    strictEnvelopes: options.strictRfc821Envelopes,
    vrfy: !options.disableVrfyCommand,
    noop: new Set(options.smtpdNoopCommands.map((c) => c.toUpperCase())),
    registered: new Set(listener.keywords.map((k) => k.split(' ')[0]!.toUpperCase())),
    forbidden: forbidden(options.smtpdForbiddenCommands),
  }
}

/** 0 is no limit. A listener can be narrower than the site, not wider: the core counts too. */
const smaller = (a: number, b: number): number => (a === 0 || b === 0 ? a + b : Math.min(a, b))

function bannerText(options: Options, site: Site): string {
  const protocol = options.protocol === 'lmtp' ? 'LMTP' : 'ESMTP'
  const text = options.smtpdBanner ?? `$myhostname ${protocol} $mail_name`
  return text.replace(/\$\{?myhostname\}?/g, () => site.myhostname).replace(/\$\{?mail_name\}?/g, () => site.mailName)
}

interface Offer {
  readonly sizeLimit: number
  readonly vrfy: boolean
  readonly startTls: boolean
  readonly listener: Listener
}
/** In Postfix's order; keywords of registered commands stand where Postfix has theirs. */
function ehloKeywords(offer: Offer, discarded: ReadonlySet<string>): string[] {
  const registered = offer.listener.keywords
  const etrn = registered.filter((k) => /^ETRN\b/i.test(k))
  const all = [
    'PIPELINING',
    offer.sizeLimit > 0 ? `SIZE ${offer.sizeLimit}` : 'SIZE',
    ...(offer.vrfy ? ['VRFY'] : []),
    ...etrn,
    ...(offer.startTls ? ['STARTTLS'] : []),
    ...registered.filter((k) => !etrn.includes(k)),
    'ENHANCEDSTATUSCODES',
    '8BITMIME',
    'DSN',
    'SMTPUTF8',
    'CHUNKING',
  ]
  return all.filter((line) => !discarded.has(line.split(' ')[0]!.toUpperCase()))
}

function forbidden(list: readonly string[]): (token: string) => boolean {
  const patterns = list.filter((c) => c.startsWith('/')).map((c) => new RegExp(c.slice(1, -1), 'i'))
  const words = new Set(list.filter((c) => !c.startsWith('/')).map((c) => c.toUpperCase()))
  return (token) => words.has(token.toUpperCase()) || patterns.some((p) => p.test(token))
}
