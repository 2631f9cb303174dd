/** From records to hooks: one hook set per listener, one for the root. A stage that nobody taps has no hook at all. */
import { AsyncSeriesBailHook } from 'tapable'
import { STAGES } from '../contract/stages.ts'
import type { Stage, View } from '../contract/stages.ts'
import type { HookCall } from './call.ts'
import { guard } from './guard.ts'
import type { FaultBudget, Result } from './guard.ts'
import { order } from './order.ts'
import type { TapRecord } from './record.ts'

export interface Hook<S extends Stage = Stage> {
  readonly stage: S
  readonly taps: readonly TapRecord[]
  /** Synchronous when every tap was. */
  run(view: View<S>, call: HookCall): Result | undefined | Promise<Result | undefined>
}
export type HookSet = { readonly [S in Stage]?: Hook<S> }

export function compileHook<S extends Stage>(
  stage: S,
  records: readonly TapRecord[],
  budget: FaultBudget,
): Hook<S> | undefined {
  if (records.length === 0) return undefined
  const taps = order(records)
  const hook = new AsyncSeriesBailHook<[unknown, HookCall], Result>(['view', 'call'], stage)
  // registered in final order, always with tapAsync: tapable's own stage and before are never used
  for (const r of taps) hook.tapAsync(`${r.use.name}:${r.name}`, guard(r, budget) as never)
  return { stage, taps, run: (view, call) => runHook(hook, view, call) }
}

function runHook(hook: AsyncSeriesBailHook<[unknown, HookCall], Result>, view: unknown, call: HookCall) {
  let result: Result | undefined
  let ended = false
  let wake: ((r: Result | undefined) => void) | undefined
  hook.callAsync(view, call, (error, r) => {
    // the guard never gives an error; one from tapable itself is a bug that must not hang the session
    if (error) throw error
    result = r ?? undefined
    ended = true
    wake?.(result)
  })
  if (ended) return result
  return new Promise<Result | undefined>((resolve) => (wake = resolve))
}

/** Root and listener taps together, in order; `listener` undefined is the root's own set. */
export function compileSet(records: readonly TapRecord[], listener: string | undefined, budget: FaultBudget): HookSet {
  const mine = records.filter(
    (r) =>
      (r.listener === undefined || r.listener === listener) && !(listener !== undefined && r.notIn.includes(listener)),
  )
  const set: { -readonly [S in Stage]?: Hook } = {}
  for (const stage of Object.keys(STAGES) as Stage[]) {
    if (stage === 'command') continue
    if (listener !== undefined && STAGES[stage].scope === 'root') continue
    set[stage] = compileHook(
      stage,
      mine.filter((r) => r.hook === stage),
      budget,
    )
  }
  return set as HookSet
}
/** Commands: one hook a verb. */
export function compileCommands(
  records: readonly TapRecord[],
  listener: string,
  budget: FaultBudget,
): Map<string, Hook<'command'>> {
  const verbs = new Map<string, TapRecord[]>()
  for (const r of records) {
    if (r.hook !== 'command' || (r.listener !== undefined && r.listener !== listener) || r.notIn.includes(listener))
      continue
    verbs.set(r.verb!, [...(verbs.get(r.verb!) ?? []), r])
  }
  return new Map([...verbs].map(([verb, list]) => [verb, compileHook('command', list, budget)!]))
}
