/** The way of one address as it stands: what a table says of it, else what its class says. */
import type {
  AddressClass,
  AddressClasses,
  AddressRewriter,
  AddressWay,
  AddressWays,
  Call,
  MailAddress,
  MaybePromise,
  RouteTables,
  Site,
} from '@postern/core'
import { addressOf } from '@postern/core'
import type { Failed } from '@postern/maps'
import { firstSaid, then } from './asked.ts'
import { domainOf } from './classify.ts'
import type { Options } from './options.ts'
import { parseTransport } from './transport.ts'
import type { TransportText } from './transport.ts'

export interface Way extends AddressWay {
  readonly domain: string
  /** a table named the transport: the class's own agent is not asked */
  readonly overridden: boolean
}
/** A sender's route through us, `user%there@here`: the address that it leads to. */
export interface Within {
  readonly kind: 'within'
  readonly address: MailAddress
}
export interface Router {
  readonly options: Options
  readonly site: Site
  readonly classes: AddressClasses
  readonly tables: () => readonly RouteTables[]
  /** absent: addresses are taken as they are */
  readonly rewriter?: AddressRewriter
}
/** One address for one sender; the sender is parsed only where a table wants it. */
interface Question {
  readonly router: Router
  readonly address: MailAddress
  readonly domain: string
  readonly sender: MailAddress | string
  readonly call: Call
}

export function findWay(
  router: Router,
  address: MailAddress,
  sender: MailAddress | string,
  call: Call,
): MaybePromise<Way | Within | Failed> {
  return then(router.classes.classOf(address, call), (answer) => {
    if (answer.kind === 'failed') return answer
    const name = answer.class
    // a name alone is at this host, whatever its class is
    const inner = name === 'local' || address.domain === '' ? router.rewriter?.within(address) : undefined
    if (inner) return { kind: 'within', address: inner }
    const question: Question = { router, address, domain: domainOf(address, router.site), sender, call }
    // no table leads past the aliases, as in Postfix
    if (name === 'virtualAlias') return wayTo(question, name, { transport: '', nexthop: '' }, false)
    return then(
      firstSaid(router.tables(), (t) => t.override(address, call)),
      (said) => (typeof said === 'object' ? said : merged(question, name, said)),
    )
  })
}
const wayTo = (q: Question, name: AddressClass, to: TransportText, overridden: boolean): Way => ({
  kind: 'way',
  address: q.address,
  addressClass: name,
  domain: q.domain,
  ...to,
  overridden,
})

/**
 * transport(5): a transport without next hop goes to the recipient's domain; a next hop without transport changes the next hop
 * only; nothing at all (`:`) changes nothing.
 */
function merged(q: Question, name: AddressClass, said: string | undefined): MaybePromise<Way | Failed> {
  const over = parseTransport(said ?? '')
  if (over.transport !== '') {
    const nexthop = over.nexthop || (isRefusal(over.transport) ? 'Address is undeliverable' : q.domain)
    return wayTo(q, name, { transport: over.transport, nexthop }, true)
  }
  return then(classWay(q, name), (own) =>
    own.kind === 'failed'
      ? own
      : wayTo(q, name, { transport: own.transport, nexthop: over.nexthop || own.nexthop }, false),
  )
}
const isRefusal = (transport: string): boolean => transport === 'error' || transport === 'retry'

type ClassWay = ({ readonly kind: 'own' } & TransportText) | Failed
function own(ref: string, nexthop: string): ClassWay {
  const text = parseTransport(ref)
  if (text.transport === '') return { kind: 'failed', why: 'misconfigured', cause: `"${ref}" names no transport` }
  return { kind: 'own', transport: text.transport, nexthop: text.nexthop || nexthop }
}
function classWay(q: Question, name: AddressClass): MaybePromise<ClassWay> {
  const { options, site } = q.router
  if (name === 'local') return own(options.localTransport, site.myhostname)
  if (name === 'virtualMailbox') return own(options.virtualTransport, q.domain)
  if (name === 'relay') return leaving(q, options.relayTransport)
  return then(bySender(q, 'defaultTransport'), (said) =>
    typeof said === 'object' ? said : leaving(q, said ?? options.defaultTransport),
  )
}
/** The relay host is for all mail that leaves this host, the relay class too. */
function leaving(q: Question, ref: string): MaybePromise<ClassWay> {
  return then(bySender(q, 'relayhost'), (said) =>
    typeof said === 'object' ? said : own(ref, said ?? q.router.options.relayhost ?? q.domain),
  )
}
function bySender(
  { router, sender, call }: Question,
  which: 'defaultTransport' | 'relayhost',
): MaybePromise<string | undefined | Failed> {
  const tables = router.tables()
  if (tables.length === 0) return undefined
  const address = typeof sender === 'string' ? addressOf(sender) : sender
  return firstSaid(tables, (t) => t[which](address, call))
}

/** What other plugins ask: a sender's route is followed to its end. */
export function waysOf(router: Router): AddressWays {
  const wayOf: AddressWays['wayOf'] = (address, sender, call) =>
    then(findWay(router, address, sender, call), (found) =>
      found.kind === 'within' ? wayOf(found.address, sender, call) : found,
    )
  return { wayOf }
}
