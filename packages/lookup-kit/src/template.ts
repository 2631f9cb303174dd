/**
 * Templates of queries and results, as mysql_table(5), ldap_table(5) and their likes have them:
 *
 *   %%        a percent sign
 *   %s %u %d  the text, its local part (all of it when it has no domain), its domain
 *   %1 to %9  a label of its domain, %1 the rightmost
 *   %S %U %D  in a result: the same of the key that was looked up; in a query: as the small letters
 *
 * A template that asks for what is not there (a domain of a bare name, `%u` of `@example.com`, `%3` of `example.com`) gives
 * nothing: no query is made, or the result is left out. Empty labels do not count.
 */

export interface Expansion {
  /** what is put in for `%s` and its parts: the key of a query, a column of a result */
  readonly value: string
  /** the key that was looked up, in a result */
  readonly key?: string
  /** makes what is put in safe for the language of the template */
  readonly quote?: (text: string) => string
}

/** `undefined`: the template asks for what is not there, or the value is empty. */
export const expand = (template: string, { value, key, quote }: Expansion): string | undefined =>
  templateOf(template).fill(value, key, quote)

/**
 * Has the key all that the format of results takes from it (`%S %U %D %1` to `%9`)? Without, each result would be left out,
 * and no query need be made.
 */
export const keyHasAll = (format: string, key: string): boolean => templateOf(format).keyHasAll(key)

/** A text that goes as it is, or the letter behind a `%`. */
type Piece = { readonly text: string } | { readonly code: string }

/** A template taken to pieces once: it is filled at every lookup. */
export class Template {
  readonly #pieces: readonly Piece[]
  /** the codes whose parts are the key's in a result */
  readonly #ofKey: readonly string[]

  constructor(template: string) {
    const pieces: Piece[] = []
    for (const [, text, code] of template.matchAll(/([^%]+)|%([\s\S]?)/g))
      pieces.push(text !== undefined ? { text } : code === '%' ? { text: '%' } : { code: code! })
    this.#pieces = pieces
    this.#ofKey = pieces.flatMap((piece) => ('code' in piece && /[SUD1-9]/.test(piece.code) ? [piece.code] : []))
  }
  /** As `expand`. */
  fill(value: string, key?: string, quote?: (text: string) => string): string | undefined {
    if (value === '') return undefined
    let out = ''
    for (const piece of this.#pieces) {
      if ('text' in piece) {
        out += piece.text
        continue
      }
      const part = partFor(piece.code, value, key)
      if (part === undefined || part === '') return undefined
      out += quote ? quote(part) : part
    }
    return out
  }
  keyHasAll(key: string): boolean {
    for (const code of this.#ofKey) if (!partFor(code, key, key)) return false
    return true
  }
}
/** Templates come from the configuration, and there are few. */
const known = new Map<string, Template>()
const KNOWN = 1000
function templateOf(text: string): Template {
  const have = known.get(text)
  if (have) return have
  const template = new Template(text)
  if (known.size >= KNOWN) known.clear()
  known.set(text, template)
  return template
}
/** What stands for a code; nothing or empty: it is not there. */
function partFor(code: string, value: string, key: string | undefined): string | undefined {
  switch (code) {
    case 's':
      return value
    case 'S':
      return key ?? value
    case 'u':
      return localPart(value)
    case 'U':
      return localPart(key ?? value)
    case 'd':
      return domainPart(value)
    case 'D':
      return domainPart(key ?? value)
    default: {
      // the labels are those of the key, in a result too
      const labels = (domainPart(key ?? value) ?? '').split('.')
      return labels.filter((label) => label !== '').at(-Number(code))
    }
  }
}
function localPart(address: string): string {
  const at = address.lastIndexOf('@')
  return at >= 0 ? address.slice(0, at) : address
}
function domainPart(address: string): string | undefined {
  const at = address.lastIndexOf('@')
  return at >= 0 ? address.slice(at + 1) : undefined
}

/** What is wrong with a template, if anything. */
export function templateProblem(template: string): string | undefined {
  for (const [whole, code] of template.matchAll(/%([\s\S]?)/g))
    if (!/^[%sudSUD1-9]$/.test(code!)) return `unknown ${whole}; expected %s, %u, %d, %1 to %9, %S, %U, %D or %%`
  return undefined
}
