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
export function expand(template: string, { value, key, quote = (text) => text }: Expansion): string | undefined {
  if (value === '') return undefined
  let out = ''
  for (const piece of cut(template)) {
    if (typeof piece === 'string') {
      out += piece
      continue
    }
    const part = partFor(piece.code, value, key)
    if (part === undefined) return undefined
    out += part.raw === undefined ? quote(part.text) : part.raw
  }
  return out
}
/** A text that goes as it is, or the letter behind a `%`. */
type Piece = string | { readonly code: string | undefined }
/** Templates come from the configuration, and each is asked for at every lookup. */
const known = new Map<string, readonly Piece[]>()
const KNOWN = 1000
function cut(template: string): readonly Piece[] {
  const have = known.get(template)
  if (have) return have
  const pieces: Piece[] = []
  for (const [, text, code] of template.matchAll(/([^%]+)|%([\s\S]?)/g))
    pieces.push(text ?? { code: code || undefined })
  if (known.size >= KNOWN) known.clear()
  known.set(template, pieces)
  return pieces
}
interface Part {
  readonly text: string
  /** not put in from outside: goes as it is */
  readonly raw?: string
}
function partFor(code: string | undefined, value: string, key: string | undefined): Part | undefined {
  const of = code !== undefined && /[SUD]/.test(code) ? (key ?? value) : value
  const at = of.lastIndexOf('@')
  switch (code) {
    case '%':
      return { text: '', raw: '%' }
    case 's':
    case 'S':
      return { text: of }
    case 'u':
    case 'U':
      return part(at >= 0 ? of.slice(0, at) : of)
    case 'd':
    case 'D':
      return at >= 0 ? part(of.slice(at + 1)) : undefined
    default: {
      // the labels are those of the key, in a result too
      const whole = key ?? value
      const labels = whole.includes('@') ? whole.slice(whole.lastIndexOf('@') + 1).split('.') : []
      return part(labels.filter((label) => label !== '').at(-Number(code)))
    }
  }
}
const part = (text: string | undefined): Part | undefined => (text === undefined || text === '' ? undefined : { text })

/**
 * Has the key all that the format of results takes from it (`%S %U %D %1` to `%9`)? Without, each result would be left out,
 * and no query need be made.
 */
export function keyHasAll(format: string, key: string): boolean {
  for (const piece of cut(format))
    if (typeof piece !== 'string' && /^[SUD1-9]$/.test(piece.code ?? '') && partFor(piece.code, key, key) === undefined)
      return false
  return true
}

/** What is wrong with a template, if anything. */
export function templateProblem(template: string): string | undefined {
  for (const [whole, code] of template.matchAll(/%([\s\S]?)/g))
    if (!/^[%sudSUD1-9]$/.test(code!)) return `unknown ${whole}; expected %s, %u, %d, %1 to %9, %S, %U, %D or %%`
  return undefined
}
