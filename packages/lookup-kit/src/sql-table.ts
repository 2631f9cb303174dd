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

/** One lookup, as a backend sees it. */
export interface SqlQuestion {
  /** the text of the query for a connection, as `SqlText` */
  text(backslash: boolean): string
  /** A try begins: what came so far does not count. */
  begin(): void
  /** A row of this try. */
  row(columns: SqlRow): void
  /** It is over; told once. */
  end(error: Error | undefined): void
}

/** What a server's plugin brings. */
export interface SqlBackend {
  /** Asks. Ends the question with `Refused` when the server did not like the query, with another error when it failed. */
  put(question: SqlQuestion, call: Pick<Call, 'onAbort'>): void
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
  put: (question, call) => value.put(question, call),
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
    const text = this.#templates.get(this.#o.backslash[0]!)!.fill(folded)
    if (text === undefined) return absent()
    return this.#domains.look(folded, call, () => this.#ask(folded, text, call))
  }
  async check(): Promise<string | undefined> {
    try {
      const text: SqlText = (backslash) => this.#templates.get(backslash)!.fill(SAMPLE)!
      await this.#bounded((call) => this.#o.backend.check(text, call))
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

  #ask(key: string, text: string, call: Call): Promise<Lookup> {
    return new Promise((resolve) => {
      const asked = new SqlLookup(this.#o, this.#templates, key, text, (answer, error) => {
        // that a client went away says nothing about the server
        if (!error) this.#well()
        else if (!call.aborted) this.#ill(reason(error))
        resolve(answer)
      })
      if (call.aborted) asked.end(asError(call.signal.reason))
      else this.#o.backend.put(asked, call)
    })
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
/** One key on its way; what came for it becomes its answer. */
class SqlLookup implements SqlQuestion {
  readonly #o: SqlTableOptions
  readonly #templates: ReadonlyMap<boolean, SqlTemplate>
  readonly #key: string
  readonly #text: string
  readonly #done: (answer: Lookup, error: Error | undefined) => void
  #results: Results | undefined

  constructor(
    options: SqlTableOptions,
    templates: ReadonlyMap<boolean, SqlTemplate>,
    key: string,
    text: string,
    done: (answer: Lookup, error: Error | undefined) => void,
  ) {
    this.#o = options
    this.#templates = templates
    this.#key = key
    this.#text = text
    this.#done = done
  }
  text(backslash: boolean): string {
    return backslash === this.#o.backslash[0] ? this.#text : this.#templates.get(backslash)!.fill(this.#key)!
  }
  begin(): void {
    this.#results = new Results(this.#key, this.#o.resultFormat, this.#o.expansionLimit)
  }
  row(columns: SqlRow): void {
    for (const value of columns) if (value !== null) this.#results!.add(value)
  }
  end(error: Error | undefined): void {
    const { name } = this.#o
    if (error) {
      const why = error instanceof Refused ? 'misconfigured' : 'retry'
      return this.#done(failed(`${name}: ${reason(error)}`, why), error)
    }
    // nothing began: nobody knows whether there is something
    const answer = this.#results?.answer ?? failed('no answer')
    this.#done(answer.kind === 'failed' ? failed(`${name}: ${answer.cause}`, answer.why) : answer, undefined)
  }
}
/** How a backend asks that answers by a promise; each row of a try goes to what that try's `begin` gave. */
type SqlAsk = (query: SqlText, begin: () => (columns: SqlRow) => void) => Promise<void>

/** `SqlBackend.put` by such a backend. */
export async function putByPromise(question: SqlQuestion, ask: SqlAsk): Promise<void> {
  let tries = 0
  const begin = () => {
    const now = ++tries
    question.begin()
    // of a try that was given up something might still come
    return (columns: SqlRow) => void (now === tries && question.row(columns))
  }
  try {
    await ask((backslash) => question.text(backslash), begin)
  } catch (error) {
    return question.end(asError(error))
  }
  question.end(undefined)
}
const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))
const reason = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  // several addresses of a name were tried
  const inner = error instanceof AggregateError ? (error.errors[0] as Error | undefined) : undefined
  return (inner?.message ?? error.message) || error.name
}
