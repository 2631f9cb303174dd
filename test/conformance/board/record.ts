/** Writes down what the live Postfix does under a case. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readCase } from '../cases.ts'
import { compareAt, showDifference } from '../judge/compare.ts'
import type { Observed } from '../judge/observed.ts'
import { runInside } from '../outside.ts'

/** Keys in order, so that a second record of the same is the same file. */
export function recordText(observed: Observed): string {
  const sorted = (_key: string, value: unknown): unknown =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : value
  return `${JSON.stringify(observed, sorted, 1)}\n`
}

/** Asks twice: what differs between two runs judges nobody. Why it was not recorded, or undefined. */
export async function record(folder: string, limit: number): Promise<string | undefined> {
  const order = { case: readCase(folder).folder, server: 'postfix' }
  const first = await runInside(order, limit)
  if (!first.observed) return `${first.error}\n${first.output ?? ''}`
  const second = await runInside(order, limit)
  if (!second.observed) return `the second time: ${second.error}\n${second.output ?? ''}`
  if (recordText(first.observed) !== recordText(second.observed)) {
    const [difference] = compareAt('full', first.observed, second.observed).differences
    return ['two runs differ', ...(difference ? showDifference(difference) : ['in their order only'])].join('\n')
  }
  writeFileSync(join(folder, 'expected.json'), recordText(first.observed))
  return undefined
}
