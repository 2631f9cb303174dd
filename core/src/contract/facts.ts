/** Facts: things that have happened. Nobody can change them; a tap that throws is logged and the others run. */
import type { Outcome } from './deliver.ts'
import type { Origin, SessionView } from './views.ts'

export interface Reply {
  readonly code: number
  readonly esc?: string
  /** lines, without code */
  readonly text: string | readonly string[]
  readonly close?: boolean
}
export interface Facts {
  connected: { readonly session: SessionView }
  /** a reply went out */
  replied: {
    readonly session: SessionView
    /** the verb, upper case; empty for the greeting */
    readonly command: string
    /** as the client said it, at most 512 characters; absent for replies that no line asked for, and for what follows AUTH */
    readonly line?: string
    readonly reply: Reply
  }
  /** a command was refused or deferred by a tap or the core */
  refused: {
    readonly session: SessionView
    readonly stage: string
    readonly reply: Reply
    readonly sender?: string
    /** at DATA and after it only when there is one */
    readonly recipient?: string
    /** behind the content: the last of them */
    readonly last?: string
    readonly by: string
    readonly cause?: unknown
  }
  /** the first recipient of a message was accepted: it has an id from here on, and may never come */
  begun: { readonly session: SessionView; readonly messageId: string }
  authenticated: { readonly session: SessionView; readonly user: string; readonly mechanism: string }
  /** a message is durable in the queue */
  received: {
    readonly messageId: string
    readonly origin: Origin
    readonly sender: string
    readonly recipients: number
    readonly size: number
    readonly session?: SessionView
    readonly headerMessageId?: string
  }
  /** a message was accepted and dropped */
  discarded: { readonly messageId: string; readonly by: string; readonly sender: string }
  /** one recipient's outcome of one attempt */
  attempted: {
    readonly messageId: string
    readonly sender: string
    readonly recipient: string
    readonly original: string
    readonly transport: string
    readonly nexthop: string
    readonly outcome: Outcome
    /** it was only asked what would become of it */
    readonly dry?: boolean
    /** ms since arrival */
    readonly delay: number
    /** ms of it until the message's turn had come */
    readonly queued?: number
    /** ms from there until this delivery began, and until its connection was ready; absent where nobody was called */
    readonly waited?: number
    readonly ready?: number
    /** how many messages the connection has carried, this one included */
    readonly uses?: number
  }
  /** a message's turn has come: deliveries begin to `recipients` addresses (of a large list: those of its first part) */
  active: { readonly messageId: string; readonly sender: string; readonly size: number; readonly recipients: number }
  /** a message is past its lifetime: what was deferred has failed */
  expired: { readonly messageId: string; readonly sender: string }
  /** a message has left the queue */
  settled: { readonly messageId: string; readonly delivered: number; readonly failed: number; readonly delay: number }
  /** a message waits for its next attempt or an operator */
  waiting: { readonly messageId: string; readonly nextTry?: number; readonly held?: string }
  disconnect: {
    readonly session: SessionView
    readonly commands: number
    readonly ms: number
    /** bytes of a message that was cut off */
    readonly content?: number
  }
}
export type Fact = keyof Facts
