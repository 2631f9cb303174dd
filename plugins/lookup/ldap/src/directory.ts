/** The servers of a table as one directory: a search goes to the first that answers, and on where it refers to others. */
import { CompareRequest, SearchRequest } from 'ldapts'
import type { Filter } from 'ldapts'
import type { TableContext } from '@postern/core'
import { Servers } from '@postern/lookup-kit'
import type { ConnectOptions } from './connect.ts'
import type { Answer, Asker, Connection, MakeMessage } from './connection.ts'
import { errorFor, REFERRAL, UNDEFINED_TYPE } from './errors.ts'
import { parseHost } from './hosts.ts'
import { Referrals } from './referrals.ts'
import { Server } from './server.ts'
import type { Scope } from './url.ts'
import type { Entry } from './wire.ts'

export interface Query {
  readonly base: string
  readonly scope: Scope
  readonly filter: Filter
  readonly attributes: readonly string[]
}
const DEREFERENCE = ['never', 'search', 'find', 'always'] as const

export class Directory {
  readonly #o: ConnectOptions
  readonly #all: readonly Server[]
  readonly #servers: Servers<Server>
  readonly #referrals: Referrals
  /** attributes that the server at the other end of a connection does not know */
  readonly #unknown = new WeakMap<Connection, Map<string, Promise<boolean>>>()

  /** Throws what is wrong with `server_host`. */
  constructor(name: string, options: ConnectOptions, log: TableContext['log']) {
    const { serverHost, serverPort, startTls } = options.table
    const hosts = serverHost.map((text) => parseHost(text, serverPort))
    if (startTls && hosts.some(({ scheme }) => scheme === 'ldaps'))
      throw new Error('ldaps:// and start_tls exclude each other')
    this.#o = options
    this.#all = hosts.map((host) => new Server(host, options))
    this.#referrals = new Referrals(options, this.#all)
    this.#servers = new Servers(
      this.#all.map((server) => [server.host.name, server]),
      {
        clock: options.clock,
        first: () => 0,
        // of a single server the table tells
        lost: (server, error) =>
          hosts.length > 1 && log.warn('table.server.down', { table: name, server, problem: error.message }),
        back: (server) => hosts.length > 1 && log.info('table.server.up', { table: name, server }),
      },
    )
  }
  /** Rejects with a `Refusal` (its code says why), or with the error of the last server. */
  search(query: Query, asker: Asker): Promise<Entry[]> {
    return this.#search(query, asker, (make) => this.#ask(make, asker), 0)
  }
  /** Those of the attributes that the server that answers now has in no schema (RFC 4511 section 4.10). */
  async unknown(attributes: readonly string[], asker: Asker): Promise<string[]> {
    const flags = await Promise.all(attributes.map((name) => this.#isUnknown(name, asker)))
    return attributes.filter((_name, i) => flags[i])
  }
  get stats(): Readonly<Record<string, number>> {
    const sum = (of: (server: Server) => number) => this.#all.reduce((n, server) => n + of(server), 0)
    return { connections: sum((s) => s.connections), searches: sum((s) => s.requests) }
  }
  close(): void {
    for (const server of this.#all) server.close()
    this.#referrals.close()
  }

  #ask(make: MakeMessage, asker: Asker): Promise<Answer> {
    return this.#servers.ask((server) => server.request(make, asker))
  }
  async #search(
    query: Query,
    asker: Asker,
    ask: (make: MakeMessage) => Promise<Answer>,
    hops: number,
  ): Promise<Entry[]> {
    const { result, entries, references } = await ask((id) => this.#request(id, query))
    const follow = this.#o.table.chaseReferrals
    // one search may be continued at several places, and one place known to several servers
    const places = result.code === REFERRAL ? [result.referrals] : references
    if (result.code !== 0 && !(follow && result.code === REFERRAL)) throw errorFor('search', result)
    if (!follow || places.length === 0) return [...entries]
    const found = [...entries]
    for (const urls of places) {
      const next = await this.#referrals.follow(urls, query, hops, (there, server) =>
        this.#search(there, asker, (make) => server.request(make, asker), hops + 1),
      )
      for (const entry of next) found.push(entry)
    }
    return found
  }
  #request(messageId: number, { base, scope, filter, attributes }: Query): SearchRequest {
    const { dereference, timeout, sizeLimit, expansionLimit } = this.#o.table
    const request = new SearchRequest({
      messageId,
      baseDN: base,
      scope,
      filter,
      attributes: [...attributes],
      derefAliases: DEREFERENCE[dereference],
      sizeLimit: sizeLimit ?? expansionLimit,
      timeLimit: timeout,
    })
    return request
  }
  async #isUnknown(attribute: string, asker: Asker): Promise<boolean> {
    const connection = this.#all.find((server) => server.connection?.alive)?.connection
    if (!connection) return false
    const known = this.#unknown.get(connection) ?? new Map<string, Promise<boolean>>()
    this.#unknown.set(connection, known)
    const before = known.get(attribute)
    if (before) return before
    // the root entry has none of them: it is enough to hear whether the server has heard of it
    const make = (messageId: number) => new CompareRequest({ messageId, dn: '', attribute, value: 'x' })
    const answer = connection
      .request(make, this.#o.table.timeout * 1000, asker)
      .then(({ result }) => result.code === UNDEFINED_TYPE)
    known.set(attribute, answer)
    answer.catch(() => known.delete(attribute))
    return answer
  }
}
