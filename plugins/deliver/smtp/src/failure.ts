/** How a connection can end other than well. */
export type Stage =
  | 'connect'
  | 'greeting'
  | 'ehlo'
  | 'helo'
  | 'lhlo'
  | 'starttls' // set-up
  | 'rset'
  | 'mail'
  | 'rcpt'
  | 'data'
  | 'content'
  | 'done' // a transaction
  | 'idle'

export type Failure =
  | { readonly kind: 'connect'; readonly stage: Stage; readonly cause?: Error }
  /** none of our own addresses could be bound, and no other is allowed */
  | { readonly kind: 'bind'; readonly stage: Stage }
  /** the greeting or HELO was not answered with 2xx */
  | { readonly kind: 'refused'; readonly stage: Stage; readonly reply: string }
  | { readonly kind: 'tls-not-offered'; readonly stage: Stage }
  /** it is offered, but the level asks for more than encryption */
  | { readonly kind: 'tls-unmet'; readonly stage: Stage; readonly what: string }
  /** a table that is asked what to make of a reply, or of the server, is away */
  | { readonly kind: 'data'; readonly stage: Stage; readonly cause?: unknown }
  | { readonly kind: 'tls-refused'; readonly stage: Stage; readonly reply: string }
  | { readonly kind: 'tls-failed'; readonly stage: Stage; readonly cause?: Error }
  | { readonly kind: 'timeout' | 'aborted'; readonly stage: Stage }
  /** our own message could not be read to its end */
  | { readonly kind: 'body'; readonly stage: Stage; readonly cause: unknown }
  /** an answer where none was due */
  | { readonly kind: 'protocol'; readonly stage: Stage; readonly reply: string }
  | { readonly kind: 'lost'; readonly stage: Stage; readonly cause?: Error }

/** A handshake that failed. */
export class HandshakeError extends Error {
  readonly failure: Failure
  constructor(failure: Failure) {
    super(failure.kind)
    this.failure = failure
  }
}
