/** The text of a filter (RFC 4515) as libldap reads it: white space between filters, and no outer parentheses. */
import * as ldap from 'ldapts'
import type { Filter } from 'ldapts'

/** an attribute by name or number, with options: `mail`, `2.5.4.3`, `cn;lang-en` */
const ATTRIBUTE = /^[a-z0-9][\w.-]*(;[\w-]+)*$/i
const DEEPEST = 100

/** Throws what is wrong with the text. */
export function parseFilter(text: string): Filter {
  const trimmed = text.trim()
  return new Parser(trimmed.startsWith('(') ? trimmed : `(${trimmed})`).all()
}
/** The attributes that a filter compares, each once. */
export function attributesOf(filter: Filter): string[] {
  if (filter instanceof ldap.AndFilter || filter instanceof ldap.OrFilter)
    return [...new Set(filter.filters.flatMap(attributesOf))]
  if (filter instanceof ldap.NotFilter) return attributesOf(filter.filter)
  const name = filter instanceof ldap.ExtensibleFilter ? filter.matchType : (filter as ldap.EqualityFilter).attribute
  return name === '' ? [] : [name]
}

class Parser {
  readonly #text: string
  #at = 0
  constructor(text: string) {
    this.#text = text
  }
  all(): Filter {
    const filter = this.#filter(0)
    if (this.#at < this.#text.length) throw new Error(`something stands behind the filter's last parenthesis`)
    return filter
  }
  #filter(depth: number): Filter {
    if (depth > DEEPEST) throw new Error('filters are nested too deeply')
    this.#expect('(')
    this.#blanks()
    const operator = this.#text[this.#at]
    let filter: Filter
    if (operator === '&' || operator === '|') {
      this.#at++
      const filters = this.#list(depth)
      filter = operator === '&' ? new ldap.AndFilter({ filters }) : new ldap.OrFilter({ filters })
    } else if (operator === '!') {
      this.#at++
      this.#blanks()
      filter = new ldap.NotFilter({ filter: this.#filter(depth + 1) })
      this.#blanks()
    } else filter = this.#item()
    this.#expect(')')
    return filter
  }
  #list(depth: number): Filter[] {
    const filters: Filter[] = []
    for (;;) {
      this.#blanks()
      if (this.#text[this.#at] !== '(') return filters
      filters.push(this.#filter(depth + 1))
    }
  }
  /** `mail=x`, to the parenthesis that closes it */
  #item(): Filter {
    const end = this.#text.indexOf(')', this.#at)
    if (end < 0) throw new Error('a parenthesis is not closed')
    const item = this.#text.slice(this.#at, end)
    this.#at = end
    const equals = item.indexOf('=')
    if (equals < 0) throw new Error(`expected attribute=value, found ${item.slice(0, 40)}`)
    const value = item.slice(equals + 1)
    if (value.includes('(')) throw new Error('an opening parenthesis stands inside a value')
    const sign = /[<>~:]$/.exec(item.slice(0, equals))?.[0] ?? ''
    const left = item.slice(0, equals - sign.length).trim()
    if (sign === ':') return extensible(left, value)
    const attribute = named(left)
    if (sign === '>') return new ldap.GreaterThanEqualsFilter({ attribute, value: textOf(value) })
    if (sign === '<') return new ldap.LessThanEqualsFilter({ attribute, value: textOf(value) })
    if (sign === '~') return new ldap.ApproximateFilter({ attribute, value: textOf(value) })
    if (value === '*') return new ldap.PresenceFilter({ attribute })
    if (!value.includes('*')) return new ldap.EqualityFilter({ attribute, value: bytesOf(value) })
    const parts = value.split('*').map(textOf)
    return new ldap.SubstringFilter({
      attribute,
      initial: parts[0]!,
      any: parts.slice(1, -1).filter((part) => part !== ''),
      final: parts.at(-1)!,
    })
  }
  #blanks(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++
  }
  #expect(c: string): void {
    if (this.#text[this.#at] !== c)
      throw new Error(c === '(' ? 'expected an opening parenthesis' : 'a parenthesis is not closed')
    this.#at++
  }
}
/** `cn:dn:2.4.6.8.10:=x`, RFC 4515 section 3 */
function extensible(left: string, value: string): Filter {
  const [attribute, ...rest] = left.split(':')
  const dnAttributes = rest[0]?.toLowerCase() === 'dn'
  if (dnAttributes) rest.shift()
  const rule = rest.shift()
  if (rest.length > 0 || (attribute === '' && rule === undefined)) throw new Error(`bad matching rule in ${left}`)
  const matchType = attribute === '' ? '' : named(attribute!)
  return new ldap.ExtensibleFilter({ matchType, dnAttributes, rule, value: textOf(value) })
}
function named(attribute: string): string {
  if (!ATTRIBUTE.test(attribute))
    throw new Error(`${attribute.slice(0, 40) || 'nothing'} is not the name of an attribute`)
  return attribute
}
/** `\2a` is a byte. */
function bytesOf(value: string): Buffer {
  if (!value.includes('\\')) return Buffer.from(value)
  const parts = value.split(/(\\[0-9a-f]{2})/i).map((part, i) => {
    if (i % 2 === 1) return Buffer.from(part.slice(1), 'hex')
    if (part.includes('\\')) throw new Error('a backslash in a value must be followed by two hexadecimal digits')
    return Buffer.from(part)
  })
  return Buffer.concat(parts)
}
function textOf(value: string): string {
  const bytes = bytesOf(value)
  const text = bytes.toString()
  if (!bytes.equals(Buffer.from(text))) throw new Error('bytes that are not UTF-8 are possible behind = only')
  return text
}
