/** What every queue store must promise (docs/architecture.md, "The queue"). */
import { suite } from 'uvu'
import { onBench } from './queue-bench.ts'
import type { Each, MakeStore } from './queue-bench.ts'
import { commits } from './queue-commits.ts'
import { outcomes } from './queue-outcomes.ts'
import { verbs } from './queue-verbs.ts'

export type { MakeStore } from './queue-bench.ts'

/** Registers and runs the suite. */
export function queueStoreContract(name: string, make: MakeStore): void {
  const test = suite(`queue store contract: ${name}`)
  const each: Each = (title, body) => test(title, () => onBench(make, body))
  for (const chapter of [commits, outcomes, verbs]) chapter(each)
  test.run()
}
