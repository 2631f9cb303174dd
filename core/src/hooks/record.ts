/** What apply collects: one record a tap. Nothing is registered with a hook before the freeze. */
import type { Stage } from '../contract/stages.ts'
import type { OnFault, TapOptions } from '../contract/plugin.ts'
import type { BodyTier, OriginKind } from '../contract/views.ts'
import type { Call } from '../contract/call.ts'

export interface UseFacts {
  readonly name: string
  readonly plugin: string
  readonly package: string
  readonly version: string
  /** file and path in it */
  readonly where: string
  readonly onFault: OnFault
  readonly timeout?: number
}
export interface TapRecord {
  readonly hook: Stage
  readonly use: UseFacts
  readonly name: string
  /** only in this listener's scope; undefined: root */
  readonly listener?: string
  /** not in these listeners: the use has a record of its own there */
  readonly notIn: readonly string[]
  readonly phase: NonNullable<TapOptions['phase']>
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly reads: readonly string[]
  readonly writes: readonly string[]
  readonly timeout?: number
  /** cleanup */
  readonly body?: BodyTier
  readonly origins?: readonly OriginKind[]
  /** command */
  readonly verb?: string
  readonly keyword?: string
  readonly fn: (view: never, call: Call) => unknown
}
