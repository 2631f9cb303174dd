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
/** `wide`: Postfix keeps it in 64 bits, else in 32. */
export function intOf(name: string, text: string, wide = false): number {
  const value = Number(text)
  const fits = wide ? Number.isSafeInteger(value) : value >= -INT_MAX - 1 && value <= INT_MAX
  if (!/^[ \t\n\v\f\r]*[-+]?\d+$/.test(text) || !fits)
    throw new ParameterError(`bad numerical configuration: ${name} = ${text}`, name)
  return value
}
/**
 * Milliseconds. `unit` counts for a number without one. What follows the unit is not looked at: `1h30m` is one hour,
 * and a unit alone is none of it, as in Postfix 3.7; `ignoredBehind` tells.
 */
export function timeOf(name: string, text: string, unit: Unit): number {
  const [, number = '0', given = ''] = TIME.exec(text) ?? []
  const by = given === '' ? unit : given
  const value = Number(number)
  const most = isUnit(by) ? (by === 's' ? INT_MAX : Math.floor(INT_MAX / SECONDS[by]) - 1) : -1
  if (text === '' || value < 0 || value > most || !isUnit(by))
    throw new ParameterError(`parameter ${name}: bad time value or unit: ${text}`, name)
  return value * SECONDS[by] * 1000
}
const TIME = /^[ \t\n\v\f\r]*([-+]?\d+)?(.?)(.*)$/s
/** What stands behind the unit of a time: nobody reads it. */
export const ignoredBehind = (text: string): string => TIME.exec(text)?.[3] ?? ''
