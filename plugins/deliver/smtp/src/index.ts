/** Delivery over SMTP and LMTP: one transport per use, called `smtp` or the use's `as`. */
import type { Mta, OutgoingRewriter, Resolver, Transport } from '@postern/core'
import { statusFilter } from '@postern/maps'
import { definePlugin, outgoingRewriter, resolver, transports } from '@postern/core'
import { ConnectionCache } from './cache.ts'
import { Delivery } from './delivery.ts'
import { keywordSet } from './hello.ts'
import { KeptKeys } from './kept-keys.ts'
import { Nexthops } from './nexthop.ts'
import type { Options } from './options.ts'
import { options } from './options.ts'
import { selfDetector } from './self.ts'
import type { Settings } from './settings.ts'
import { Sources } from './sources.ts'
import { TlsPolicies } from './tls-policy.ts'

const FAMILIES = { all: [4, 6], ipv4: [4], ipv6: [6] } as const
/** ms; the stages have their own timeouts, this ends what trickles along (Postfix's daemon_timeout) */
const DEADLINE = 18_000_000

export default definePlugin({
  name: 'deliver-smtp',
  options,
  needs: { resolver, outgoing: outgoingRewriter, transports },
  apply(mta, chosen, needs) {
    const made = settings(
      mta,
      chosen,
      () => needs.resolver,
      once(() => needs.outgoing.get(chosen.protocol)),
      (name) => needs.transports.get(name),
    )
    const filter = statusFilter(chosen.smtpDeliveryStatusFilter.map((ref) => mta.table(ref)))
    mta.deliver(mta.as ?? 'smtp', {
      limits: {
        concurrency: chosen.smtpDestinationConcurrencyLimit,
        recipients: chosen.smtpDestinationRecipientLimit,
        deadline: DEADLINE,
      },
      heedsDry: true,
      deliver: filter((job, call) => new Delivery(job, call, made).run()),
    })
  },
})

/** Roles are complete when the first mail comes. */
function once<T>(ask: () => T): () => T {
  let answer: { value: T } | undefined
  return () => (answer ??= { value: ask() }).value
}

function settings(
  mta: Mta<never>,
  o: Options,
  resolver: () => Resolver,
  rewriter: () => OutgoingRewriter | undefined,
  transport: (name: string) => Transport | undefined,
): Settings {
  const port = o.smtpTcpPort ?? (o.protocol === 'lmtp' ? 24 : 25)
  return {
    protocol: o.protocol,
    assumeFinal: o.protocol === 'lmtp' && o.lmtpAssumeFinal,
    myhostname: mta.site.myhostname,
    heloName: o.smtpHeloName || mta.site.myhostname,
    hello: {
      always: o.smtpAlwaysSendEhlo,
      never: o.smtpNeverSendEhlo,
      discarded: keywordSet(o.smtpDiscardEhloKeywords),
      byAddress: o.smtpDiscardEhloKeywordAddressMaps.map((ref) => mta.table(ref)),
    },
    nexthops: new Nexthops(o.protocol, port),
    tls: new TlsPolicies({
      level: o.smtpTlsSecurityLevel,
      tables: o.smtpTlsPolicyMaps.map((ref) => mta.table(ref)),
      dnssec: o.smtpDnsSupportLevel === 'dnssec',
      protocols: o.smtpTlsMandatoryProtocols,
    }),
    replyFilter: o.smtpReplyFilter && mta.table(o.smtpReplyFilter),
    quoted: o.smtpQuoteRfc821Envelope,
    smtputf8ForAll: o.smtputf8ForAll,
    passwords: {
      tables: o.smtpSaslPasswordMaps.map((ref) => mta.table(ref)),
      bySender: o.smtpSenderDependentAuthentication,
    },
    bestMx: bestMx(mta, o.bestMxTransport, transport),
    sources: sources(mta, o),
    fallback: o.smtpFallbackRelay,
    addressLimit: o.smtpMxAddressLimit || Infinity,
    sessionLimit: o.smtpMxSessionLimit || Infinity,
    skip5xxGreeting: o.smtpSkip5xxGreeting,
    timeouts: {
      connect: o.smtpConnectTimeout,
      helo: o.smtpHeloTimeout,
      mail: o.smtpMailTimeout,
      rcpt: o.smtpRcptTimeout,
      dataInit: o.smtpDataInitTimeout,
      dataXfer: o.smtpDataXferTimeout,
      dataDone: o.smtpDataDoneTimeout,
    },
    hosts: {
      get resolver() {
        return resolver()
      },
      lookup: o.smtpDnsSupportLevel === 'disabled' ? ['native'] : o.smtpHostLookup,
      mx: o.smtpDnsSupportLevel !== 'disabled',
      families: FAMILIES[o.inetProtocols],
      ignoreMxLookupError: o.ignoreMxLookupError,
      deferIfNoMxAddress: o.smtpDeferIfNoMxAddressFound,
      randomize: o.smtpRandomizeAddresses,
      loopPort: o.protocol === 'smtp' ? port : -1,
      isSelf: selfDetector(o.inetInterfaces, o.proxyInterfaces, () => mta.clock.now()),
    },
    content: {
      unconverted: o.disableMimeOutputConversion,
      detect: o.detect8bitEncodingHeader,
      mime: {
        boundaryLength: o.mimeBoundaryLengthLimit,
        nesting: o.mimeNestingLimit,
        headerSize: mta.site.headerSizeLimit,
      },
      lineLimit: o.smtpLineLengthLimit,
    },
    rewriter,
    cache: keptCache(mta, o),
    keys: new KeptKeys(),
  }
}

function bestMx(mta: Mta<never>, text: string, transport: (name: string) => Transport | undefined): Settings['bestMx'] {
  if (text === '') return undefined
  const [, name = '', nexthop = ''] = /^([^:]*):?(.*)$/s.exec(text)!
  mta.transport(name, 'bestMxTransport')
  return { name, nexthop, transport: () => transport(name) }
}

function sources(mta: Mta<never>, o: Options): Sources {
  const single = [o.smtpBindAddress, o.smtpBindAddress6].filter(Boolean)
  return new Sources(
    {
      pool: o.smtpBindAddresses.length > 0 ? o.smtpBindAddresses : single,
      table: o.sourceAddresses && mta.table(o.sourceAddresses),
      sticky: o.sourceAddressChoice === 'nextHop',
      enforce: o.smtpBindAddressEnforce,
    },
    mta.clock,
  )
}

/** Connections outlive a reload as long as nothing changes that they were made with. */
function keptCache(mta: Mta<never>, o: Options): () => ConnectionCache {
  const limits = {
    idle: o.smtpConnectionCacheOnDemand ? o.smtpConnectionCacheTimeLimit : 0,
    uses: o.smtpConnectionReuseCountLimit,
    age: o.smtpConnectionReuseTimeLimit,
  }
  return mta.keep(
    `${mta.name} connections ${JSON.stringify([mta.site.myhostname, o])}`,
    () => new ConnectionCache(limits, mta.clock),
    (cache) => cache.closeAll(),
  )
}
