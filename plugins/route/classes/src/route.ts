/** The way out for one address: its class, then the transport table, then whether the recipient exists. */
import type { AddressClass, AddressClasses, AddressRewriter, Call, MailAddress, Site, Table } from '@postern/core'
import { domainOf } from './classify.ts'
import type { Failed } from '@postern/maps'
import type { Options } from './options.ts'
import type { Existence, ListedClass } from './recipients.ts'
import { lookupTransport, parseTransport, transportKeys } from './transportTable.ts'

export type Way =
  | {
      readonly kind: 'way'
      readonly class: AddressClass
      readonly domain: string
      readonly transport: string
      readonly nexthop: string
      /** the transport table named the transport: the class's own agent is not asked */
      readonly overridden: boolean
    }
  /** nobody there: a virtual alias that nothing expanded, or a recipient that no table of the class knows */
  | {
      readonly kind: 'unknown'
      readonly class: ListedClass
      readonly domain: string
      readonly way?: Extract<Way, { kind: 'way' }>
    }
  /** a sender's route through us, `user%there@here`: the address that it leads to */
  | { readonly kind: 'within'; readonly address: MailAddress }
  | Failed

export interface Router {
  readonly options: Options
  readonly site: Site
  readonly classes: AddressClasses
  readonly transportMaps: readonly Table[]
  readonly existence: Existence
  /** absent: addresses are taken as they are */
  readonly rewriter?: AddressRewriter
}

interface ClassWay {
  readonly transport: string
  readonly nexthop: string
}

/** Transport and next hop of a class; `undefined` for virtual aliases, which have none. */
function classWay(name: AddressClass, domain: string, { options, site }: Router): ClassWay | undefined {
  const offHost = options.relayhost ?? domain
  const [ref, nexthop] = {
    local: [options.localTransport, site.myhostname],
    virtualAlias: ['', ''],
    virtualMailbox: [options.virtualTransport, domain],
    // the relay host is for all mail that leaves this host, the relay class too
    relay: [options.relayTransport, offHost],
    default: [options.defaultTransport, offHost],
  }[name] as [string, string]
  if (ref === '') return undefined
  const own = parseTransport(ref)
  return { transport: own.transport, nexthop: own.nexthop || nexthop }
}

export async function findWay(router: Router, address: MailAddress, call: Call): Promise<Way> {
  const domain = domainOf(address, router.site)
  const answer = await router.classes.classOf(address, call)
  if (answer.kind === 'failed') return answer
  const name = answer.class
  const inner = name === 'local' ? router.rewriter?.within(address) : undefined
  if (inner) return { kind: 'within', address: inner }

  const base = classWay(name, domain, router)
  const keys = transportKeys(address, domain, router.site.recipientDelimiter)
  const override = router.transportMaps.length ? await lookupTransport(router.transportMaps, keys, call) : undefined
  if (override?.kind === 'failed') return override
  const chosen = merge(base, override, domain)
  const way: Extract<Way, { kind: 'way' }> | undefined = chosen && {
    kind: 'way',
    class: name,
    domain,
    ...chosen,
    overridden: override !== undefined && override.transport !== '',
  }

  if (name === 'virtualAlias') return { kind: 'unknown', class: name, domain, way }
  const known = await router.existence.has(name, address, domain, call)
  if (known?.kind === 'failed') return known
  if (known?.kind === 'absent') return { kind: 'unknown', class: name as ListedClass, domain, way }
  return way!
}

/**
 * transport(5): a transport without next hop goes to the recipient's domain; a next hop without transport changes the
 * next hop only.
 */
function merge(
  base: ClassWay | undefined,
  override: { transport: string; nexthop: string } | undefined,
  domain: string,
): ClassWay | undefined {
  if (!override) return base
  if (override.transport === '') return base && { transport: base.transport, nexthop: override.nexthop }
  return { transport: override.transport, nexthop: override.nexthop || domain }
}
