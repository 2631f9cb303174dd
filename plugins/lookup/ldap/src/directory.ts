/** The servers of a table as one directory: a search goes to the first that answers, and on where it refers to others. */
import { CompareRequest } from 'ldapts'
import type { TableContext } from '@postern/core'
import { Servers } from '@postern/lookup-kit'
import type { ConnectOptions } from './connect.ts'
import type { Connection } from './connection.ts'
import type { Answer, Asker } from './pending.ts'
import { errorFor, REFERRAL, Refusal, UNDEFINED_TYPE } from './errors.ts'
import { parseHost } from './hosts.ts'
import { messageOf } from './message.ts'
import type { Message } from './message.ts'
import { Referrals } from './referrals.ts'
import { searchFor } from './search.ts'
import type { Query, Search } from './search.ts'
import { Server } from './server.ts'
import type { Entry } from './wire.ts'

export class Directory {
  readonly #o: ConnectOptions
  readonly #all: readonly Server[]
  readonly #servers: Servers<Server>
  readonly #referrals: Referrals
  /** the server that is asked first, as long as it answers: nothing has to be thought of then */
  #steady: Server | undefined
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
  search(query: Query, asker: Asker): Promise<readonly Entry[]> {
    return this.#search(searchFor(query, this.#o.table), asker, (message) => this.#ask(message, asker), 0)
  }
  /** The same, told to `done`: by the shortest way when the server that is asked first is there. */
  find(search: Search, asker: Asker, done: (found: readonly Entry[] | Error) => void): void {
    const slowly = (ask: (message: Message) => Promise<Answer>) =>
      void this.#search(search, asker, ask, 0).then(done, (error: unknown) => done(error as Error))
    const asked = this.#steady?.quick(search.message, asker, (answer) => {
      if (answer instanceof Refusal) done(answer)
      else if (answer instanceof Error) slowly((message) => this.#ask(message, asker, answer))
      else if (this.#isWhole(answer)) done(answer.entries)
      else {
        // the first message has its answer; what follows is asked where it leads to
        slowly(async () => answer)
      }
    })
    if (!asked) slowly((message) => this.#ask(message, asker))
  }
  /** Those of the attributes that the server that answers now has in no schema (RFC 4511 section 4.10). */
  async unknown(attributes: readonly string[], asker: Asker): Promise<string[]> {
    const flags = await Promise.all(attributes.map((name) => this.#isUnknown(name, asker)))
    return attributes.filter((_name, i) => flags[i])
  }
  /** a living one to the server that answers now */
  get connection(): Connection | undefined {
    for (const server of this.#all) {
      const { connection } = server
      if (connection) return connection
    }
    return undefined
  }
  get stats(): Readonly<Record<string, number>> {
    const sum = (of: (server: Server) => number) => this.#all.reduce((n, server) => n + of(server), 0)
    return { connections: sum((s) => s.connections), searches: sum((s) => s.requests) }
  }
  close(): void {
    for (const server of this.#all) server.close()
    this.#referrals.close()
  }

  /** `failed`: what the first server said already. */
  #ask(message: Message, asker: Asker, failed?: Error): Promise<Answer> {
    let said = failed
    return this.#servers.ask(async (server) => {
      const first = server === this.#all[0]
      try {
        if (first && said) throw said
        const answer = await server.request(message, asker)
        if (first) this.#steady = server
        return answer
      } catch (error) {
        if (first && !(error instanceof Refusal)) this.#steady = undefined
        throw error
      } finally {
        said = undefined
      }
    })
  }
  #isWhole({ result, references }: Answer): boolean {
    return result.code === 0 && (references.length === 0 || !this.#o.table.chaseReferrals)
  }
  async #search(
    search: Search,
    asker: Asker,
    ask: (message: Message) => Promise<Answer>,
    hops: number,
  ): Promise<readonly Entry[]> {
    const answer = await ask(search.message)
    const { result, entries, references } = answer
    if (this.#isWhole(answer)) return entries
    const follow = this.#o.table.chaseReferrals
    if (result.code !== 0 && !(follow && result.code === REFERRAL)) throw errorFor('search', result)
    // one search may be continued at several places, and one place known to several servers
    const places = result.code === REFERRAL ? [result.referrals] : references
    const query = search.query()
    const found = [...entries]
    for (const urls of places) {
      const next = await this.#referrals.follow(urls, query, hops, (there, server) =>
        this.#search(searchFor(there, this.#o.table), asker, (message) => server.request(message, asker), hops + 1),
      )
      for (const entry of next) found.push(entry)
    }
    return found
  }
  async #isUnknown(attribute: string, asker: Asker): Promise<boolean> {
    const { connection } = this
    if (!connection) return false
    const known = this.#unknown.get(connection) ?? new Map<string, Promise<boolean>>()
    this.#unknown.set(connection, known)
    const before = known.get(attribute)
    if (before) return before
    // the root entry has none of them: it is enough to hear whether the server has heard of it
    const compare = messageOf((messageId) => new CompareRequest({ messageId, dn: '', attribute, value: 'x' }))
    const answer = connection
      .request(compare, this.#o.table.timeout * 1000, asker)
      .then(({ result }) => result.code === UNDEFINED_TYPE)
    known.set(attribute, answer)
    answer.catch(() => known.delete(attribute))
    return answer
  }
}
