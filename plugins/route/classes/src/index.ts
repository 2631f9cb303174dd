/** @postern/route-classes: Postfix's address classes, and a route per class. */
import { addressClasses, addressRewriter, definePlugin, recipientRewrites } from '@postern/core'
import type { AddressRewriter, Mta, TableRef } from '@postern/core'
import { classifier } from './classify.ts'
import type { ClassLists } from './classify.ts'
import { domainList } from '@postern/maps'
import { ownLiterals } from './literals.ts'
import { options as schema } from './options.ts'
import type { Options } from './options.ts'
import { overlaps } from './overlaps.ts'
import { rcptTap } from './rcptTap.ts'
import { existence } from './recipients.ts'
import { resolveTap } from './resolveTap.ts'
import type { Router } from './route.ts'
import { parseTransport } from './transportTable.ts'

export default definePlugin({
  name: 'route-classes',
  options: schema,
  provides: [addressClasses],
  needs: { rewriter: addressRewriter, rewrites: recipientRewrites },
  optional: ['rewriter'],
  apply(mta, options, needs) {
    const lists = classLists(mta, options)
    const classes = classifier(lists, ownLiterals([...options.inetInterfaces, ...options.proxyInterfaces]), mta.site)
    const router = routerOf(mta, options, classes, needs.rewriter)
    mta.provide(addressClasses, classes)
    nameTransports(mta, options)
    // late: aliases and other expansions come first
    mta.resolve.tap({ phase: 'late' }, resolveTap(router))
    // early: a permit of a policy tap must not let in a recipient that could only bounce
    if (refusesAny(options)) mta.rcpt.tap({ phase: 'early' }, rcptTap(router, mta.resolve, needs.rewrites))
    mta.lifecycle({
      start() {
        for (const text of overlaps(lists)) mta.log.warn('route.overlap', { text })
      },
    })
  },
})

function classLists(mta: Mta, options: Options): ClassLists {
  const { myhostname, mydomain } = mta.site
  const list = (entries: Options['relayDomains'], parents = false) =>
    domainList(entries, (ref) => mta.table(ref), { parents })
  return {
    local: list(options.mydestination ?? [myhostname, `localhost.${mydomain}`, 'localhost']),
    virtualAlias: list(options.virtualAliasDomains),
    virtualMailbox: list(options.virtualMailboxDomains),
    relay: list(options.relayDomains, options.parentDomainMatchesSubdomains),
  }
}

function routerOf(mta: Mta, options: Options, classes: Router['classes'], rewriter?: AddressRewriter): Router {
  const maps = (refs: readonly TableRef[] | undefined) => refs?.map((ref) => mta.table(ref))
  const known = {
    local: maps(options.localRecipientMaps),
    virtualMailbox: maps(options.virtualMailboxMaps),
    relay: maps(options.relayRecipientMaps),
  }
  const myorigin = mta.site.myorigin.toLowerCase()
  return {
    options,
    site: mta.site,
    classes,
    transportMaps: maps(options.transportMaps) ?? [],
    rewriter,
    existence: existence(known, (domain) => domain === myorigin, mta.site.recipientDelimiter),
  }
}

/** A misspelt transport stops the start; one that no class uses need not be there. */
function nameTransports(mta: Mta, options: Options): void {
  const name = (ref: string, where: string) => mta.transport(parseTransport(ref).transport, where)
  name(options.localTransport, 'localTransport')
  name(options.defaultTransport, 'defaultTransport')
  if (options.virtualMailboxDomains.length > 0) name(options.virtualTransport, 'virtualTransport')
  if (options.relayDomains.length > 0) name(options.relayTransport, 'relayTransport')
}

const refusesAny = (o: Options): boolean =>
  o.virtualAliasDomains.length > 0 ||
  o.transportMaps.length > 0 ||
  [o.localRecipientMaps, o.virtualMailboxMaps, o.relayRecipientMaps].some((m) => m !== undefined)
