/** Limits as one line of text, for tables and for short entries: `concurrency=2 rate=10/1m retry=5m,15m,1h`. */
import { nearest } from '@postern/core'
import type { DestinationLimits } from '@postern/core'
import { limits } from './limits.ts'

export interface Problem {
  /** the limit that is wrong; empty when it is the text as a whole */
  readonly path: readonly PropertyKey[]
  readonly message: string
}
export type Parsed = { readonly limits: DestinationLimits } | { readonly problems: readonly Problem[] }

const NAMES = Object.keys(limits.in.shape)

export function parseLimits(text: string): Parsed {
  // a value may hold spaces: `rate=10 per minute concurrency=2`
  const words = text.trim().split(/[\s,]+(?=[\w-]+\s*=)/)
  const given: Record<string, unknown> = {}
  const problems: Problem[] = []
  for (const word of words) {
    const [, name, value] = /^([\w-]+)\s*=\s*(.*\S)\s*$/s.exec(word) ?? []
    if (name === undefined) problems.push({ path: [word], message: 'expected name=value, like concurrency=2' })
    else if (!NAMES.includes(name)) problems.push({ path: [name], message: unknown(name) })
    else if (name in given) problems.push({ path: [name], message: 'stands there twice' })
    else given[name] = /^\d+$/.test(value!) ? Number(value) : value
  }
  const checked = limits.safeParse(given)
  if (problems.length === 0 && checked.success) return { limits: checked.data }
  return { problems: [...problems, ...(checked.error?.issues ?? [])] }
}
function unknown(name: string): string {
  const meant = nearest(name, NAMES)
  return meant === undefined
    ? `unknown limit; there are: ${NAMES.join(', ')}`
    : `unknown limit (did you mean "${meant}"?)`
}
/** One line for the log. */
export const problemText = (problems: readonly Problem[]): string =>
  problems.map((p) => `${p.path.map(String).join('.')}: ${p.message}`).join('; ')
