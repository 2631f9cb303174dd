/**
 * The guard around every tap. tapable never sees a plugin's function: it sees this one, which calls back exactly once,
 * whatever the function does (see docs/architecture.md, "What tapable must not see").
 */
import type { AnyEdit } from '../contract/edits.ts'
import { STAGES } from '../contract/stages.ts'
import { textOf } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import { checkAnswer } from './check.ts'
import type { HookCall } from './call.ts'
import { Breaker, faultFields, faultOf } from './fault.ts'
import type { Fault } from './fault.ts'
import type { TapRecord } from './record.ts'

/** How a stage ended: a verdict, or a fault that the stage turns into its deferral. */
export interface Result {
  readonly verdict?: { readonly kind: string }
  readonly fault?: Fault
  readonly by: TapRecord
}
export type Done = (error: null, result?: Result) => void
export type Guarded = (view: unknown, call: HookCall, done: Done) => void

export interface FaultBudget {
  /** faults in a row that open the breaker */
  readonly limit: number
  /** ms it stays open */
  readonly pause: number
}

export function guard(record: TapRecord, budget: FaultBudget): Guarded {
  const breaker = new Breaker(budget.limit, budget.pause)
  const fn = record.fn as unknown as (view: unknown, call: HookCall) => unknown
  const patience = record.timeout ?? record.use.timeout ?? STAGES[record.hook].deadline

  const fault = (call: HookCall, code: ErrorCode, cause: unknown, done: Done) => {
    const f = faultOf(record, code, cause)
    call.log.error('plugin.fault', faultFields(f))
    // what fails under explain says nothing about real mail
    if (code !== 'PN_FAULT_OPEN' && !call.dry && breaker.bad(call.clock))
      call.log.error('plugin.leftAlone', { use: record.use.name, hook: record.hook, ms: budget.pause })
    trace(call, record, undefined, 0, `${f.code}: ${textOf(cause)}`)
    settleFault(record, f, call, done)
  }
  const answered = (call: HookCall, answer: unknown, began: number, done: Done) => {
    const checked = checkAnswer(record.hook, answer)
    if (typeof checked === 'string') return fault(call, 'PN_FAULT_ANSWER', checked, done)
    trace(call, record, answer, began, undefined)
    if (checked.edits) {
      const wrong = applyEdits(record, checked.edits, call)
      if (wrong) return fault(call, 'PN_FAULT_ANSWER', wrong, done)
    }
    if (!call.dry) breaker.good()
    if (checked.verdict) done(null, { verdict: checked.verdict, by: record })
    else done(null)
  }
  const pending = (call: HookCall, promise: Promise<unknown>, began: number, done: Done) => {
    let open = true
    const release = call.arm(patience, (reason) => {
      if (!open) return
      open = false
      release()
      const cause = reason ?? new Error(`no answer within ${Math.min(patience, STAGES[record.hook].deadline)} ms`)
      call.abort(cause)
      // a client that has gone is nobody's fault, but the stage must end all the same
      if (reason) done(null, { fault: faultOf(record, 'PN_FAULT_TIMEOUT', reason), by: record })
      else fault(call, 'PN_FAULT_TIMEOUT', cause, done)
    })
    const close = () => {
      const was = open
      open = false
      release()
      return was
    }
    promise.then(
      (answer) => {
        if (close()) answered(call, answer, began, done)
      },
      (error: unknown) => {
        if (close()) fault(call, 'PN_FAULT_THROWN', error, done)
      },
    )
  }

  return (view, call, done) => {
    call.use = record.use.name
    if (breaker.open(call.clock)) return fault(call, 'PN_FAULT_OPEN', 'left alone after too many faults', done)
    const began = call.trace ? performance.now() : 0
    let answer: unknown
    try {
      answer = fn(view, call)
    } catch (error) {
      return fault(call, 'PN_FAULT_THROWN', error, done)
    }
    // a real promise around it: a thenable of somebody's own may throw in `then`
    if (isThenable(answer)) pending(call, Promise.resolve(answer), began, done)
    else answered(call, answer, began, done)
  }
}

/** What the operator said a fault means here. `pass` was refused at start where it would accept or lose mail. */
function settleFault(record: TapRecord, fault: Fault, call: HookCall, done: Done): void {
  if (record.use.onFault === 'pass' && STAGES[record.hook].mayPass) return done(null)
  if (
    record.use.onFault === 'hold' &&
    call.frame.edits &&
    (STAGES[record.hook].edits as readonly string[]).includes('hold')
  ) {
    call.frame.edits.apply({ kind: 'hold', reason: `fault in ${record.use.name}` }, record.use.name)
    return done(null)
  }
  done(null, { fault, by: record })
}

/** All of them or none: a fault must not leave half of what the tap wanted. */
function applyEdits(record: TapRecord, edits: readonly AnyEdit[], call: HookCall): string | undefined {
  const target = call.frame.edits
  if (!target) return 'answered edits where nothing can be edited'
  const undo = target.snapshot()
  for (const edit of edits) {
    try {
      target.apply(edit, record.use.name)
    } catch (error) {
      undo()
      return `answered an edit that cannot be applied: ${textOf(error)}`
    }
  }
  for (const edit of edits) {
    call.trace?.({ type: 'edit', hook: record.hook, use: record.use.name, edit })
    call.log.debug('edit', { hook: record.hook, use: record.use.name, edit })
  }
  return undefined
}

function trace(call: HookCall, record: TapRecord, answer: unknown, began: number, fault: string | undefined): void {
  call.trace?.({
    type: 'tap',
    hook: record.hook,
    use: record.use.name,
    tap: record.name,
    answer,
    ms: began ? performance.now() - began : 0,
    fault,
  })
}
function isThenable(v: unknown): v is PromiseLike<unknown> {
  try {
    return typeof v === 'object' && v !== null && typeof (v as { then?: unknown }).then === 'function'
  } catch {
    return false
  }
}
