/** One table: a key becomes a search, its entries become a value. */
import { absent, failed } from '@postern/core'
import type { Call, Lookup, OpenTable, TableContext } from '@postern/core'
import { DomainFilter, expand, templateProblem } from '@postern/lookup-kit'
import { askerOf } from './connection.ts'
import type { Asker } from './connection.ts'
import { Directory } from './directory.ts'
import { NO_SUCH_OBJECT, Refusal, textOf } from './errors.ts'
import { escapeDn, escapeFilter, lacks } from './escape.ts'
import { attributesOf, parseFilter } from './filter.ts'
import { Attributes, Gather } from './gather.ts'
import type { TableOptions } from './options.ts'

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
    this.#domains = new DomainFilter(options.domain, folder, context.parts)
    const { clock, log } = context
    const access = { table: options, folder, clock, closing: this.#closing.signal, known: true }
    this.#directory = sound('server_host', () => new Directory(name, access, log))
  }

  get(key: string, call: Call): Lookup | Promise<Lookup> {
    // text that no UTF-8 can be made of is in no directory
    if (key === '' || /\p{Surrogate}/u.test(key)) return absent()
    const folded = key.toLowerCase()
    const { searchBase, queryFilter } = this.#o
    const base = filled(searchBase, folded, escapeDn)
    const filter = filled(queryFilter, folded, escapeFilter)
    // a result that needs a part which the key lacks is not asked for
    const possible = expand(this.#format, { value: 'x@x', key: folded }) !== undefined
    if (base === undefined || filter === undefined || !possible || lacks(this.#format, folded, 'U', 'D'))
      return absent()
    return this.#domains.look(folded, call, () => this.#look(folded, base, filter, call))
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

  async #look(key: string, base: string, text: string, call: Call): Promise<Lookup> {
    try {
      const { scope } = this.#o
      const query = { base, scope, filter: parseFilter(text), attributes: this.#attributes.all }
      const gather = new Gather(key, this.#format, this.#directory, this.#o, this.#attributes, call)
      await gather.add(await this.#directory.search(query, call))
      const { answer } = gather
      if (answer.kind === 'absent') {
        const problem = await this.#schemaProblem(call)
        if (problem !== undefined) throw new Refusal(problem, 'misconfigured', { lasting: true })
      }
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

/** A query; none when the template asks for a part that the key lacks. */
const filled = (template: string, key: string, quote: (text: string) => string): string | undefined =>
  lacks(template, key, 'uU', 'dD') ? undefined : expand(template, { value: key, key, quote })
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
