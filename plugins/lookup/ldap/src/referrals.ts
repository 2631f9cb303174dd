/** Servers that other servers refer to (RFC 4511 sections 4.1.10 and 4.5.3). They are asked without a password. */
import type { ConnectOptions } from './connect.ts'
import { Refusal, textOf } from './errors.ts'
import { parseFilter } from './filter.ts'
import { parseHost } from './hosts.ts'
import type { Query } from './search.ts'
import { Server } from './server.ts'
import { parseUrl } from './url.ts'
import type { Entry } from './wire.ts'

/** from one to the next; libldap has the same */
const MOST_HOPS = 5
/** servers to which connections are kept */
const MOST_SERVERS = 16

export class Referrals {
  readonly #o: ConnectOptions
  readonly #own: readonly Server[]
  readonly #others = new Map<string, Server>()

  /** `own`: the table's servers, which may have the password wherever their names come from */
  constructor(options: ConnectOptions, own: readonly Server[]) {
    this.#o = options
    this.#own = own
  }
  /** Asks one of the places after the other until one answers. Rejects when none does: half an answer is none. */
  async follow(
    urls: readonly string[],
    query: Query,
    hops: number,
    search: (query: Query, server: Server) => Promise<readonly Entry[]>,
  ): Promise<readonly Entry[]> {
    if (hops >= MOST_HOPS) throw new Refusal(`servers refer to each other more than ${MOST_HOPS} times`, 'retry')
    let last = 'a server refers to no other'
    for (const url of urls) {
      try {
        const { server, there } = this.#place(url, query)
        return await search(there, server)
      } catch (error) {
        last = `${url.slice(0, 200)}: ${textOf(error)}`
      }
    }
    throw new Refusal(`referral to ${last}`, 'retry', { lasting: true })
  }
  close(): void {
    for (const server of this.#others.values()) server.close()
  }

  #place(text: string, query: Query): { server: Server; there: Query } {
    const url = parseUrl(text)
    const there = {
      ...query,
      base: url.dn === '' ? query.base : url.dn,
      // RFC 4511 section 4.5.3: what continues a search of one level is the entry itself
      scope: url.scope ?? (query.scope === 'one' ? 'base' : query.scope),
      filter: url.filter === undefined ? query.filter : parseFilter(url.filter),
    }
    return { server: this.#server(`${url.scheme}://${url.host}`), there }
  }
  #server(url: string): Server {
    const host = parseHost(url, 389)
    const own = this.#own.find((server) => server.host.name === host.name)
    if (own) return own
    const before = this.#others.get(host.name)
    if (before) return before
    if (this.#others.size >= MOST_SERVERS) {
      const [oldest, server] = this.#others.entries().next().value!
      this.#others.delete(oldest)
      server.close()
    }
    const server = new Server(host, { ...this.#o, known: false })
    this.#others.set(host.name, server)
    return server
  }
}
