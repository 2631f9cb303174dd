/** Next hops as Postfix writes them: `domain`, `domain:port`, `[host]`, `[ip]:port`, `inet:host:port`, `unix:/path`, lists. */
import { isIP } from 'node:net'

export interface InetSite {
  readonly kind: 'inet'
  /** as it stands in the configuration */
  readonly text: string
  /** without brackets */
  readonly host: string
  readonly port: number
  /** ask for MX first? Not for `[host]`, an address, or LMTP */
  readonly mx: boolean
}
export interface UnixSite {
  readonly kind: 'unix'
  readonly text: string
  readonly path: string
}
export type Site = InetSite | UnixSite

export type Protocol = 'smtp' | 'lmtp'
const SERVICES: Record<string, number> = { smtp: 25, lmtp: 24, submission: 587, smtps: 465, submissions: 465 }

/** lists remembered: next hops are few, and each has much mail */
const REMEMBERED = 1000

/** Reads each list once. */
export class Nexthops {
  readonly #protocol: Protocol
  readonly #port: number
  readonly #known = new Map<string, readonly Site[]>()

  /** `port`: where the list names none */
  constructor(protocol: Protocol, port: number) {
    this.#protocol = protocol
    this.#port = port
  }
  /** As `parseNexthops`; the same objects for the same list. */
  sites(list: string): readonly Site[] | undefined {
    const known = this.#known.get(list)
    if (known) return known
    const sites = parseNexthops(list, this.#protocol, this.#port)
    if (!sites) return undefined
    if (this.#known.size >= REMEMBERED) this.#known.clear()
    this.#known.set(list, sites)
    return sites
  }
}

/** The sites of a list in order; `undefined` when one of them is no next hop. */
export function parseNexthops(list: string, protocol: Protocol, defaultPort: number): Site[] | undefined {
  const sites = list
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((text) => parseSite(text, protocol, defaultPort))
  return sites.length > 0 && sites.every((s) => s !== undefined) ? sites : undefined
}

function parseSite(text: string, protocol: Protocol, defaultPort: number): Site | undefined {
  if (text.startsWith('unix:')) return text.length > 5 ? { kind: 'unix', text, path: text.slice(5) } : undefined
  const rest = text.startsWith('inet:') ? text.slice(5) : text
  const bracketed = /^\[(?:ipv6:)?([^\]\s]+)\](?::([^:]*))?$/i.exec(rest)
  const plain = /^([^:[\]]+)(?::([^:]*))?$/.exec(rest)
  const [, host, service] = bracketed ?? plain ?? (isIP(rest) ? ['', rest] : [])
  if (host === undefined) return undefined
  const port = service === undefined ? defaultPort : portOf(service)
  if (port === undefined) return undefined
  const mx = bracketed === null && protocol === 'smtp' && isIP(host) === 0
  return { kind: 'inet', text, host: host.replace(/\.$/, ''), port, mx }
}

function portOf(service: string): number | undefined {
  const port = /^\d+$/.test(service) ? Number(service) : SERVICES[service]
  return port !== undefined && port > 0 && port < 65_536 ? port : undefined
}
