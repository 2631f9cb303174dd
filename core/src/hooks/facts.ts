/** Facts: every tap is called, whatever another one does. A fact that nobody taps costs one undefined check. */
import type { Fact, Facts } from '../contract/facts.ts'
import type { Logger } from '../contract/log.ts'
import { textOf, traceOf } from '../errors.ts'

export interface FactRecord {
  readonly fact: Fact
  readonly use: string
  readonly fn: (fact: never) => undefined
}
export type FactSet = { readonly [F in Fact]?: (fact: Facts[F]) => void }

export function compileFacts(records: readonly FactRecord[], log: Logger): FactSet {
  const set: Record<string, (fact: unknown) => void> = {}
  for (const fact of new Set(records.map((r) => r.fact))) {
    const taps = records.filter((r) => r.fact === fact)
    set[fact] = (value) => {
      for (const tap of taps) tell(tap, value, log)
    }
  }
  return set as FactSet
}
function tell(tap: FactRecord, value: unknown, log: Logger): void {
  try {
    const answer: unknown = tap.fn(value as never)
    // plain JavaScript may hand an async function in: its rejection must not end the process
    if (answer instanceof Promise)
      answer.catch((error: unknown) =>
        log.error('plugin.fault', { use: tap.use, hook: tap.fact, cause: textOf(error) }),
      )
  } catch (error) {
    log.error('plugin.fault', {
      use: tap.use,
      hook: tap.fact,
      cause: traceOf(error),
    })
  }
}
