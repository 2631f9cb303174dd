/** Under what connections are kept: made once for the mail that comes in a row for one next hop. */
import type { Peer } from './peer.ts'
import type { Site } from './nexthop.ts'
import type { Source } from './sources.ts'
import type { TlsDemand } from './tls-policy.ts'

export class Keys {
  readonly #site: Site
  /** what a kept connection must agree in, besides the server */
  readonly #kind: string
  /** of the next hop: a connection kept under it saves the DNS too */
  readonly site: string
  readonly #servers = new Map<string, string>()

  constructor(site: Site, source: Source, demand: TlsDemand | undefined) {
    this.#site = site
    this.#kind = `${source.key} ${demand?.key}`
    this.site = `next hop ${site.text.toLowerCase()}${this.#kind}`
  }
  server({ relay }: Peer): string {
    const known = this.#servers.get(relay)
    if (known !== undefined) return known
    const key = relay + this.#kind
    this.#servers.set(relay, key)
    return key
  }
  is(site: Site): boolean {
    return this.#site === site
  }
}

export class KeptKeys {
  #last: { readonly keys: Keys; readonly source: Source; readonly demand: TlsDemand | undefined } | undefined

  of(site: Site, source: Source, demand: TlsDemand | undefined): Keys {
    const last = this.#last
    if (last?.source === source && last.demand === demand && last.keys.is(site)) return last.keys
    const keys = new Keys(site, source, demand)
    this.#last = { keys, source, demand }
    return keys
  }
}
