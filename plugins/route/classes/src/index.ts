/** @postern/route-classes: Postfix's address classes, and a route per class. */
import { addressClasses, addressRewriter, addressWays, definePlugin, recipientTables, routeTables } from '@postern/core'
import type { Mta } from '@postern/core'
import { domainList } from '@postern/maps'
import type { ListOptions } from '@postern/maps'
import { allOf } from './asked.ts'
import { classifier } from './classify.ts'
import type { ClassLists } from './classify.ts'
import { ownLiterals } from './literals.ts'
import { options as schema } from './options.ts'
import type { Options } from './options.ts'
import { overlaps } from './overlaps.ts'
import { resolveTap } from './resolveTap.ts'
import { waysOf } from './route.ts'
import type { Router } from './route.ts'
import { parseTransport } from './transport.ts'

export default definePlugin({
  name: 'route-classes',
  options: schema,
  provides: [addressClasses, addressWays],
  needs: { rewriter: addressRewriter, tables: routeTables, recipients: recipientTables },
  optional: ['rewriter'],
  apply(mta, options, needs) {
    const lists = classLists(mta, options)
    const classes = classifier(lists, ownLiterals([...options.inetInterfaces, ...options.proxyInterfaces]), mta.site)
    const router: Router = {
      options,
      site: mta.site,
      classes,
      tables: allOf(needs.tables),
      rewriter: needs.rewriter,
    }
    const recipients = allOf(needs.recipients)
    mta.provide(addressClasses, classes)
    mta.provide(addressWays, waysOf(router))
    nameTransports(mta, options)
    // late: aliases and other expansions come first
    mta.resolve.tap({ phase: 'late' }, resolveTap(router, recipients))
    mta.lifecycle({
      start() {
        for (const text of overlaps(lists)) mta.log.warn('route.overlap', { text })
        if (!lists.virtualAlias.empty && recipients().length === 0) mta.log.warn('route.unlisted', { text: UNLISTED })
      },
    })
  },
})
const UNLISTED = 'unknown addresses of virtualAliasDomains are accepted and returned: add route-verify'

function classLists(mta: Mta, options: Options): ClassLists {
  const { myhostname, mydomain } = mta.site
  const { exactDomains: exact, parentDomainMatchesSubdomains: parents } = options
  const list = (entries: Options['relayDomains'], how: ListOptions = { parents: false, exact }) =>
    domainList(entries, (ref) => mta.table(ref), how)
  return {
    local: list(options.mydestination ?? [myhostname, `localhost.${mydomain}`, 'localhost']),
    virtualAlias: list(options.virtualAliasDomains),
    virtualMailbox: list(options.virtualMailboxDomains),
    relay: list(options.relayDomains, { parents, dots: !(exact && parents) }),
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
