/** The resolve stage: a route for each recipient of a committed message. */
import { defer, expand, refuse, routeTo } from '@postern/core'
import type { Answer, RecipientTables, TapFn, View } from '@postern/core'
import { then } from './asked.ts'
import { findWay } from './route.ts'
import type { Router } from './route.ts'
import { isKnown, unknownText, unknownToAgent } from './recipients.ts'

export const RESOLVER_FAILURE = 'address resolver failure'
const failure = ({ cause }: { readonly cause: string }) => defer('4.3.0', RESOLVER_FAILURE, { cause })

export function resolveTap(
  router: Router,
  recipients: () => readonly RecipientTables[],
): TapFn<View<'resolve'>, Answer<'resolve'>> {
  return ({ recipient, sender }, call) =>
    then(findWay(router, recipient, sender, call), (found): ReturnType<TapFn<View<'resolve'>, Answer<'resolve'>>> => {
      if (found.kind === 'failed') return failure(found)
      if (found.kind === 'within') return { ...expand([found.address.text]), respelled: true }
      const { addressClass } = found
      if (addressClass === 'virtualAlias') return refuse('5.1.1', unknownText(recipients(), addressClass))
      const route = routeTo(found.transport, found.nexthop, { addressClass })
      // another transport than the class's own decides for itself who exists, as in Postfix
      if (found.overridden) return route
      // the next host of the relay class knows its recipients best: relayRecipientMaps speak at RCPT only, as in Postfix
      if (addressClass === 'relay') return route
      // so does an agent that is none of ours
      const { mailboxTransports } = router.options
      if (mailboxTransports && !mailboxTransports.includes(found.transport)) return route
      return then(isKnown(recipients(), recipient, addressClass, call), (known) => {
        if (typeof known === 'object') return failure(known)
        return known ? route : unknownToAgent(recipients(), found)
      })
    })
}
