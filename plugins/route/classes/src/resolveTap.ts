/** The resolve stage: a route for each recipient of a committed message. */
import { defer, expand, refuse, routeTo } from '@postern/core'
import type { Answer, TapFn, View } from '@postern/core'
import { bounceText } from './recipients.ts'
import { findWay } from './route.ts'
import type { Router } from './route.ts'

export const RESOLVER_FAILURE = 'address resolver failure'

export function resolveTap(router: Router): TapFn<View<'resolve'>, Answer<'resolve'>> {
  return async ({ recipient }, call) => {
    const found = await findWay(router, recipient, call)
    if (found.kind === 'failed') return defer('4.3.0', RESOLVER_FAILURE, { cause: found.cause })
    if (found.kind === 'within') return expand([found.address.text])
    const way = found.kind === 'way' ? found : found.way
    // another transport than the class's own decides for itself who exists, as in Postfix
    if (way?.kind === 'way' && (found.kind === 'way' || way.overridden)) {
      return routeTo(way.transport, way.nexthop, { addressClass: way.class })
    }
    if (found.kind === 'unknown') {
      return refuse('5.1.1', bounceText(found.class, recipient, found.domain, router.options))
    }
    return undefined
  }
}
