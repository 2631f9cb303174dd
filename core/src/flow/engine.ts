/** What the parts of the flow share: the current graph, the store, the clock. Belongs to the node. */
import type { Clock } from '../contract/clock.ts'
import type { Shared } from '../contract/shared.ts'
import type { QueueStore } from '../contract/store.ts'
import type { Stage, View } from '../contract/stages.ts'
import { STAGES } from '../contract/stages.ts'
import type { MaybePromise } from '../contract/listener.ts'
import type { Graph, ListenerHooks } from '../graph/graph.ts'
import { HookCall } from '../hooks/call.ts'
import type { AbortScope, CallFrame } from '../hooks/call.ts'
import type { Hook } from '../hooks/compile.ts'
import type { Result } from '../hooks/guard.ts'
import type { QueueManager } from './queue-manager.ts'

export interface Engine {
  readonly clock: Clock
  readonly store: QueueStore
  readonly queue: QueueManager
  readonly shared: Shared
  /** processes that share the work: limits are divided by it */
  readonly workers: number
  /** 0 to 1, for jitter */
  readonly random: () => number
  /** ends when the node stops */
  readonly scope: AbortScope
  /** the graph that new sessions and attempts get, for what is over in this turn of the loop */
  readonly graph: Graph
  /** the same, pinned until `release` */
  pin(): { readonly graph: Graph; release(): void }
}

/** Runs a stage's hook; `undefined` at once when nobody taps it. */
export function runStage<S extends Stage>(
  hooks: ListenerHooks['hooks'],
  stage: S,
  view: View<S>,
  frame: CallFrame,
): MaybePromise<Result | undefined> {
  const hook = hooks[stage] as Hook<S> | undefined
  return hook ? runHook(hook, view, frame) : undefined
}
export function runHook<S extends Stage>(
  hook: Hook<S>,
  view: View<S>,
  frame: CallFrame,
): MaybePromise<Result | undefined> {
  const call = new HookCall(frame, STAGES[hook.stage].deadline)
  const result = hook.run(view, call)
  if (!(result instanceof Promise)) {
    call.done()
    return result
  }
  return result.finally(() => call.done())
}
/** `fn` now when the value is there, later when it is promised. */
export function then<T, R>(value: MaybePromise<T>, fn: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(fn) : fn(value)
}
