/** SQL servers that hold the same: a pool of connections to each, and the next one when one is away. */
import type { Clock, Logger } from '@postern/core'
import { Ending } from './ending.ts'
import { Pool } from './pool.ts'
import { Servers } from './servers.ts'
import type { SqlBackend, SqlRow, SqlText } from './sql-table.ts'

/** How a client library is used. */
export interface SqlClient<C> {
  /** Asks, as `SqlBackend.ask`; rejects with `Refused` when the connection is as good as before. */
  ask(connection: C, sql: SqlText, begin: () => (columns: SqlRow) => void): Promise<void>
  /** Rejects with what is wrong with the query, without carrying it out. */
  check(connection: C, sql: SqlText): Promise<void>
  destroy(connection: C): void
  /** has the server no room for another connection? */
  full(error: Error): boolean
}
export interface SqlServer<C> {
  /** for logs: no password in it */
  readonly name: string
  /** those with a smaller number are asked before others */
  readonly rank: number
  /** `gone` is to be called when the connection ends by itself */
  connect(signal: AbortSignal, gone: (connection: C) => void): Promise<C>
}
export interface SqlServersOptions {
  readonly clock: Clock
  readonly log: Logger
  /** connections to each server */
  readonly connections: number
  /** ms for connecting to one server and its answer */
  readonly timeout: number
  /** ms after which an idle connection is closed */
  readonly idle: number
  /** ms for which a server that failed is left alone as long as there is another */
  readonly rest: number
}

export class SqlServers<C> implements SqlBackend {
  readonly #client: SqlClient<C>
  readonly #o: SqlServersOptions
  readonly #pools: readonly Pool<C>[]
  readonly #servers: Servers<Pool<C>>
  #queries = 0

  constructor(servers: readonly SqlServer<C>[], client: SqlClient<C>, options: SqlServersOptions) {
    const { clock, log, connections, idle, rest } = options
    this.#client = client
    this.#o = options
    const ranks = new Map<Pool<C>, number>()
    const named = servers.map(({ name, rank, connect }): [string, Pool<C>] => {
      const pool: Pool<C> = new Pool<C>({
        size: connections,
        idle,
        clock,
        connect: (signal) => connect(signal, (connection) => pool.gone(connection)),
        destroy: (connection) => client.destroy(connection),
        full: (error) => client.full(error),
      })
      ranks.set(pool, rank)
      return [name, pool]
    })
    this.#pools = named.map(([, pool]) => pool)
    // of one server the table's own event says all
    const several = servers.length > 1
    this.#servers = new Servers(named, {
      clock,
      rest,
      rank: (pool) => ranks.get(pool)!,
      lost: (server, error) => several && log.warn('table.server.down', { server, problem: error.message }),
      back: (server) => several && log.info('table.server.up', { server }),
    })
  }
  ask(query: SqlText, begin: () => (columns: SqlRow) => void, call: Ended): Promise<void> {
    this.#queries++
    return this.#each((connection) => this.#client.ask(connection, query, begin), call)
  }
  check(query: SqlText, call: Ended): Promise<void> {
    return this.#each((connection) => this.#client.check(connection, query), call)
  }
  close(): void {
    for (const pool of this.#pools) pool.close()
  }
  stats(): Readonly<Record<string, number>> {
    return { queries: this.#queries, connections: this.#pools.reduce((sum, pool) => sum + pool.open, 0) }
  }

  async #each(work: (connection: C) => Promise<void>, call: Ended): Promise<void> {
    // the lookup's end, and that of one server's time
    const whole = new Ending()
    const forget = call.onAbort((reason) => whole.abort(reason))
    try {
      await this.#servers.ask((pool) => this.#within(pool, work, whole), whole)
    } finally {
      forget()
    }
  }
  async #within(pool: Pool<C>, work: (connection: C) => Promise<void>, whole: Ending): Promise<void> {
    const ending = new Ending()
    const timer = this.#o.clock.after(this.#o.timeout, () => ending.abort(new Error('no answer in time')))
    const forget = whole.listen((reason) => ending.abort(reason))
    try {
      await pool.use(work, ending)
    } finally {
      timer.cancel()
      forget()
    }
  }
}
interface Ended {
  onAbort(fn: (reason: Error) => void): () => void
}
