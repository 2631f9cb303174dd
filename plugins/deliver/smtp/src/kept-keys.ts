/** Under what connections are kept: made once for the mail that comes in a row for one next hop. */
import type { Peer } from './peer.ts'
import type { Site } from './nexthop.ts'
import type { Source } from './sources.ts'
import type { TlsDemand } from './tls-policy.ts'

export class Keys {
  /** of the next hop: a connection kept under it saves the DNS too */
  readonly site: string
  /** what a kept connection must agree in, besides the server */
  readonly #kind: string

  constructor(site: Site, source: Source, demand: TlsDemand | undefined) {
    this.#kind = `${source.key} ${demand?.key}`
    this.site = `next hop ${site.text.toLowerCase()}${this.#kind}`
  }
  server({ relay }: Peer): string {
    return relay + this.#kind
  }
}

interface Made {
  readonly site: Site
  readonly source: Source
  readonly demand: TlsDemand | undefined
  readonly keys: Keys
}
export class KeptKeys {
  #last: Made | undefined

  of(site: Site, source: Source, demand: TlsDemand | undefined): Keys {
    const last = this.#last
    if (last?.site === site && last.source === source && last.demand === demand) return last.keys
    const keys = new Keys(site, source, demand)
    this.#last = { site, source, demand, keys }
    return keys
  }
}
