/** SQL servers that hold the same: a pool of connections to each, and the next one when one is away. */
import type { Clock, Logger } from '@postern/core'
import { Ending } from './ending.ts'
import { Pool } from './pool.ts'
import { Servers } from './servers.ts'
import { putByPromise } from './sql-table.ts'
import type { SqlBackend, SqlQuestion, SqlRow, SqlText } from './sql-table.ts'

/** How a client library is used. */
export interface SqlClient<C> {
  /**
   * Asks; each row goes, as it comes, to what `begin` gives, called again when another try is made. Rejects with `Refused`
   * when the server did not like the query and the connection is as good as before.
   */
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
/** What asks each of the servers, as one: those of a smaller rank first. That one is lost or back is told where there are others. */
export function ranked<T>(
  servers: readonly { readonly name: string; readonly rank: number }[],
  asking: readonly T[],
  { clock, log, rest }: Pick<SqlServersOptions, 'clock' | 'log' | 'rest'>,
): Servers<T> {
  const ranks = new Map(asking.map((one, i) => [one, servers[i]!.rank]))
  // of one server the table's own event says all
  const several = servers.length > 1
  return new Servers<T>(
    asking.map((one, i) => [servers[i]!.name, one]),
    {
      clock,
      rest,
      rank: (one) => ranks.get(one)!,
      lost: (server, error) => several && log.warn('table.server.down', { server, problem: error.message }),
      back: (server) => several && log.info('table.server.up', { server }),
    },
  )
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
    this.#pools = servers.map(({ connect }) => {
      const pool: Pool<C> = new Pool<C>({
        size: connections,
        idle,
        clock,
        connect: (signal) => connect(signal, (connection) => pool.gone(connection)),
        destroy: (connection) => client.destroy(connection),
        full: (error) => client.full(error),
      })
      return pool
    })
    this.#servers = ranked(servers, this.#pools, { clock, log, rest })
  }
  put(question: SqlQuestion, call: Ended): void {
    this.#queries++
    void putByPromise(question, (query, begin) =>
      this.#each((connection) => this.#client.ask(connection, query, begin), call),
    )
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
