/** The plugin's options. */
import { tableRef } from '@postern/core'
import type { DestinationLimits } from '@postern/core'
import { z } from 'zod'
import { isKey } from './keys.ts'
import { limits } from './limits.ts'
import { parseLimits } from './text.ts'

const text = z.string().transform((given, context): DestinationLimits => {
  const parsed = parseLimits(given)
  if ('limits' in parsed) return parsed.limits
  for (const { path, message } of parsed.problems) context.addIssue({ code: 'custom', path: [...path], message })
  return {}
})

export const options = z.strictObject({
  destinations: z
    .record(z.string(), z.union([limits, text]))
    .default({})
    .superRefine(checkKeys)
    .describe('limits by destination: example.com, .example.com, transport:nexthop, transport:, or *'),
  destinationLimits: tableRef()
    .optional()
    .describe('a table with the same keys; its values are text: concurrency=2 rate=10/1m'),
})
export type Options = z.output<typeof options>

function checkKeys(destinations: Record<string, DestinationLimits>, context: z.RefinementCtx): void {
  const seen = new Map<string, string>()
  for (const key of Object.keys(destinations)) {
    const bad = (message: string) => context.addIssue({ code: 'custom', path: [key], message })
    if (!isKey(key)) bad('expected example.com, .example.com, transport:nexthop, transport: or *')
    const other = seen.get(key.toLowerCase())
    if (other !== undefined) bad(`the same destination as "${other}"`)
    seen.set(key.toLowerCase(), key)
  }
}
