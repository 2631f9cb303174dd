/** Values of parameters in the forms that options take. */
import { readList, valueOrFirstLine } from '../list-file.ts'
import { parseMainCf } from '../main-cf.ts'
import { Parameters } from '../parameters.ts'
import type { Service } from '../master-cf.ts'
import { ownAddresses, protocolsOf } from './interfaces.ts'
import type { Kind } from './rows.ts'
import { tableOf } from './tables.ts'

/** `$` is a reference in Postern's configuration, too: what is left of them is meant as written. */
export const literal = (text: string): string => text.replaceAll('$', '$$$$')

/** Reads one set of parameters: the folder's, or a service's with its `-o`. */
export class Reader {
  readonly parameters: Parameters
  /** types of the tables that were named, e.g. `hash` */
  readonly tableTypes: Set<string>
  #plain: Parameters | undefined
  constructor(parameters: Parameters, tableTypes = new Set<string>()) {
    this.parameters = parameters
    this.tableTypes = tableTypes
  }
  forService(service: Service): Reader {
    return new Reader(this.parameters.forService(service), this.tableTypes)
  }
  text = (name: string): string => this.parameters.get(name)
  isSet = (name: string): boolean => this.parameters.isSet(name)
  /**
   * Set, or what its default is made of is: `virtual_alias_maps` follows `virtual_maps`, `relay_domains` an old compatibility_level.
   * Then it is not what a folder has that says nothing but its name.
   */
  isGiven(name: string): boolean {
    if (this.isSet(name)) return true
    const known = this.parameters.known(name)
    if (known?.default === undefined || !known.default.includes('$')) return false
    try {
      return this.text(name) !== this.#nothingSet().get(name)
    } catch {
      // told where the value is read
      return true
    }
  }
  #nothingSet(): Parameters {
    const names = ['myhostname', 'mydomain'].map((name) => `${name} = ${this.text(name)}\n`)
    return (this.#plain ??= new Parameters(parseMainCf(`compatibility_level = 3.6\n${names.join('')}`)))
  }
  flag = (name: string): boolean => this.parameters.bool(name)
  count = (name: string): number => this.parameters.int(name)
  words = (name: string): readonly string[] => this.parameters.list(name)
  has = (name: string, word: string): boolean => this.words(name).some((w) => w.toLowerCase() === word)
  /** our own addresses, by inet_interfaces */
  own = (): string[] => ownAddresses(this.words('inet_interfaces'), protocolsOf(this.words('inet_protocols')))
  /** A list of names or networks with the words of the files that it names. Throws when one cannot be read. */
  entries(name: string): unknown[] {
    return readList(this.text(name)).map((element) => {
      const not = element.negated ? '!' : ''
      if (element.kind === 'unreadable') throw new Error(`${element.path}: ${element.reason}`)
      return element.kind === 'table' ? this.#table(not + element.table) : literal(not + element.text)
    })
  }
  read(name: string, kind: Kind): unknown {
    switch (kind) {
      case 'text':
        return literal(this.text(name))
      case 'raw':
        return literal(this.parameters.raw(name) ?? '')
      case 'flag':
        return this.flag(name)
      case 'count':
        return this.count(name)
      case 'size':
        return this.parameters.size(name)
      case 'time':
        return timeText(this.parameters.time(name))
      case 'words':
        return this.words(name).map(literal)
      case 'table':
        return this.tables(name)[0]
      case 'tables':
        return this.tables(name)
      case 'domains':
      case 'networks':
        return this.entries(name)
      case 'origin':
        return literal(valueOrFirstLine(this.text(name)))
    }
  }
  tables(name: string): unknown[] {
    return this.words(name).map((word) => this.#table(word))
  }
  #table(text: string): unknown {
    return tableOf(text, this.parameters, this.tableTypes)
  }
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
] as const
/** ms as `5d`, `4000s` */
export function timeText(ms: number): string {
  const [unit, size] = UNITS.find(([, size]) => ms > 0 && ms % size === 0) ?? ['s', 1000]
  return `${ms / size}${unit}`
}
