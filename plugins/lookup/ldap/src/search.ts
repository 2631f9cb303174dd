/** Searches of a table: what is asked, as the directory follows it up, and as bytes. */
import { SearchRequest } from 'ldapts'
import type { Filter } from 'ldapts'
import { expand } from '@postern/lookup-kit'
import { escapeDn, escapeFilter } from './escape.ts'
import { parseFilter } from './filter.ts'
import { messageOf } from './message.ts'
import type { Message } from './message.ts'
import type { TableOptions } from './options.ts'
import { PreparedSearch } from './prepared.ts'
import type { Scope } from './url.ts'

export interface Query {
  readonly base: string
  readonly scope: Scope
  readonly filter: Filter
  readonly attributes: readonly string[]
}
export interface Search {
  readonly message: Message
  /** For who has to ask elsewhere too. */
  query(): Query
}
const DEREFERENCE = ['never', 'search', 'find', 'always'] as const

function requestOf(messageId: number, { base, scope, filter, attributes }: Query, o: TableOptions): SearchRequest {
  return new SearchRequest({
    messageId,
    baseDN: base,
    scope,
    filter,
    attributes: [...attributes],
    derefAliases: DEREFERENCE[o.dereference],
    sizeLimit: o.sizeLimit ?? o.expansionLimit,
    timeLimit: o.timeout,
  })
}
/** A search that is made for one time. */
export function searchFor(query: Query, o: TableOptions): Search {
  const message = messageOf((id) => requestOf(id, query, o), query.attributes)
  return { message, query: () => query }
}

/** Characters that nobody uses: they stand for values while a template is read. */
const MARKS = 0xf_0000
const markOf = (i: number) => String.fromCodePoint(MARKS + i)

/** What a key becomes: `search_base` and `query_filter`, read once. */
export class Searches {
  readonly #o: TableOptions
  readonly #attributes: readonly string[]
  /** `undefined`: a template whose filter has another shape for each key, and is read each time */
  readonly #prepared: PreparedSearch | undefined
  /** what is put in: of each `%x` once for the base and once for the filter */
  readonly #holes: readonly { readonly code: string; readonly inBase: boolean }[]
  /** the filter ends with a value, whose blanks at the end are not part of it */
  readonly #openEnd: boolean

  constructor(options: TableOptions, attributes: readonly string[]) {
    this.#o = options
    this.#attributes = attributes
    const holes: { code: string; inBase: boolean }[] = []
    const marked = (template: string, inBase: boolean) =>
      template.replace(/%([\s\S])/g, (_, code: string) =>
        code === '%' ? '%' : markOf(holes.push({ code, inBase }) - 1),
      )
    const base = marked(options.searchBase, true)
    const filter = marked(options.queryFilter, false)
    this.#holes = holes
    this.#openEnd = !filter.trim().startsWith('(')
    this.#prepared = this.#prepare(base, filter)
  }
  /** `undefined`: the key lacks a part that is asked for. */
  for(key: string): Search | undefined {
    const values: string[] = []
    for (const { code, inBase } of this.#holes) {
      const value = code === 's' || code === 'S' ? key : expand(`%${code}`, { value: key, key })
      if (value === undefined) return undefined
      values.push(inBase ? escapeDn(value) : value)
    }
    const query = () => this.#queryFor(key)
    if (this.#prepared && !(this.#openEnd && values.some((value) => value.trimEnd() !== value)))
      return { message: this.#prepared.with(values), query }
    return searchFor(query(), this.#o)
  }

  #prepare(base: string, filter: string): PreparedSearch | undefined {
    const { searchBase, queryFilter, scope } = this.#o
    // the first byte of a mark in UTF-8 is f3, which an escape may write too
    const own = /[\u{f0000}-\u{fffff}]|\\f3/iu.test(searchBase + queryFilter)
    // a value may stand behind an equals sign only: elsewhere it would be part of the filter's own language
    const inName = /(^|\()[^=(]*[\u{f0000}-\u{fffff}]/u.test(filter)
    if (own || inName) return undefined
    try {
      const query = { base, scope, filter: parseFilter(filter), attributes: this.#attributes }
      return new PreparedSearch(
        requestOf(1, query, this.#o),
        this.#holes.map((_hole, i) => markOf(i)),
      )
    } catch {
      // half an escape, say, that only a key makes whole
      return undefined
    }
  }
  #queryFor(key: string): Query {
    const { searchBase, queryFilter, scope } = this.#o
    const base = expand(searchBase, { value: key, key, quote: escapeDn })!
    const filter = parseFilter(expand(queryFilter, { value: key, key, quote: escapeFilter })!)
    return { base, scope, filter, attributes: this.#attributes }
  }
}
