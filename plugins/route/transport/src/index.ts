/** @postern/route-transport: ways by recipient and by sender, over those of the classes (Postfix's transport(5)). */
import { addressClasses, addressRewriter, definePlugin, routeTables } from '@postern/core'
import type { AddressRewriter, TableRef } from '@postern/core'
import { addressSite } from '@postern/maps'
import { options as schema } from './options.ts'
import { transportOf } from './recipient.ts'
import { bySender } from './sender.ts'

/** Without a rewriter addresses are taken as they are. */
const asTheyAre: AddressRewriter = { standard: (address) => address, within: () => undefined }

export default definePlugin({
  name: 'route-transport',
  options: schema,
  needs: { classes: addressClasses, rewriter: addressRewriter },
  optional: ['rewriter'],
  provides: [routeTables],
  apply(mta, options, needs) {
    // an address must not choose where it goes: Postfix leaves rules with `$1` out here (transport(5), regexp_table(5))
    const open = (refs: readonly TableRef[]) => refs.map((ref) => mta.table(ref, { substitution: false }))
    const site = addressSite(mta.site, needs.classes, needs.rewriter ?? asTheyAre)
    const table = {
      tables: open(options.transportMaps),
      site: mta.site,
      parents: options.parentDomainMatchesSubdomains,
    }
    mta.provideNamed(routeTables, mta.name, {
      override: (recipient, call) => transportOf(table, recipient, call),
      defaultTransport: bySender(
        open(options.senderDependentDefaultTransportMaps),
        options.emptyAddressDefaultTransportMapsLookupKey,
        site,
      ),
      relayhost: bySender(open(options.senderDependentRelayhostMaps), options.emptyAddressRelayhostMapsLookupKey, site),
    })
  },
})
