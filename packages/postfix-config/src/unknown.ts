/**
 * Names that nothing reads: exactly those that postconf calls "unused parameter". A name is read when Postfix knows
 * it, when it belongs to a service, when a value asks for it, when it is a restriction class or a setting of a table
 * in main.cf.
 */
import { CATALOGUE } from './catalogue/index.ts'
import { namesOfServices } from './catalogue/of-services.ts'
import { REMOVED } from './catalogue/removed.ts'
import type { Removed } from './catalogue/removed.ts'
import { SETTINGS_IN_MAIN_CF } from './catalogue/tables.ts'
import { expand, namesIn } from './expand.ts'
import type { Entry, MainCf } from './main-cf.ts'
import type { MasterCf, Service } from './master-cf.ts'
import { nearest } from './nearest.ts'
import { Parameters } from './parameters.ts'
import { ParameterError } from './problem.ts'
import type { Override } from './service-arguments.ts'
import { COMMA_BLANKS, unwrap, words } from './text.ts'

export interface UnknownName {
  readonly name: string
  readonly value: string
  readonly file: string
  readonly line: number
  /** absent: it stands in main.cf */
  readonly service?: Service
  /** the known name that is most like it */
  readonly nearest?: string
  /** it was one, once */
  readonly removed?: Removed
}

/** In the files' order, each name once for main.cf and once for each service. */
export function unknownNames(main: MainCf, master: MasterCf): UnknownName[] {
  const used = new Usage(main, master)
  const names = [...CATALOGUE.keys(), ...namesOfServices(master.services)]
  const told = ({ name, value }: Override, place: Pick<Entry, 'file' | 'line'>, service?: Service): UnknownName => {
    const removed = REMOVED.get(name)
    const like = removed ? undefined : nearest(name, names)
    const { file, line } = place
    return {
      name,
      value,
      file,
      line,
      ...(service && { service }),
      ...(like && { nearest: like }),
      ...(removed && { removed }),
    }
  }
  const inMain = [...main.last.values()]
    .filter((entry) => !used.globally(entry.name))
    .map((entry) => told(entry, entry))
  const inMaster = master.services.flatMap((service) => {
    const last = new Map(service.overrides.map((override) => [override.name, override]))
    return [...last.values()].filter(({ name }) => !used.by(service, name)).map((o) => told(o, service, service))
  })
  return [...inMain, ...inMaster]
}

/**
 * Names that values ask for and that nobody defines; they expand to nothing. What postconf calls "undefined
 * parameter".
 */
export function undefinedNames(main: MainCf, master: MasterCf): string[] {
  return [...new Usage(main, master).undefined]
}

/** Who reads what. */
class Usage {
  readonly undefined = new Set<string>()
  readonly #main: MainCf
  readonly #master: MasterCf
  readonly #services: ReadonlySet<string>
  readonly #global = new Set<string>()
  readonly #local = new Map<Service, Set<string>>()

  constructor(main: MainCf, master: MasterCf) {
    this.#main = main
    this.#master = master
    this.#services = new Set(namesOfServices(master.services))
    for (const service of master.services) this.#scan(service.overrides, service)
    for (const [name, { default: value, raw }] of CATALOGUE) if (!raw && !main.last.has(name)) this.#values(value)
    this.#scan([...main.last.values()])
  }
  globally(name: string): boolean {
    return this.#known(name) || this.#global.has(name)
  }
  by(service: Service, name: string): boolean {
    return this.globally(name) || this.#local.get(service)?.has(name) === true
  }
  #known(name: string): boolean {
    return CATALOGUE.has(name) || this.#services.has(name) || REMOVED.get(name)?.heeded === true
  }

  /** All that one place says: main.cf, or a service's -o. */
  #scan(pairs: readonly Override[], service?: Service): void {
    const values = new Map(pairs.map(({ name, value }) => [name, value]))
    const classes = values.get('smtpd_restriction_classes')
    if (classes !== undefined) for (const name of restrictionClasses(classes, values)) this.#uses(name, service)
    for (const [name, value] of values) {
      const known = CATALOGUE.get(name)
      if (known?.readOnly || known?.raw) continue
      this.#values(value, service)
      // postconf looks for tables in parameters that Postfix knows, not in restriction classes and the like
      if (this.#known(name))
        for (const setting of this.#tableSettings(value, service)) this.#uses(setting, service, true)
    }
  }
  #values(value: string, service?: Service): void {
    for (const name of namesIn(value)) this.#uses(name, service)
  }
  /**
   * A name is read there: by the service that defines it, else main.cf's counts; main.cf's values reach into every
   * service.
   */
  #uses(name: string, service?: Service, quiet = false): void {
    let defined = false
    const local = (s: Service) => {
      if (!s.overrides.some((o) => o.name === name)) return false
      this.#local.set(s, (this.#local.get(s) ?? new Set()).add(name))
      return (defined = true)
    }
    if (!(service && local(service)) && this.#main.last.has(name)) {
      this.#global.add(name)
      defined = true
    }
    if (!service) this.#master.services.forEach(local)
    if (!defined && !quiet && !this.#known(name)) this.undefined.add(name)
  }
  #tableSettings(value: string, service?: Service): string[] {
    const all = new Parameters(this.#main, service?.overrides, { services: this.#master.services })
    try {
      return settingsOf(all.expand(value))
    } catch (error) {
      // said where the value is used
      if (!(error instanceof ParameterError)) throw error
      return []
    }
  }
}

/** Expanded with what that place itself says, as Postfix does. */
function restrictionClasses(value: string, values: ReadonlyMap<string, string>): string[] {
  try {
    const text = expand(value, (name) => {
      const own = values.get(name)
      return own === undefined ? undefined : { text: own }
    })
    return words(text, COMMA_BLANKS, false)
  } catch (error) {
    if (!(error instanceof ParameterError)) throw error
    return []
  }
}

/** `mysql:users` anywhere in a value makes `users_hosts` ... */
function settingsOf(text: string): string[] {
  return words(text, COMMA_BLANKS).flatMap((word) => {
    if (word.startsWith('{')) return settingsOf(unwrap(word, false).text)
    const [, type, rest] = /^(?:proxy:)*([^:]*):(.*)$/s.exec(word) ?? []
    if (type === undefined || rest === undefined) return []
    if (rest.startsWith('{')) return settingsOf(unwrap(rest, false).text)
    if (/^[/.]/.test(rest)) return []
    return (SETTINGS_IN_MAIN_CF.get(type) ?? []).map((setting) => `${rest}_${setting}`)
  })
}
