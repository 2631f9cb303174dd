/**
 * Templates of queries and results, as mysql_table(5), ldap_table(5) and their likes have them:
 *
 *   %%        a percent sign
 *   %s %u %d  the text, its local part (all of it when it has no domain), its domain
 *   %1 to %9  a label of its domain, %1 the rightmost
 *   %S %U %D  in a result: the same of the key that was looked up; in a query: as the small letters
 *
 * A template that asks for what is not there (a domain of a bare name, `%3` of `example.com`) gives nothing: no query is
 * made, or the result is left out.
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
  for (let i = 0; i < template.length; i++) {
    if (template[i] !== '%') {
      out += template[i]
      continue
    }
    const part = partFor(template[++i], value, key)
    if (part === undefined) return undefined
    out += part.raw === undefined ? quote(part.text) : part.raw
  }
  return out
}
interface Part {
  readonly text: string
  /** not put in from outside: goes as it is */
  readonly raw?: string
}
function partFor(code: string | undefined, value: string, key: string | undefined): Part | undefined {
  const of = code !== undefined && /[SUD]/.test(code) ? (key ?? value) : value
  const at = of.lastIndexOf('@')
  const domain = at >= 0 ? of.slice(at + 1) : undefined
  switch (code) {
    case '%':
      return { text: '', raw: '%' }
    case 's':
    case 'S':
      return { text: of }
    case 'u':
    case 'U':
      return { text: at >= 0 ? of.slice(0, at) : of }
    case 'd':
    case 'D':
      return domain === undefined ? undefined : { text: domain }
    default: {
      // the labels are those of the key, in a result too
      const whole = key ?? value
      const labels = whole.includes('@') ? whole.slice(whole.lastIndexOf('@') + 1).split('.') : []
      const label = labels.at(-Number(code))
      return label === undefined || label === '' ? undefined : { text: label }
    }
  }
}

/** What is wrong with a template, if anything. */
export function templateProblem(template: string): string | undefined {
  for (const [whole, code] of template.matchAll(/%([\s\S]?)/g))
    if (!/^[%sudSUD1-9]$/.test(code!)) return `unknown ${whole}; expected %s, %u, %d, %1 to %9, %S, %U, %D or %%`
  return undefined
}
