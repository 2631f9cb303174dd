/** Texts with `$name` and its conditions (luser_relay of postconf(5)). */
import { nearest } from '@postern/core'

/** What a name stands for; `undefined` and `''` are both "empty". */
export type Values = Readonly<Record<string, string | undefined>>

type Part =
  | string
  | { readonly name: string; readonly kind: 'value' }
  | { readonly name: string; readonly kind: 'choice'; readonly full: Template; readonly empty: Template }
export type Template = readonly Part[]

const CLOSING: Readonly<Record<string, string>> = { '{': '}', '(': ')' }
const NAME = /^\s*(\w+)\s*/

/** Throws a SyntaxError that says what is wrong. */
export function parseTemplate(text: string, names: readonly string[]): Template {
  const parts: Part[] = []
  let plain = ''
  const push = (part: Part) => {
    if (plain !== '') parts.push(plain)
    plain = ''
    parts.push(part)
  }
  for (let i = 0; i < text.length; i++) {
    const next = text[i + 1] ?? ''
    if (text[i] !== '$') plain += text[i]
    else if (next === '$') plain += text[i++]
    else if (next in CLOSING) {
      const end = closing(text, i + 1)
      push(reference(text.slice(i + 2, end), names))
      i = end
    } else {
      const name = /^\w+/.exec(text.slice(i + 1))?.[0]
      if (name === undefined) throw new SyntaxError(`"$" without a name behind it in "${text}"; "$$" is a dollar`)
      push({ kind: 'value', name: known(name, names) })
      i += name.length
    }
  }
  if (plain !== '') parts.push(plain)
  return parts
}
export const expandTemplate = (template: Template, values: Values): string =>
  template
    .map((part) => {
      if (typeof part === 'string') return part
      const value = values[part.name] ?? ''
      return part.kind === 'value' ? value : expandTemplate(value === '' ? part.empty : part.full, values)
    })
    .join('')

/** The texts of a template that stand for themselves; of the names in `asAt`, an `@`. */
export const literals = (template: Template, asAt: readonly string[] = []): string[] =>
  template.flatMap((part) => {
    if (typeof part === 'string') return [part]
    if (part.kind === 'choice') return [...literals(part.full, asAt), ...literals(part.empty, asAt)]
    return asAt.includes(part.name) ? ['@'] : []
  })

/** `name`, `name?text`, `name:text`, `name?{text}`, `name:{text}`, `name?{text}:{text}` */
function reference(inside: string, names: readonly string[]): Part {
  const m = NAME.exec(inside)
  if (!m) throw new SyntaxError(`no name in "\${${inside}}"`)
  const name = known(m[1]!, names)
  const rest = inside.slice(m[0].length)
  if (rest === '') return { kind: 'value', name }
  const sign = rest[0]
  if (sign !== '?' && sign !== ':') throw new SyntaxError(`expected "?" or ":" behind the name in "\${${inside}}"`)
  const [first, second] = alternatives(rest.slice(1), inside)
  if (sign === ':' && second !== undefined) throw new SyntaxError(`"\${${inside}}" has one text too many`)
  const parse = (text: string | undefined) => parseTemplate(text ?? '', names)
  return sign === '?'
    ? { kind: 'choice', name, full: parse(first), empty: parse(second) }
    : { kind: 'choice', name, full: [], empty: parse(first) }
}
function alternatives(text: string, inside: string): [first: string, second?: string] {
  const trimmed = text.trim()
  if (!trimmed.startsWith('{')) return [text]
  const end = closing(trimmed, 0)
  const first = trimmed.slice(1, end).trim()
  const rest = trimmed.slice(end + 1).trim()
  if (rest === '') return [first]
  const other = rest.replace(/^:\s*/, '')
  if (other === rest || !other.startsWith('{') || closing(other, 0) !== other.length - 1)
    throw new SyntaxError(`expected ":{text}" at the end of "\${${inside}}"`)
  return [first, other.slice(1, -1).trim()]
}
/** Index of what closes the bracket at `at`. */
function closing(text: string, at: number): number {
  const open = text[at]!
  const close = CLOSING[open]!
  let depth = 0
  for (let i = at; i < text.length; i++) {
    if (text[i] === open) depth++
    else if (text[i] === close && --depth === 0) return i
  }
  throw new SyntaxError(`"${open}" is not closed in "${text}"`)
}
function known(name: string, names: readonly string[]): string {
  if (names.includes(name)) return name
  const near = nearest(name, names)
  throw new SyntaxError(
    `there is no $${name}${near === undefined ? '' : ` (did you mean $${near}?)`}: ${names.join(', ')}`,
  )
}
