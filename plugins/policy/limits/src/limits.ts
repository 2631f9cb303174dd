/** What can be limited, as it is written and as the scheduler takes it. */
import { duration } from '@postern/core'
import type { DestinationLimits } from '@postern/core'
import { z } from 'zod'
import { parseRate, RATE } from './rate.ts'

const positive = duration().refine((ms) => ms > 0, 'expected a time above 0')

const schedule = z
  .union(
    [z.array(positive).min(1), positive, z.string().regex(/,/).transform(splitSchedule)],
    'expected times like 5m,15m,1h',
  )
  .transform((v) => (Array.isArray(v) ? v : [v]))

export const limits = z
  .strictObject({
    concurrency: z.int().positive().optional().describe('deliveries at a time'),
    initialConcurrency: z
      .int()
      .positive()
      .optional()
      .describe('deliveries at a time to begin with, and after the site was away'),
    recipients: z.int().positive().optional().describe('recipients per delivery'),
    delay: duration()
      .optional()
      .describe('pause between the end of a delivery and the next one; above 0 there is one at a time'),
    rate: z
      .string()
      .regex(RATE, 'expected a rate like 10/1m, "10 per minute", 500/h')
      .transform(parseRate)
      .refine((r) => r.count > 0 && r.per > 0, 'expected a rate above 0')
      .optional()
      .describe('deliveries in each span of time, over all workers: 10/1m, "10 per minute", 500/h'),
    retry: schedule
      .optional()
      .describe('times between attempts, 5m,15m,1h or a list; the last one repeats. Default: grows with the age'),
  })
  .transform(({ delay, ...rest }): DestinationLimits => (delay === undefined ? rest : { ...rest, rateDelay: delay }))

function splitSchedule(text: string, context: z.RefinementCtx): number[] {
  return text.split(',').map((word) => {
    const parsed = positive.safeParse(word.trim())
    if (parsed.success) return parsed.data
    context.addIssue({ code: 'custom', message: `"${word.trim()}": ${parsed.error.issues[0]!.message}` })
    return 0
  })
}
