/** From the entries that a search found to the result of a lookup, through groups and their members. */
import { PresenceFilter } from 'ldapts'
import { absent, found } from '@postern/core'
import type { Lookup } from '@postern/core'
import { Results } from '@postern/lookup-kit'
import type { Asker } from './pending.ts'
import type { Directory } from './directory.ts'
import { NO_SUCH_OBJECT, Refusal } from './errors.ts'
import { lacks } from './escape.ts'
import { parseFilter } from './filter.ts'
import type { TableOptions } from './options.ts'
import type { Query } from './search.ts'
import { looksLikeUrl, parseUrl } from './url.ts'
import type { Entry, Value } from './wire.ts'

/** members of a group that are fetched at once; the result has them in the group's order all the same */
const AHEAD = 16
/** characters of a value that is below all limits */
const PLAIN = 1000
const ANY = new PresenceFilter({ attribute: 'objectClass' })

type Kind = 'terminal' | 'leaf' | 'plain' | 'special'

/** Which attribute is what. Of one that is in two lists the first counts, as in Postfix. */
export class Attributes {
  readonly all: readonly string[]
  readonly #kinds: readonly (readonly [name: string, kind: Kind])[]
  readonly #exact = new Map<string, Kind>()

  constructor(o: TableOptions) {
    const of = (kind: Kind, names: readonly string[]) => names.map((name) => [name, kind] as const)
    this.#kinds = [
      ...of('terminal', o.terminalResultAttribute),
      ...of('leaf', o.leafResultAttribute),
      ...of('plain', o.resultAttribute),
      ...of('special', o.specialResultAttribute),
    ]
    this.all = this.#kinds.map(([name]) => name)
    for (const name of this.all) this.#exact.set(name, this.#kinds.find(([other]) => isSubtype(other, name))![1])
  }
  /** may entries name others? */
  get leadOn(): boolean {
    return this.#kinds.some(([, kind]) => kind === 'special')
  }
  kindOf(attribute: string): Kind | undefined {
    // names as the table has them: nothing else is remembered, for a server may say what it likes
    return this.#exact.get(attribute) ?? this.#kinds.find(([name]) => isSubtype(name, attribute))?.[1]
  }
  /** What a URL asks for of what the table wants; all of it when the URL says nothing. */
  inUrl(wished: readonly string[]): readonly string[] {
    if (wished.length === 0) return this.all
    return wished.flatMap((wish) =>
      this.all.flatMap((name) => (isSubtype(wish, name) ? [name] : isSubtype(name, wish) ? [wish] : [])),
    )
  }
}
/** `cn` is what `cn;lang-en` is a kind of. */
function isSubtype(name: string, attribute: string): boolean {
  const [a, b] = [name.toLowerCase(), attribute.toLowerCase()]
  return b === a || b.startsWith(`${a};`)
}

/**
 * What most searches find: nothing, or one value that is the result as it is. `undefined`: there is more to it. Says the same
 * as `Gather`, without its cost.
 */
export function plainly(entries: readonly Entry[], of: Attributes): Lookup | undefined {
  if (entries.length === 0) return absent()
  const { attributes } = entries[0]!
  if (entries.length > 1 || attributes.length !== 1) return undefined
  const { name, values } = attributes[0]!
  const value = values[0]
  if (values.length !== 1 || value === undefined || value === '' || value.length > PLAIN) return undefined
  const kind = of.kindOf(name)
  return kind === undefined || kind === 'special' ? undefined : found(value)
}

export class Gather {
  readonly #directory: Directory
  readonly #o: TableOptions
  readonly #attributes: Attributes
  readonly #asker: Asker
  readonly #format: string
  readonly #results: Results

  constructor(key: string, format: string, directory: Directory, options: TableOptions, of: Attributes, asker: Asker) {
    this.#directory = directory
    this.#o = options
    this.#attributes = of
    this.#asker = asker
    this.#format = format
    this.#results = new Results(key, format, options.expansionLimit)
  }
  get answer(): Lookup {
    return this.#results.answer
  }
  /**
   * Adds what these entries hold; at once where they cannot name others. `path`: the members that led here. `false`: there
   * are too many results.
   */
  add(entries: readonly Entry[], path: readonly string[] = []): boolean | Promise<boolean> {
    const { sizeLimit = this.#o.expansionLimit } = this.#o
    if (sizeLimit > 0 && entries.length > sizeLimit)
      throw new Refusal(`search: more than ${sizeLimit} entries (size_limit)`, 'retry')
    if (this.#attributes.leadOn) return this.#follow(entries, path)
    for (const entry of entries) {
      const kinds = this.#kindsIn(entry)
      for (const [i, { name, values }] of entry.attributes.entries())
        if (kinds[i] !== undefined && !this.#take(textsOf(values, name, entry.dn))) return false
    }
    return true
  }

  async #follow(entries: readonly Entry[], path: readonly string[]): Promise<boolean> {
    for (const entry of entries) {
      const kinds = this.#kindsIn(entry)
      for (const [i, { name, values }] of entry.attributes.entries()) {
        if (kinds[i] === undefined) continue
        const texts = textsOf(values, name, entry.dn)
        if (!(kinds[i] === 'special' ? await this.#members(texts, name, path) : this.#take(texts))) return false
      }
    }
    return true
  }
  /** Of each attribute what it is, `undefined` when it does not count in this entry. */
  #kindsIn({ attributes }: Entry): (Kind | undefined)[] {
    const kinds = attributes.map(({ name, values }) => (values.length > 0 ? this.#attributes.kindOf(name) : undefined))
    if (kinds.includes('terminal')) return kinds.map((kind) => (kind === 'terminal' ? kind : undefined))
    if (kinds.includes('special')) return kinds.map((kind) => (kind === 'leaf' ? undefined : kind))
    return kinds
  }
  /** `false`: there are too many. */
  #take(texts: readonly string[]): boolean {
    return texts.every((text) => lacks(this.#format, text, 'u', 'd') || this.#results.add(text))
  }
  async #members(members: readonly string[], attribute: string, path: readonly string[]): Promise<boolean> {
    // Postfix counts the entry that the search found as the first level
    if (path.length + 1 >= this.#o.recursionLimit)
      throw new Refusal(`${attribute} leads deeper than ${this.#o.recursionLimit} (recursion_limit)`, 'misconfigured')
    const fetched: Promise<readonly Entry[]>[] = []
    for (const [i, member] of members.entries()) {
      // an entry below itself would end at the recursion limit, after very many searches
      if (path.includes(member.toLowerCase()))
        throw new Refusal(`${attribute}=${member.slice(0, 200)} leads to itself`, 'misconfigured')
      while (fetched.length < Math.min(members.length, i + AHEAD)) {
        const next = this.#fetch(members[fetched.length]!)
        // its turn may never come
        next.catch(() => undefined)
        fetched.push(next)
      }
      if (!(await this.add(await fetched[i]!, [...path, member.toLowerCase()]))) return false
    }
    return true
  }
  /** A member that is not there is none: directories keep names of entries that have gone. */
  async #fetch(member: string): Promise<readonly Entry[]> {
    const query = this.#queryFor(member)
    if (query.attributes.length === 0) return []
    try {
      return await this.#directory.search(query, this.#asker)
    } catch (error) {
      if (error instanceof Refusal && error.code === NO_SUCH_OBJECT) return []
      throw error
    }
  }
  #queryFor(member: string): Query {
    if (!looksLikeUrl(member)) return { base: member, scope: 'base', filter: ANY, attributes: this.#attributes.all }
    try {
      // the server that the URL names is not asked: it is this directory that the table is about
      const url = parseUrl(member)
      const filter = url.filter === undefined ? ANY : parseFilter(url.filter)
      return { base: url.dn, scope: url.scope ?? 'base', filter, attributes: this.#attributes.inUrl(url.attributes) }
    } catch (error) {
      throw new Refusal(`${member.slice(0, 200)}: ${(error as Error).message}`, 'misconfigured')
    }
  }
}
function textsOf(values: readonly Value[], attribute: string, dn: string): readonly string[] {
  if (values.includes(undefined))
    throw new Refusal(`${attribute} of ${dn.slice(0, 200)} holds something that is not text`, 'misconfigured')
  return values as readonly string[]
}
