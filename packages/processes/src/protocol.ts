/** What primary and workers say to each other over the channel of the fork: JSON, in order. */
import type { Json, Level, Problem } from '@postern/core'

/** Numbers a question, so that the answer finds it. */
export type Ticket = number

/** Why something failed, as it travels: the text for people, the exit code the command should end with. */
export interface Told {
  readonly text: string
  readonly exit: number
  readonly problems?: readonly Problem[]
}
/** What a worker wants done with what is one for all; several go in one message. */
export type SharedWish =
  | readonly [what: 'count', ticket: Ticket, key: string, by: number, window: number]
  | readonly [what: 'lease', ticket: Ticket, key: string, wanted: number, limit: number]
  /** gives back the places of the lease that was asked for with this ticket */
  | readonly [what: 'free', ticket: Ticket]
  | readonly [what: 'tell', topic: string, message: Json]
  | readonly [what: 'hear' | 'deaf', topic: string]

export type FromWorker =
  /** the configuration checks; waits for `begin` */
  | { readonly kind: 'built'; readonly facts: Json }
  /** the node runs */
  | { readonly kind: 'ready'; readonly facts: Json }
  /** it cannot start, and ends */
  | { readonly kind: 'failed'; readonly why: Told }
  | {
      readonly kind: 'take'
      readonly ticket: Ticket
      readonly host: string
      readonly port: number
      readonly nth: number
    }
  /** no longer listens on what it took */
  | { readonly kind: 'released'; readonly host: string; readonly port: number; readonly nth: number }
  | { readonly kind: 'shared'; readonly wishes: readonly SharedWish[] }
  | { readonly kind: 'rows'; readonly ticket: Ticket; readonly rows: readonly Json[] }
  | { readonly kind: 'done'; readonly ticket: Ticket; readonly result: Json }
  | { readonly kind: 'refused'; readonly ticket: Ticket; readonly why: Told }

export type ToWorker =
  | { readonly kind: 'begin' }
  /** with the handle, where there is one */
  | {
      readonly kind: 'taken'
      readonly ticket: Ticket
      readonly error?: { readonly code: string; readonly text: string }
    }
  | { readonly kind: 'shared'; readonly answers: readonly (readonly [Ticket, number])[] }
  | { readonly kind: 'heard'; readonly topic: string; readonly message: Json }
  | { readonly kind: 'ask'; readonly ticket: Ticket; readonly verb: string; readonly args: Json; readonly rows: number }
  /** there is room for so many more rows */
  | { readonly kind: 'more'; readonly ticket: Ticket; readonly rows: number }
  /** nobody reads the rows any more */
  | { readonly kind: 'enough'; readonly ticket: Ticket }
  | { readonly kind: 'log'; readonly level: Level; readonly event: string; readonly fields: Json }

/** Which worker a process is; in its environment. */
export const WORKER = 'POSTERN_WORKER'

/** A worker said no. */
export class WorkerRefused extends Error {
  readonly why: Told
  constructor(why: Told) {
    super(why.text)
    this.name = 'WorkerRefused'
    this.why = why
  }
}
/** A worker ended before it had answered. */
export class WorkerGone extends Error {
  constructor(how: string) {
    super(how)
    this.name = 'WorkerGone'
  }
}
