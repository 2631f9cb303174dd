/** Options, made into what a session asks for: computed once per graph. */
import type { SecureContext } from 'node:tls'
import type { Clock, Listener, Logger, Site, Table } from '@postern/core'
import type { CommandFilter } from './command-filter.ts'
import type { BareNewline } from './decoder.ts'
import type { SessionLimits } from './limits.ts'
import type { ClientList } from './client-list.ts'
import type { Options } from './options.ts'
import { Offers } from './offer.ts'
import type { Offering } from './offer.ts'
import type { HostReplies, WireReply } from './replies.ts'
import { hostReplies, say } from './replies.ts'

export interface Settings {
  readonly protocol: 'smtp' | 'lmtp'
  readonly banner: WireReply
  readonly offers: Offers
  readonly replies: HostReplies
  /** bytes; 0 is no limit */
  readonly sizeLimit: number
  readonly limits: SessionLimits
  /** recipients of one message; undefined: the site's */
  readonly recipientLimit: number | undefined
  /** undefined: as the site, and of refusals that somebody judged alone */
  readonly softBounce: boolean
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
  readonly bareNewlineExclusions: ClientList
  /** clients that the limits of anvil do not hold for */
  readonly limitExceptions: ClientList
  readonly tls: SecureContext | undefined
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
  readonly ehloMaps: readonly Table[]
  clients(name: 'smtpdForbidBareNewlineExclusions' | 'smtpdClientEventLimitExceptions'): ClientList
  readonly clock: Clock
  readonly log: Logger
}
export function settingsOf(
  options: Options,
  site: Site,
  listener: Listener,
  { tls, commandFilter, ehloMaps, clients, clock, log }: Resources,
): Settings {
  const host = options.myhostname ?? site.myhostname
  const sizeLimit = smaller(options.messageSizeLimit ?? 0, site.messageSizeLimit)
  const vrfy = !options.disableVrfyCommand
  const all: Offering = {
    host,
    sizeLimit,
    vrfy,
    startTls: Boolean(tls) && options.smtpdTlsSecurityLevel !== 'none',
    smtputf8: options.smtputf8Enable,
    wrapper: options.tlsWrapperMode,
    keywords: listener.keywords,
  }
  return {
    protocol: options.protocol,
    banner: say(220, undefined, bannerText(options, site, host)),
    offers: new Offers(all, options.smtpdDiscardEhloKeywords, ehloMaps, clock, log),
    replies: hostReplies(host, options.smtpdForbidBareNewlineRejectCode),
    sizeLimit,
    limits: {
      softErrors: options.smtpdSoftErrorLimit,
      hardErrors: options.smtpdHardErrorLimit,
      junkCommands: options.smtpdJunkCommandLimit,
      overshoot: options.smtpdRecipientOvershootLimit,
    },
    recipientLimit: options.smtpdRecipientLimit,
    softBounce: options.softBounce ?? site.softBounce,
    maxSessions: options.maxSessions,
    lineLimit: options.lineLengthLimit,
    timeout: options.smtpdTimeout,
    tlsTimeout: options.smtpdStarttlsTimeout,
    commandTime: options.smtpdCommandTimeLimit,
    errorSleep: options.smtpdErrorSleepTime,
    minDataRate: options.smtpdMinDataRate,
    bareNewline: options.smtpdForbidBareNewline,
    bareNewlineExclusions: clients('smtpdForbidBareNewlineExclusions'),
    limitExceptions: clients('smtpdClientEventLimitExceptions'),
    tls,
    commandFilter,
    rejectFooter: options.smtpdRejectFooter,
    serverName: host,
    tlsRequired: options.smtpdTlsSecurityLevel === 'encrypt',
    wrapper: options.tlsWrapperMode,
    heloRequired: options.smtpdHeloRequired,
    strictEnvelopes: options.strictRfc821Envelopes,
    vrfy,
    noop: new Set(options.smtpdNoopCommands.map((c) => c.toUpperCase())),
    registered: new Set(listener.keywords.map((k) => k.split(' ')[0]!.toUpperCase())),
    forbidden: forbidden(options.smtpdForbiddenCommands),
  }
}

/** 0 is no limit. A listener can be narrower than the site, not wider: the core counts too. */
const smaller = (a: number, b: number): number => (a === 0 || b === 0 ? a + b : Math.min(a, b))

function bannerText(options: Options, site: Site, host: string): string {
  const protocol = options.protocol === 'lmtp' ? 'LMTP' : 'ESMTP'
  const text = options.smtpdBanner ?? `$myhostname ${protocol} $mail_name`
  return text.replace(/\$\{?myhostname\}?/g, () => host).replace(/\$\{?mail_name\}?/g, () => site.mailName)
}

function forbidden(list: readonly string[]): (token: string) => boolean {
  const patterns = list.filter((c) => c.startsWith('/')).map((c) => new RegExp(c.slice(1, -1), 'i'))
  const words = new Set(list.filter((c) => !c.startsWith('/')).map((c) => c.toUpperCase()))
  return (token) => words.has(token.toUpperCase()) || patterns.some((p) => p.test(token))
}
