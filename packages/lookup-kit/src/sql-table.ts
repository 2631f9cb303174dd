/** A table that asks an SQL server: what is the same for all of them. */
import { absent, failed } from '@postern/core'
import type { Call, Lookup, OpenTable, TableContext } from '@postern/core'
import { DomainFilter } from './domain-filter.ts'
import { Results } from './results.ts'
import { Refused } from './servers.ts'
import type { Lease } from './shared.ts'
import { SqlTemplate } from './sql-template.ts'
import type { SqlDialect } from './sql-template.ts'
import { keyHasAll } from './template.ts'

/** The text of a query for a connection, by whether a backslash is special in its '...'. */
export type SqlText = (backslash: boolean) => string
export type SqlRow = readonly (string | null)[]

/** What a server's plugin brings. */
export interface SqlBackend {
  /**
   * Asks; each row goes, as it comes, to what `begin` gives, called again when all that came does not count: when another
   * try is made. Rejects when it failed, with `Refused` when the server did not like the query.
   */
  ask(query: SqlText, begin: () => (columns: SqlRow) => void, call: Pick<Call, 'onAbort'>): Promise<void>
  /** Is the query all right? Rejects with what is wrong; must not carry it out. */
  check(query: SqlText, call: Pick<Call, 'onAbort'>): Promise<void>
  close(): Promise<void> | void
  stats?(): Readonly<Record<string, number>>
}
export interface SqlTableOptions {
  /** `mysql:/etc/postern/aliases.cf`, for logs */
  readonly name: string
  readonly query: string
  readonly dialect: SqlDialect
  /** may a backslash be special for this server's connections? */
  readonly backslash: readonly boolean[]
  readonly resultFormat: string
  readonly domain: readonly string[]
  readonly expansionLimit: number
  /** for names of files in `domain` */
  readonly folder: string
  readonly backend: SqlBackend
}
/** A backend that several tables use: one that is closed gives it back. */
export const leased = ({ value, release }: Lease<SqlBackend>): SqlBackend => ({
  ask: (query, begin, call) => value.ask(query, begin, call),
  check: (query, call) => value.check(query, call),
  stats: () => value.stats?.() ?? {},
  close: release,
})
/** tells quickly that there is nothing of the other */
const ODD = /[\0\ud800-\udfff]/
/** half a surrogate pair, or a NUL */
const UNASKABLE = /[\0\p{Surrogate}]/u
/** ms that the check at the start waits for a server */
const CHECK = 2000
/** for the check of the query: has a domain with nine labels, so that no code is left without */
const SAMPLE = 'postmaster@a.b.c.d.e.f.g.check.invalid'

export class SqlTable implements OpenTable {
  readonly #o: SqlTableOptions
  readonly #context: TableContext
  readonly #templates: ReadonlyMap<boolean, SqlTemplate>
  readonly #domains: DomainFilter
  #problem: string | undefined

  /** Throws what is wrong with the query or with `domain`, and then closes the backend. */
  constructor(options: SqlTableOptions, context: TableContext) {
    this.#o = options
    this.#context = context
    const { query, dialect, backslash, domain, folder } = options
    try {
      this.#domains = new DomainFilter(domain, folder, context.parts)
      this.#templates = new Map(backslash.map((b) => [b, new SqlTemplate(query, dialect, b)]))
    } catch (error) {
      void options.backend.close()
      throw error
    }
  }
  get(key: string, call: Call): Lookup | Promise<Lookup> {
    const folded = key.toLowerCase()
    // no database holds a NUL or half a surrogate pair, and either would become something else on the way
    if (folded === '' || (ODD.test(folded) && UNASKABLE.test(folded))) return absent()
    if (!keyHasAll(this.#o.resultFormat, folded)) return absent()
    const text = this.#text(folded)
    return text ? this.#domains.look(folded, call, () => this.#ask(folded, text, call)) : absent()
  }
  async check(): Promise<string | undefined> {
    try {
      await this.#bounded((call) => this.#o.backend.check(this.#text(SAMPLE)!, call))
      this.#well()
    } catch (error) {
      this.#ill(reason(error))
    }
    return this.#problem
  }
  close(): Promise<void> | void {
    return this.#o.backend.close()
  }
  stats(): Readonly<Record<string, number>> {
    return this.#o.backend.stats?.() ?? {}
  }

  /** `undefined`: the query asks for what the key does not have, whatever the connection. */
  #text(key: string): SqlText | undefined {
    const usual = this.#o.backslash[0]!
    const text = this.#templates.get(usual)!.fill(key)
    return text === undefined ? undefined : (other) => (other === usual ? text : this.#templates.get(other)!.fill(key)!)
  }
  async #ask(key: string, query: SqlText, call: Call): Promise<Lookup> {
    const fresh = () => new Results(key, this.#o.resultFormat, this.#o.expansionLimit)
    let results = fresh()
    const begin = () => {
      const now = (results = fresh())
      return (columns: SqlRow) => {
        for (const value of columns) if (value !== null) now.add(value)
      }
    }
    try {
      if (call.aborted) throw call.signal.reason
      await this.#o.backend.ask(query, begin, call)
    } catch (error) {
      const why = reason(error)
      // that a client went away says nothing about the server
      if (!call.aborted) this.#ill(why)
      return failed(`${this.#o.name}: ${why}`, error instanceof Refused ? 'misconfigured' : 'retry')
    }
    this.#well()
    const { answer } = results
    return answer.kind === 'failed' ? failed(`${this.#o.name}: ${answer.cause}`, answer.why) : answer
  }
  async #bounded(work: (call: Pick<Call, 'onAbort'>) => Promise<void>): Promise<void> {
    let end: ((reason: Error) => void) | undefined
    const timer = this.#context.clock.after(CHECK, () => end?.(new Error('no answer in time')))
    try {
      await work({ onAbort: (fn) => ((end = fn), () => (end = undefined)) })
    } finally {
      timer.cancel()
    }
  }
  /** Told once, not at each lookup. */
  #ill(why: string): void {
    const problem = `${this.#o.name}: ${why}`
    if (this.#problem === undefined) this.#context.log.warn('table.down', { table: this.#o.name, problem: why })
    this.#problem = problem
  }
  #well(): void {
    if (this.#problem === undefined) return
    this.#problem = undefined
    this.#context.log.info('table.up', { table: this.#o.name })
  }
}
const reason = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  // several addresses of a name were tried
  const inner = error instanceof AggregateError ? (error.errors[0] as Error | undefined) : undefined
  return (inner?.message ?? error.message) || error.name
}
