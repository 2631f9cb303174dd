/** One table: a key becomes a search, its entries become a value. */
import { absent, failed } from '@postern/core'
import type { Call, Lookup, OpenTable, TableContext } from '@postern/core'
import { DomainFilter, keyHasAll, templateProblem } from '@postern/lookup-kit'
import { askerOf } from './pending.ts'
import type { Connection } from './connection.ts'
import type { Asker } from './pending.ts'
import { Directory } from './directory.ts'
import { NO_SUCH_OBJECT, Refusal, textOf } from './errors.ts'
import { attributesOf, parseFilter } from './filter.ts'
import { Attributes, Gather, plainly } from './gather.ts'
import type { TableOptions } from './options.ts'
import { Searches } from './search.ts'
import type { Search } from './search.ts'

/** ms that a check may take, however long a search may: the start waits for it */
const CHECK = 5000

export class LdapTable implements OpenTable {
  readonly #name: string
  readonly #o: TableOptions
  readonly #context: TableContext
  readonly #format: string
  readonly #attributes: Attributes
  readonly #domains: DomainFilter
  readonly #directory: Directory
  readonly #closing = new AbortController()
  /** attributes that the filter compares with, as far as they stand there literally */
  readonly #compared: readonly string[]
  /** the base depends on the key: then it may lack */
  readonly #dynamic: boolean
  readonly #searches: Searches
  /** the connection whose server was found to have the attributes in its schema */
  #sound: Connection | undefined
  /** told, and not over yet */
  #down = false
  #failures = 0

  /** Throws what is wrong with the options: parameter and cause, no value that is secret. */
  constructor(name: string, options: TableOptions, folder: string, context: TableContext) {
    this.#name = name
    this.#o = options
    this.#context = context
    this.#format = options.resultFormat ?? options.resultFilter ?? '%s'
    sound('search_base', () => checkTemplate(options.searchBase))
    sound('result_format', () => checkTemplate(this.#format))
    this.#compared = sound('query_filter', () => comparedIn(options.queryFilter))
    this.#dynamic = /%[^%]/.test(options.searchBase.replaceAll('%%', ''))
    this.#attributes = new Attributes(options)
    if (this.#attributes.all.length === 0) throw new Error('result_attribute: is empty, and there are no others')
    this.#searches = new Searches(options, this.#attributes.all)
    this.#domains = new DomainFilter(options.domain, folder, context.parts)
    const { clock, log } = context
    const access = { table: options, folder, clock, closing: this.#closing.signal, known: true }
    this.#directory = sound('server_host', () => new Directory(name, access, log))
  }

  get(key: string, call: Call): Lookup | Promise<Lookup> {
    // text that no UTF-8 can be made of is in no directory
    if (key === '' || /\p{Surrogate}/u.test(key)) return absent()
    const folded = key.toLowerCase()
    const search = this.#searches.for(folded)
    // a result that needs a part which the key lacks is not asked for
    if (search === undefined || !keyHasAll(this.#format, folded)) return absent()
    return this.#domains.look(folded, call, () => this.#look(folded, search, call))
  }
  async check(): Promise<string | undefined> {
    const limit = Math.min(CHECK, this.#o.timeout * 1000)
    const abort = new AbortController()
    const asker = askerOf(abort.signal)
    const timer = this.#context.clock.after(limit, () => abort.abort(new Error(`no answer within ${limit / 1000} s`)))
    try {
      if (this.#dynamic) await this.#directory.search({ ...this.#base(''), scope: 'base' }, asker)
      else await this.#directory.search(this.#base(this.#o.searchBase.replaceAll('%%', '%')), asker)
      const problem = await this.#schemaProblem(asker)
      return problem && `${this.#name}: ${problem}`
    } catch (error) {
      return `${this.#name}: ${this.#causeOf(error)}`
    } finally {
      timer.cancel()
    }
  }
  stats(): Readonly<Record<string, number>> {
    return { ...this.#directory.stats, failures: this.#failures }
  }
  close(): void {
    this.#closing.abort(new Error('the table is closed'))
    this.#directory.close()
  }

  #look(key: string, search: Search, call: Call): Promise<Lookup> {
    return new Promise((resolve) =>
      this.#directory.find(search, call, (found) => {
        try {
          if (found instanceof Error) throw found
          const plain = this.#format === '%s' ? plainly(found, this.#attributes) : undefined
          if (plain) return resolve(this.#answer(plain, call))
          const gather = new Gather(key, this.#format, this.#directory, this.#o, this.#attributes, call)
          const added = gather.add(found)
          resolve(added instanceof Promise ? this.#gathered(gather, added, call) : this.#answer(gather.answer, call))
        } catch (error) {
          resolve(this.#failed(error))
        }
      }),
    )
  }
  async #gathered(gather: Gather, added: Promise<unknown>, call: Call): Promise<Lookup> {
    try {
      await added
      return await this.#answer(gather.answer, call)
    } catch (error) {
      return this.#failed(error)
    }
  }
  #answer(answer: Lookup, call: Call): Lookup | Promise<Lookup> {
    const { connection } = this.#directory
    if (answer.kind === 'absent' && (connection === undefined || connection !== this.#sound))
      return this.#absent(answer, connection, call)
    this.#up()
    return answer
  }
  /** Once for each connection: a server that was asked may be another one, or have another schema, when it is asked anew. */
  async #absent(answer: Lookup, connection: Connection | undefined, call: Call): Promise<Lookup> {
    try {
      const problem = await this.#schemaProblem(call)
      if (problem !== undefined) throw new Refusal(problem, 'misconfigured', { lasting: true })
      this.#sound = connection
      this.#up()
      return answer
    } catch (error) {
      return this.#failed(error)
    }
  }
  #failed(error: unknown): Lookup {
    if (error instanceof Refusal && error.code === NO_SUCH_OBJECT && this.#dynamic) return absent()
    this.#failures++
    const cause = `${this.#name}: ${this.#causeOf(error)}`
    if (!(error instanceof Refusal) || error.lasting) {
      if (!this.#down) this.#context.log.error('table.down', { table: this.#name, problem: cause })
      this.#down = true
    }
    return failed(cause, error instanceof Refusal ? error.why : 'retry')
  }
  #up(): void {
    if (!this.#down) return
    this.#down = false
    this.#context.log.info('table.up', { table: this.#name })
  }
  #causeOf(error: unknown): string {
    if (error instanceof Refusal && error.code === NO_SUCH_OBJECT && !this.#dynamic)
      return `search_base ${this.#o.searchBase}: ${error.message}`
    return error instanceof Refusal ? error.message : `${this.#o.serverHost.join(' ')}: ${textOf(error)}`
  }
  /** A schema without any of the attributes would make every key absent, and mail for it would bounce. */
  async #schemaProblem(asker: Asker): Promise<string | undefined> {
    for (const [parameter, names] of [
      ['query_filter', this.#compared],
      ['result_attribute', this.#attributes.all],
    ] as const) {
      if (names.length === 0) continue
      const unknown = await this.#directory.unknown(names, asker)
      if (unknown.length === names.length)
        return `${parameter}: the server's schema has no attribute ${unknown.join(', ')}`
    }
    return undefined
  }
  #base(base: string) {
    return { base, scope: 'base' as const, filter: parseFilter('objectClass=*'), attributes: ['1.1'] }
  }
}

function checkTemplate(template: string): void {
  const problem = templateProblem(template)
  if (problem !== undefined) throw new Error(problem)
}
/** Throws when it is no filter. */
function comparedIn(template: string): string[] {
  checkTemplate(template)
  const filter = parseFilter(template.replace(/%(.)/g, (_, c: string) => (c === '%' ? '%' : 'x')))
  return attributesOf(filter).filter((name) => template.includes(name))
}
function sound<T>(parameter: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw new Error(`${parameter}: ${textOf(error)}`, { cause: error })
  }
}
