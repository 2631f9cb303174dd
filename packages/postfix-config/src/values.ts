/** Values of a type, as Postfix's programs read them. Errors are ParameterErrors in its words. */
import type { Unit } from './catalogue/kinds.ts'
import { ParameterError } from './problem.ts'

const INT_MAX = 2 ** 31 - 1
const SECONDS: Record<Unit, number> = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 }
const isUnit = (text: string): text is Unit => Object.hasOwn(SECONDS, text)

export function boolOf(name: string, text: string): boolean {
  const word = text.toLowerCase()
  if (word !== 'yes' && word !== 'no') throw new ParameterError(`bad boolean configuration: ${name} = ${text}`, name)
  return word === 'yes'
}
export function intOf(name: string, text: string): number {
  const value = Number(text)
  if (!/^[ \t\n\v\f\r]*[-+]?\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new ParameterError(`bad numerical configuration: ${name} = ${text}`, name)
  return value
}
/** Milliseconds. `unit` counts for a number without one. */
export function timeOf(name: string, text: string, unit: Unit): number {
  const match = /^[ \t\n\v\f\r]*\+?(\d+)(.?)$/.exec(text)
  const by = match?.[2] === '' ? unit : match?.[2]
  const seconds = match && by && isUnit(by) ? Number(match[1]) * SECONDS[by] : NaN
  if (!(seconds <= INT_MAX)) throw new ParameterError(`parameter ${name}: bad time value or unit: ${text}`, name)
  return seconds * 1000
}
