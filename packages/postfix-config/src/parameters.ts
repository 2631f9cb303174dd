/** What is in effect: a service's -o, main.cf, the defaults; expanded and read as what it is. */
import { basename, dirname } from 'node:path'
import { CATALOGUE } from './catalogue/index.ts'
import type { Known } from './catalogue/kinds.ts'
import { likeService, ofService } from './catalogue/of-services.ts'
import { expand } from './expand.ts'
import { networksOf, networksStyle, thisHost } from './host.ts'
import type { Host } from './host.ts'
import type { MainCf } from './main-cf.ts'
import type { Service } from './master-cf.ts'
import { ParameterError } from './problem.ts'
import type { Override } from './service-arguments.ts'
import { COMMA_BLANKS, words } from './text.ts'
import { boolOf, intOf, timeOf } from './values.ts'

export interface Context {
  /** of master.cf: then parameters of services (`foo_time_limit`) exist for these only, else for any name */
  readonly services?: readonly Service[]
  /** default: this machine */
  readonly host?: Host
}

export class Parameters {
  readonly main: MainCf
  readonly #overrides: ReadonlyMap<string, string>
  readonly #context: Context
  readonly #own: ReadonlyMap<string, string>
  #host: Host | undefined

  /** The last override of a name counts. */
  constructor(
    main: MainCf,
    overrides: readonly Override[] = [],
    context: Context = {},
    own: ReadonlyMap<string, string> = new Map(),
  ) {
    this.main = main
    this.#overrides = new Map(overrides.map(({ name, value }) => [name, value]))
    this.#context = context
    this.#host = context.host
    this.#own = own
  }
  /** The same with more overrides over those that there are. */
  with(overrides: readonly Override[], own: ReadonlyMap<string, string> = this.#own): Parameters {
    const all = [...this.#overrides].map(([name, value]) => ({ name, value }))
    return new Parameters(this.main, [...all, ...overrides], { ...this.#context, host: this.#host }, own)
  }
  /** What a service of master.cf sees: its -o, and service_name and process_name. */
  forService({ name, command, overrides }: Pick<Service, 'name' | 'command' | 'overrides'>): Parameters {
    const own = new Map([
      ['service_name', name],
      ['process_name', basename(command)],
    ])
    return this.with(overrides, own)
  }

  /** Whether main.cf or an override says something of it. */
  isSet(name: string): boolean {
    return !this.known(name)?.readOnly && (this.#overrides.has(name) || this.main.last.has(name))
  }
  /** What a parameter is; undefined for names that Postfix does not know, user-defined ones too. */
  known(name: string): Known | undefined {
    const { services } = this.#context
    return CATALOGUE.get(name) ?? (services ? ofService(name, services) : likeService(name))
  }
  /** As written in the place that counts, or the default as written; undefined: nobody knows the name. */
  raw(name: string): string | undefined {
    const known = this.known(name)
    if (known?.readOnly) return this.#own.get(name) ?? ''
    return this.#written(name) ?? (known?.computed ? this.#computed(name) : known?.default)
  }
  #written(name: string): string | undefined {
    return this.#overrides.get(name) ?? this.main.last.get(name)?.value
  }
  /**
   * Expanded; what is expanded only when it is used (`raw` in the catalogue) as written, and '' where nobody knows
   * the name. Throws ParameterError.
   */
  get(name: string): string {
    const text = this.raw(name) ?? ''
    return this.known(name)?.raw ? text : this.#named(name, () => this.expand(text))
  }
  /**
   * `extra` comes first, and what it answers is put in as it is: names of a moment ($recipient) may come from
   * outside.
   */
  expand(text: string, extra?: (name: string) => string | undefined): string {
    return expand(text, (name) => {
      const given = extra?.(name)
      if (given !== undefined) return { text: given, final: true }
      const value = this.raw(name)
      return value === undefined ? undefined : { text: value }
    })
  }
  #named<T>(name: string, read: () => T): T {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof ParameterError) || error.parameter !== undefined) throw error
      throw new ParameterError(`parameter ${name}: ${error.message}`, name)
    }
  }

  bool(name: string): boolean {
    return boolOf(name, this.get(name))
  }
  int(name: string): number {
    return intOf(name, this.get(name))
  }
  /** Bytes. */
  size(name: string): number {
    return intOf(name, this.get(name), true)
  }
  /** Milliseconds; a number alone has the parameter's own unit. */
  time(name: string): number {
    return timeOf(name, this.get(name), this.known(name)?.unit ?? 's')
  }
  /** Elements between commas and blanks; what stands in `{ }` is one of them, with its braces. */
  list(name: string): string[] {
    return words(this.get(name), COMMA_BLANKS)
  }

  #computed(name: string): string {
    switch (name) {
      case 'config_directory':
        return dirname(this.main.file)
      case 'myhostname':
        return this.#hostName()
      case 'mydomain':
        return domainOf(this.#early('myhostname') ?? this.#hostName())
      case 'mynetworks': {
        const style = networksStyle(this.get('mynetworks_style'))
        return networksOf(this.#theHost(), style, this.list('inet_interfaces'), this.list('inet_protocols'))
      }
      default:
        return ''
    }
  }
  #theHost(): Host {
    return (this.#host ??= thisHost())
  }
  #hostName(): string {
    const { name } = this.#theHost()
    return name.includes('.') ? name : `${name}.${this.#early('mydomain') ?? NO_DOMAIN}`
  }
  /** Where Postfix asks so soon that no default is there yet; undefined: nobody has written it. */
  #early(name: string): string | undefined {
    const text = this.#written(name)
    if (text === undefined) return undefined
    const written = (asked: string) => {
      const value = this.#written(asked)
      return value === undefined ? undefined : { text: value }
    }
    return this.#named(name, () => expand(text, written))
  }
}

const NO_DOMAIN = 'localdomain'
function domainOf(host: string): string {
  const dot = host.indexOf('.')
  return dot < 0 ? NO_DOMAIN : host.slice(dot + 1)
}
