/** What the helpers and the process that starts them say to each other, over the channel of the fork. */
import type { Json, Level } from '@postern/core'
import type { Account } from '../helper/accounts.ts'
import type { Ids } from '../helper/launch.ts'

export type ToHelper =
  /** with the connection */
  { readonly kind: 'serve'; readonly passed?: Passed }
/** What was done already by the one that passes a connection on. */
export interface Passed {
  /** what was read of the connection, in base64: the request at least */
  readonly read: string
  /** the user of the request, who may be delivered for */
  readonly account: Account
}
export type FromHelper =
  /** it takes a connection, beside what it has `aside` */
  | { readonly kind: 'idle' }
  /** it has the connection */
  | { readonly kind: 'taken' }
  /** so many connections are served which do not keep it from taking others */
  | { readonly kind: 'aside'; readonly connections: number }
  /** it has something to do, and its event loop turns */
  | { readonly kind: 'alive' }
  /** a program that it has started leads this process group, or has ended; `ids`: as whom it is to be ended */
  | { readonly kind: 'group'; readonly pid: number; readonly over: boolean; readonly ids?: Ids }
  /** a connection was closed without an answer */
  | { readonly kind: 'refused'; readonly cause: string }
  /** for the log */
  | {
      readonly kind: 'event'
      readonly level: Level
      readonly event: string
      readonly fields: Record<string, Json>
    }
