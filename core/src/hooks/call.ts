/** The call object: one per hook invocation; its abort signal is made only when somebody asks for it. */
import type { Call, Trace } from '../contract/call.ts'
import type { Clock, Timer } from '../contract/clock.ts'
import type { AnyEdit } from '../contract/edits.ts'
import { withFields } from '../contract/log.ts'
import type { Logger } from '../contract/log.ts'
import { PassingSet } from '../passing.ts'

/** Something that can end while calls are under way: a session, an attempt, the node. */
export class AbortScope {
  #reason: Error | undefined
  #listeners: PassingSet<(reason: Error) => void> | undefined

  get reason(): Error | undefined {
    return this.#reason
  }
  abort(reason: Error): void {
    if (this.#reason) return
    this.#reason = reason
    for (const fn of this.#listeners ?? []) fn(reason)
    this.#listeners = undefined
  }
  /** Returns what takes the listener away again. */
  onAbort(fn: (reason: Error) => void): () => void {
    const reason = this.#reason
    if (reason) {
      // never at once: the caller does not hold yet what it needs to react
      let wanted = true
      queueMicrotask(() => wanted && fn(reason))
      return () => void (wanted = false)
    }
    return (this.#listeners ??= new PassingSet()).add(fn)
  }
}

/** Where a stage's edits go. Throws for an edit that cannot be applied: that is the tap's fault. */
export interface EditTarget {
  apply(edit: AnyEdit, by: string): void
  /** What takes back everything that is applied from now on. */
  snapshot(): () => void
}

export interface CallFrame {
  readonly scope: AbortScope
  readonly clock: Clock
  readonly log: Logger
  readonly trace?: Trace
  /** without a trace too */
  readonly dry?: boolean
  readonly edits?: EditTarget
  /** for the log: `session`, `id` */
  readonly ids?: Readonly<Record<string, string>>
}

export class HookCall implements Call {
  readonly frame: CallFrame
  readonly deadline: number
  /** whose tap runs now */
  use: string | undefined
  #over = false
  #aborted = false
  #listeners: Set<(reason: Error) => void> | undefined
  #controller: AbortController | undefined
  #release: (() => void) | undefined
  #timer: Timer | undefined

  constructor(frame: CallFrame, ms: number) {
    this.frame = frame
    this.deadline = frame.clock.now() + ms
  }
  get clock(): Clock {
    return this.frame.clock
  }
  /** Carries the use, and the ids of session and message. */
  get log(): Logger {
    return withFields(this.frame.log, { use: this.use, ...this.frame.ids })
  }
  get trace(): Trace | undefined {
    return this.frame.trace
  }
  get dry(): boolean {
    return this.frame.dry === true || this.frame.trace !== undefined
  }
  get signal(): AbortSignal {
    if (!this.#controller) {
      const controller = (this.#controller = new AbortController())
      // asked for too late: what would listen now would listen for ever
      if (this.#over) controller.abort(new Error('the call is over'))
      else if (this.frame.scope.reason) controller.abort(this.frame.scope.reason)
      this.#heed()
    }
    return this.#controller.signal
  }
  get aborted(): boolean {
    return this.#aborted || this.frame.scope.reason !== undefined
  }
  onAbort(fn: (reason: Error) => void): () => void {
    const listeners = (this.#listeners ??= new Set())
    listeners.add(fn)
    this.#heed()
    return () => void listeners.delete(fn)
  }
  /** Listens to the scope, once for all who listen here; ends with the call, whoever forgets to. */
  #heed(): void {
    if (!this.#over) this.#release ??= this.frame.scope.onAbort((reason) => this.abort(reason))
  }
  /** Ends the wait for a pending tap after `ms`, or when the scope ends. One timer at a time. */
  arm(ms: number, fn: (reason: Error | undefined) => void): () => void {
    const left = Math.max(0, Math.min(ms, this.deadline - this.clock.now()))
    this.#timer = this.clock.after(left, () => fn(undefined))
    const release = this.frame.scope.onAbort((reason) => fn(reason))
    return () => {
      this.#timer?.cancel()
      release()
    }
  }
  /** Tells whoever still works on this call that nobody waits any more. */
  abort(reason: Error): void {
    this.#aborted = true
    this.#controller?.abort(reason)
    const listeners = this.#listeners
    this.#listeners = undefined
    for (const fn of listeners ?? []) fn(reason)
  }
  done(): void {
    this.#over = true
    this.#timer?.cancel()
    this.#release?.()
  }
}

/** A plugin's own call, outside any hook: its signal fires after `ms`. `done`: it is over. */
export interface OwnCall {
  readonly call: Call
  done(): void
}
export function ownCall(clock: Clock, log: Logger, ms: number): OwnCall {
  const scope = new AbortScope()
  const call = new HookCall({ scope, clock, log }, ms)
  const timer = clock.after(ms, () => scope.abort(new Error(`no end within ${ms} ms`)))
  return {
    call,
    done() {
      timer.cancel()
      call.done()
    },
  }
}
