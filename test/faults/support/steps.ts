/** Kills a journal at its steps, one life after the other on the same folder, and looks each time what is left. */
import { random } from '@postern/testkit'
import { progress, row } from './report.ts'
import { JournalUnderTest } from './store-run.ts'
import type { Step } from './store-run.ts'
import * as assert from 'uvu/assert'

const MESSAGES = 100

export interface StepOptions {
  readonly name: string
  readonly path: string
  /** a file outside the disk under test */
  readonly trace: string
  readonly runs: number
  readonly seed: number
  /** after each death, before the look */
  readonly after?: (n: number) => void
}
export async function killAtSteps(o: StepOptions): Promise<void> {
  const journal = new JournalUnderTest(o.trace)
  const counts = await journal.count(o.path, o.seed, MESSAGES)
  const found = { lost: [] as string[], resurrected: [] as string[], damaged: [] as string[] }
  const hit = new Map<string, number>()
  const where = choose(counts, o.runs, o.seed)
  for (const [n, [call, when]] of where.entries()) {
    const life = await journal.life(o.path, o.seed + n, MESSAGES, `${call}:signal=KILL:when=${when}`)
    if (!life.done && life.step === 'none')
      assert.unreachable(`no end at ${call} ${when}: ${life.how} ${life.errors}\n${journal.lastCalls}`)
    o.after?.(n)
    const seen = await journal.check(o.path)
    for (const kind of ['lost', 'resurrected', 'damaged'] as const)
      for (const id of seen[kind]) {
        progress(`${kind}: ${id}, at ${call} ${when} (${life.step}), run ${n}, seed ${o.seed}`)
        found[kind].push(id)
      }
    assert.equal([...seen.unreadable, ...seen.problems], [], `after ${call} ${when} (${life.step})`)
    const step = life.done ? 'to the end' : life.step
    hit.set(step, (hit.get(step) ?? 0) + 1)
    if (n % 20 === 19) progress(`${n + 1} of ${where.length} steps, ${journal.acknowledged} acknowledged`)
  }
  const { lost, resurrected, damaged } = found
  const note = [...hit].sort(([, a], [, b]) => b - a).map(([step, n]) => `${step} ${n}`)
  row({
    name: o.name,
    runs: where.length,
    acknowledged: journal.acknowledged,
    lost: lost.length + damaged.length,
    explained: 0,
    unexplained: resurrected.length,
    note: note.join(', '),
  })
  assert.equal([...lost, ...resurrected, ...damaged], [], `${o.name}: lost, back to life, or with other bytes`)
}

/** Every call of every kind, one past the last too; when there are fewer runs than that, any of them, all kinds alike. */
function choose(counts: ReadonlyMap<Step, number>, runs: number, seed: number): [Step, number][] {
  const next = random(seed)
  const left = [...counts].map(([call, most]) =>
    Array.from({ length: most + 1 }, (_, n): [Step, number] => [call, n + 1]).sort(() => next() - 0.5),
  )
  const chosen: [Step, number][] = []
  for (let turn = 0; chosen.length < runs; turn++) {
    const kind = left[turn % left.length]!
    // all of this kind have been: once more, with another seed's load
    const pair = kind.shift()
    if (pair) chosen.push(pair)
    else if (left.every((l) => l.length === 0)) return [...chosen, ...choose(counts, runs - chosen.length, seed + 1)]
  }
  return chosen
}
