/** From a next hop to the servers to try, in order: MX, their addresses, no loops (RFC 5321 section 5.1). */
import { isIP } from 'node:net'
import type { Call, Deferred, DnsAnswer, Failed, Mx, Resolver } from '@postern/core'
import type { InetSite } from './nexthop.ts'
import { down } from './outcome.ts'
import type { Peer } from './peer.ts'
import { peer } from './peer.ts'

export interface HostOptions {
  readonly resolver: Resolver
  /** where addresses are asked for, in turn; absent: the hosts file and DNS as one */
  readonly lookup?: readonly Lookup[]
  /** is MX asked for at all? */
  readonly mx: boolean
  readonly families: readonly (4 | 6)[]
  /** RFC 7505 apart, an MX question that failed is treated like one without answer */
  readonly ignoreMxLookupError: boolean
  /** MX whose servers have no address: defer instead of failing */
  readonly deferIfNoMxAddress: boolean
  readonly randomize: boolean
  /** loops can be seen only where we listen ourselves */
  readonly loopPort: number
  isSelf(address: string): boolean
}
export type HostsAnswer =
  | { readonly kind: 'found'; readonly peers: readonly Peer[] }
  /** `loop`: no other site may be tried, it would only make the loop longer. `isBest`: nobody is more responsible than we */
  | { readonly kind: 'none'; readonly outcome: Deferred | Failed; readonly loop?: boolean; readonly isBest?: boolean }

/** `native`: as the system does, the hosts file first (nsswitch.conf(5)) */
export type Lookup = 'dns' | 'native'

interface Address extends Pick<Mx, 'preference'> {
  readonly host: string
  readonly address: string
}
type Addresses = Address[] | Deferred | Failed
const isOutcome = (a: Addresses): a is Deferred | Failed => !Array.isArray(a)
const none = (outcome: Deferred | Failed): HostsAnswer => ({ kind: 'none', outcome })
const failed = (esc: Failed['esc'], text: string): Failed => ({ kind: 'failed', esc, text })
/** More MX than this are not looked up: a zone must not make us ask for ever. */
const MAX_MX = 50

// eslint-disable-next-line no-control-regex
const isAscii = (text: string): boolean => /^[\x00-\x7f]*$/.test(text)
const isHostname = (name: string): boolean =>
  name.length <= 255 && name.split('.').every((label) => /^(?!-)[\w-]{1,63}(?<!-)$/.test(label))

export async function findHosts(site: InetSite, options: HostOptions, call: Call): Promise<HostsAnswer> {
  const { host } = site
  const family = isIP(host)
  // nothing is asked for what is no name; of one beyond ASCII that is DNS's to say
  if (family ? !options.families.includes(family as 4 | 6) : isAscii(host) && !isHostname(host))
    return none(failed('5.4.4', `Name service error for ${host}: invalid host or domain name`))
  if (!site.mx || !options.mx) return hostOnly(site, options, call)
  const { resolver } = options
  const answer = await (options.lookup ? (resolver.dns ?? resolver) : resolver).mx(site.host, call)
  if (answer.kind === 'failed') {
    if (options.ignoreMxLookupError) return hostOnly(site, options, call)
    return none(down('4.4.3', `${notFound(site.host, 'MX')}Host not found, try again`, { cause: answer.cause }))
  }
  // RFC 5321 section 5.1: no MX at all means the domain's own address
  if (answer.kind === 'absent') return hostOnly(site, options, call)
  if (answer.records.some((mx) => mx.exchange === '')) {
    return none(failed('5.1.0', `Domain ${site.host} does not accept mail (nullMX)`))
  }
  const records = answer.records.filter((mx) => isIP(mx.exchange) || isHostname(mx.exchange))
  if (records.length > 0) return throughMx(site, records, options, call)
  if (options.ignoreMxLookupError) return hostOnly(site, options, call)
  const text = `Name service error for name=${site.host} type=MX: Malformed or unexpected name server reply`
  return none(failed('5.4.4', text))
}

async function throughMx(
  site: InetSite,
  records: readonly Mx[],
  options: HostOptions,
  call: Call,
): Promise<HostsAnswer> {
  const sorted = [...records].sort((a, b) => a.preference - b.preference).slice(0, MAX_MX)
  const found = await Promise.all(sorted.map((mx) => addressesOf(mx.exchange, mx.preference, options, call)))
  const addresses = found.filter((a) => !isOutcome(a)).flat() as Address[]
  if (addresses.length === 0) {
    const outcomes = found.filter(isOutcome)
    // as for Postfix, the text is that of the last one; a temporary failure before it keeps it temporary
    const last = outcomes[outcomes.length - 1]!
    const soft = last.kind === 'failed' && (options.deferIfNoMxAddress || outcomes.some((o) => o.kind === 'deferred'))
    return none(soft ? down('4.4.4', last.text) : last)
  }
  return withoutLoop(site, addresses, sorted[0]!.preference, options)
}

/** RFC 5321 section 5.1: we and all that are not better than we are no way for this mail. */
function withoutLoop(site: InetSite, all: Address[], bestMx: number, options: HostOptions): HostsAnswer {
  const self = all.filter((a) => site.port === options.loopPort && options.isSelf(a.address))
  const ours = Math.min(Infinity, ...self.map((a) => a.preference))
  const left = all.filter((a) => a.preference < ours)
  if (left.length > 0) return found(left, site, options)
  if (ours > bestMx) return none(down('4.4.4', `unable to find primary relay for ${site.host}`))
  return {
    kind: 'none',
    loop: true,
    isBest: true,
    outcome: failed('5.4.6', `mail for ${site.host} loops back to myself`),
  }
}

async function hostOnly(site: InetSite, options: HostOptions, call: Call): Promise<HostsAnswer> {
  const addresses = await addressesOf(site.host, 0, options, call)
  return isOutcome(addresses) ? none(addresses) : withoutLoop(site, addresses, 0, options)
}

async function addressesOf(host: string, preference: number, options: HostOptions, call: Call): Promise<Addresses> {
  if (isIP(host)) return [{ host, address: host, preference }]
  const { families } = options
  let none: Deferred | Failed | undefined
  for (const lookup of options.lookup ?? [undefined]) {
    const asked = lookup === 'dns' ? (options.resolver.dns ?? options.resolver) : options.resolver
    const answers = await Promise.all(families.map((f) => (f === 4 ? asked.a(host, call) : asked.aaaa(host, call))))
    const addresses = answers.flatMap((a) => (a.kind === 'found' ? a.records : []))
    if (addresses.length > 0) return addresses.map((address) => ({ host, address, preference }))
    none = lookup === 'native' ? unknownHost(host, answers, none) : noAddress(host, answers, families)
  }
  return none!
}
/** In the words of getaddrinfo(3), as Postfix; what DNS said before of a temporary failure keeps it temporary. */
function unknownHost(
  host: string,
  answers: readonly DnsAnswer<string>[],
  before: Deferred | Failed | undefined,
): Deferred | Failed {
  const text = `unable to look up host ${host}: `
  const away = answers.find((a) => a.kind === 'failed')
  if (away) return down('4.4.3', `${text}Temporary failure in name resolution`, { cause: away.cause })
  const known = answers.some((a) => a.kind === 'absent' && !a.nxdomain)
  const why = text + (known ? 'No address associated with hostname' : 'Name or service not known')
  return before?.kind === 'deferred' ? down('4.4.3', why) : failed('5.4.4', why)
}
function noAddress(
  host: string,
  answers: readonly DnsAnswer<string>[],
  families: readonly (4 | 6)[],
): Deferred | Failed {
  const bad = answers.map((a) => a.kind).lastIndexOf('failed')
  const at = bad >= 0 ? bad : answers.length - 1
  const why = notFound(host, families[at] === 6 ? 'AAAA' : 'A')
  const answer = answers[at]!
  if (answer.kind === 'failed') return down('4.4.3', `${why}Host not found, try again`, { cause: answer.cause })
  const nxdomain = answer.kind === 'absent' && answer.nxdomain
  return failed('5.4.4', why + (nxdomain ? 'Host not found' : 'Host found but no data record of requested type'))
}
const notFound = (name: string, type: string): string =>
  `Host or domain name not found. Name service error for name=${name} type=${type}: `

function found(addresses: Address[], site: InetSite, { randomize }: HostOptions): HostsAnswer {
  const order = (randomize ? shuffled(addresses) : [...addresses]).sort((a, b) => a.preference - b.preference)
  const best = order[0]!.preference
  return { kind: 'found', peers: order.map((a) => peer(a.host, a.address, site.port, a.preference === best)) }
}
function shuffled<T>(list: readonly T[]): T[] {
  const out = [...list]
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    ;[out[i], out[j]] = [out[j]!, out[i]!]
  }
  return out
}
