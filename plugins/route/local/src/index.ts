/** @postern/route-local: what Postfix's local(8) does before a mailbox. */
import { addressClasses, addressRewriter, defer, definePlugin, routeTables } from '@postern/core'
import type { Call, MailAddress, Mta, Named, RouteTables, TableRef, View } from '@postern/core'
import { LocalDelivery } from './local.ts'
import { LuserRelay } from './luser.ts'
import { options } from './options.ts'
import type { Options } from './options.ts'

export default definePlugin({
  name: 'route-local',
  options,
  needs: { classes: addressClasses, rewriter: addressRewriter, tables: routeTables },
  optional: ['rewriter'],
  apply(mta, o, { classes, rewriter, tables }) {
    const local = localOf(mta, o)
    const failure = (cause: unknown) => defer('4.3.0', 'address resolver failure', { cause })
    const answer = async (view: View<'resolve'>, call: Call) => {
      const { recipient } = view
      // a sender's route through us leads to another address
      if (rewriter?.within(recipient)) return undefined
      const override = await overrideOf(tables, recipient, call)
      if (typeof override === 'object') return failure(override.cause)
      // transport(5) gives it to somebody else, who knows whether it exists
      if (override !== undefined && !override.startsWith(':')) return undefined
      return local.answer(view, call)
    }
    // behind aliases and who has moved, before the way of the class
    mta.resolve.tap({ phase: 'late', before: 'route-classes' }, (view, call) => {
      const found = classes.classOf(view.recipient, call)
      const next = (told: Awaited<typeof found>) => {
        if (told.kind === 'failed') return failure(told.cause)
        return told.class === 'local' ? answer(view, call) : undefined
      }
      return found instanceof Promise ? found.then(next) : next(found)
    })
  },
})

/** What the first transport table that knows the address says: `transport:nexthop`, each part may be empty. */
async function overrideOf(tables: Named<RouteTables>, address: MailAddress, call: Call) {
  for (const name of tables.names()) {
    const found = await tables.get(name)!.override(address, call)
    if (found !== undefined) return found
  }
  return undefined
}
function localOf(mta: Mta, o: Options): LocalDelivery {
  // an address must not choose its transport: Postfix leaves rules with `$1` out here (local(8))
  const open = (refs: readonly TableRef[]) => refs.map((ref) => mta.table(ref, { substitution: false }))
  for (const where of ['mailboxTransport', 'fallbackTransport', 'requiredTransport'] as const)
    if (o[where] !== undefined) mta.transport(o[where].replace(/:.*/s, ''), where)
  return new LocalDelivery(
    {
      users: open(o.localUserMaps),
      mailboxTransportMaps: open(o.mailboxTransportMaps),
      mailboxTransport: o.mailboxTransport,
      fallbackTransportMaps: open(o.fallbackTransportMaps),
      fallbackTransport: o.fallbackTransport,
      requiredTransport: o.requiredTransport,
      luserRelay: o.luserRelay === undefined ? undefined : new LuserRelay(o.luserRelay, mta.site),
    },
    mta.site,
  )
}
