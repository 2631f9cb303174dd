/**
 * The way in. A listener plugin turns a wire protocol into these calls; the core runs the hooks and says what to reply.
 * Answers come synchronously when nothing had to be waited for: no promise is made for a stage that nobody taps.
 */
import type { MailAddress } from '../address.ts'
import type { Reply } from './facts.ts'
import type { Client, MailParameters, RcptParameters, SessionView, TlsFacts } from './views.ts'

export type MaybePromise<T> = T | Promise<T>

/** One listener's door into the core, frozen with the graph. */
export interface Listener {
  readonly name: string
  /** EHLO keywords that commands registered (`ETRN`, `XCLIENT NAME ADDR` ...) */
  readonly keywords: readonly string[]
  open(facts: OpenSession): Session
}
export interface OpenSession {
  readonly protocol: 'smtp' | 'lmtp'
  readonly client: Client
  readonly server: SessionView['server']
  readonly tls?: TlsFacts
  /** recipients of one message, where it is not the site's `recipientLimit` */
  readonly recipientLimit?: number
  /** refusals are for now, where it is not the site's `softBounce` */
  readonly softBounce?: boolean
}
/** `undefined`: go on and say what the protocol says. */
export type Decision = Reply | undefined

/** One client's dialogue. Calls follow each other; a call made while another is under way is a programming error. */
export interface Session {
  readonly view: SessionView
  /** before the banner */
  connect(): MaybePromise<Decision>
  /** also resets the transaction (RFC 5321 section 4.1.4) */
  helo(verb: 'HELO' | 'EHLO' | 'LHLO', name: string): MaybePromise<Decision>
  /** the handshake is over: forgets HELO, session slots and transaction (RFC 3207 section 4.2) */
  secured(tls: TlsFacts): void
  /** the client has proven who it is */
  authenticated(user: string, mechanism: string): MaybePromise<Decision>
  /** May it be in an envelope? `mail`, `rcpt` and `verify` refuse what may not; for whom parameters come to their turn behind it. */
  isSound(address: MailAddress): boolean
  mail(sender: MailAddress, parameters: MailParameters): MaybePromise<Decision>
  rcpt(recipient: MailAddress, parameters: RcptParameters): MaybePromise<Decision>
  /** VRFY: would this recipient be accepted? Claims and refusals as at RCPT, nothing is kept */
  verify(recipient: MailAddress): MaybePromise<Decision>
  /** DATA, or the first BDAT: refuse before content comes */
  data(): MaybePromise<Decision>
  /** The door for the content, after `data` said go on. */
  content(): ContentSink
  /** a verb the protocol does not know; `undefined` when nobody registered it */
  command(verb: string, argument: string): MaybePromise<Reply | undefined>
  /** RSET, or a new HELO */
  reset(): void
  /** tell the `replied` fact; cheap when nobody listens */
  replied(command: string, reply: Reply, line?: string): void
  /** a refusal by the protocol itself (syntax, order, limits), for the `refused` fact */
  refused(stage: string, reply: Reply): void
  /** the connection is gone: aborts what is under way */
  end(): void
}
export interface ContentSink {
  /** CRLF line ends, not dot-stuffed. A promise asks the writer to wait. */
  write(chunk: Uint8Array): Promise<void> | undefined
  /**
   * The content is complete: cleanup and commit. Resolves when durable (250), discarded (250) or refused. LMTP callers get
   * the same reply for each recipient that RCPT accepted.
   */
  end(): Promise<Reply>
  /** the content cannot be taken (too big, connection lost): forget it */
  abort(): void
}
