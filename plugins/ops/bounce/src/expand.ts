/** `$name`, `${name}`, `$(name)`, `${name?text}`, `${name:text}` and `$$` in a template's body. */
import { nearest } from '@postern/core'

/** A name's value; throws for a name that does not exist. */
export type Values = (name: string) => string

export class UnknownName extends Error {
  constructor(name: string, known: Iterable<string>) {
    const near = nearest(name, known)
    super(`unknown parameter $${name}${near ? ` (did you mean $${near}?)` : ''}`)
  }
}

export function expand(line: string, values: Values): string {
  let out = ''
  for (let at = 0; at < line.length;) {
    const dollar = line.indexOf('$', at)
    if (dollar < 0) return out + line.slice(at)
    out += line.slice(at, dollar)
    const part = partAt(line, dollar + 1)
    out += part.kind === 'text' ? part.text : valueOf(part, values)
    at = part.end
  }
  return out
}

type Part =
  | { readonly kind: 'text'; readonly text: string; readonly end: number }
  | {
      readonly kind: 'name'
      readonly name: string
      readonly test?: '?' | ':'
      readonly then: string
      readonly end: number
    }

const NAME = /[A-Za-z0-9_]+/y
const INSIDE = /^([A-Za-z0-9_]+)(?:([?:])(.*))?$/s

function partAt(line: string, at: number): Part {
  const open = line[at]
  if (open === '$') return { kind: 'text', text: '$', end: at + 1 }
  if (open === '{' || open === '(') {
    const end = closing(line, at)
    const inside = INSIDE.exec(line.slice(at + 1, end))
    if (!inside) throw new Error(`bad $name syntax: $${line.slice(at, end + 1)}`)
    return {
      kind: 'name',
      name: inside[1]!,
      test: inside[2] as '?' | ':' | undefined,
      then: inside[3] ?? '',
      end: end + 1,
    }
  }
  NAME.lastIndex = at
  const name = NAME.exec(line)?.[0]
  if (name === undefined) throw new Error('bad $name syntax: a dollar sign is written $$')
  return { kind: 'name', name, then: '', end: at + name.length }
}
function closing(line: string, open: number): number {
  const pair = line[open] === '{' ? '{}' : '()'
  let depth = 0
  for (let i = open; i < line.length; i++) {
    if (line[i] === pair[0]) depth++
    else if (line[i] === pair[1] && --depth === 0) return i
  }
  throw new Error(`bad $name syntax: ${line.slice(open - 1)} is not closed`)
}
function valueOf(part: Extract<Part, { kind: 'name' }>, values: Values): string {
  const value = values(part.name)
  if (part.test === undefined) return value
  // text that is not used must be right as well
  const then = expand(part.then, values)
  return (value !== '') === (part.test === '?') ? then : ''
}
