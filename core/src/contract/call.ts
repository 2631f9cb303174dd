/** What every call of a tap, a lookup or a delivery carries. */
import type { Clock } from './clock.ts'
import type { Logger } from './log.ts'

export interface Call {
  /** aborted when the client has gone, the deadline has passed or the node stops. Made when first asked for. */
  readonly signal: AbortSignal
  /** the signal has fired; to ask costs less than the signal */
  readonly aborted: boolean
  /** Listens as to the signal, without making one; what comes back ends it. */
  onAbort(fn: (reason: Error) => void): () => void
  /** on the clock below, ms since 1970 */
  readonly deadline: number
  readonly clock: Clock
  /** carries the ids of session and message */
  readonly log: Logger
  /** set under `explain`, and where a transport is only asked: nothing may outlive a dry call, and nothing may be written */
  readonly dry: boolean
  /** set under `explain`: writes down what happens */
  readonly trace?: Trace
}
/** One thing that happened, in order, for `postern explain`. */
export type TraceEvent =
  | {
      readonly type: 'tap'
      readonly hook: string
      readonly use: string
      readonly tap: string
      readonly answer: unknown
      readonly ms: number
      readonly fault?: string
    }
  | {
      readonly type: 'lookup'
      readonly table: string
      readonly key: string
      readonly answer: unknown
      readonly ms: number
    }
  | { readonly type: 'edit'; readonly hook: string; readonly use: string; readonly edit: unknown }
  | { readonly type: 'note'; readonly text: string }
export type Trace = (event: TraceEvent) => void
