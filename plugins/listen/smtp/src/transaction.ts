import type { MaybePromise, Reply } from '@postern/core'

/** From an accepted MAIL on. */
export interface Transaction {
  /** as the client gave it, without quotes; `''` is the null sender */
  readonly sender: string
  readonly smtputf8: boolean
  /** that RCPT accepted, duplicates too: LMTP answers for each (RFC 2033 section 4.2) */
  recipients: number
}

/** What a command does when it is not done at once. */
export type Pending = Promise<void> | undefined

/** `then` without a promise where there is none. */
export function after<T>(value: MaybePromise<T>, then: (value: T) => Pending | void): Pending {
  return value instanceof Promise ? value.then(then) : (then(value) ?? undefined)
}
export const refuses = (decision: Reply | undefined): decision is Reply =>
  decision !== undefined && decision.code >= 400
