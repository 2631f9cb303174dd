/**
 * Verdicts: what a tap may answer. Plain data with a string `kind`, so that two copies of the core in one
 * tree understand each other. Public text (what the other side reads) is apart from the private cause (the log's).
 */

/** Enhanced status code of a permanent failure (RFC 3463 section 2). */
export type PermanentCode = `5.${number}.${number}`
/** Enhanced status code of a temporary failure (RFC 3463 section 2). */
export type TemporaryCode = `4.${number}.${number}`
export type StatusCode = PermanentCode | TemporaryCode | `2.${number}.${number}`

/** What the log may know and the other side may not, and the SMTP code where the default does not fit. */
export interface Private {
  /** SMTP reply code (RFC 5321 section 4.2); 554 for refuse and 450 for defer when absent */
  readonly code?: number
  readonly cause?: unknown
  /** resolve only: the delivery agent in whose name this is said, for the log and reports (`local`); nobody's when absent */
  readonly relay?: string
}

/** Ends this stage's list only; later stages still run. */
export interface Permit {
  readonly kind: 'permit'
}
/** Relay stage only: "this recipient is ours to accept". What nobody claims is refused by the core. */
export interface Claim {
  readonly kind: 'claim'
  /** why, for explain and the log: `own destination`, `own network`, ... */
  readonly why: string
}
export interface Refuse {
  readonly kind: 'refuse'
  readonly code: number
  readonly esc: PermanentCode
  readonly text: string
  readonly cause?: unknown
  readonly relay?: string
}
export interface Defer {
  readonly kind: 'defer'
  readonly code: number
  readonly esc: TemporaryCode
  readonly text: string
  readonly cause?: unknown
  readonly relay?: string
}
/** Reply, then close the connection. */
export interface HangUp {
  readonly kind: 'hangUp'
  readonly code: number
  readonly esc: PermanentCode | TemporaryCode
  readonly text: string
  readonly cause?: unknown
}
/** Accept and drop the whole message (at RCPT: all its recipients, as Postfix's DISCARD does). */
export interface Discard {
  readonly kind: 'discard'
  readonly cause?: unknown
}
/** Keep the message until an operator releases it. A verdict at `attempt`, an edit elsewhere. */
export interface Hold {
  readonly kind: 'hold'
  readonly reason: string
}
/** Resolve: the way out for one recipient. */
export interface Route {
  readonly kind: 'route'
  /** a transport's name */
  readonly transport: string
  /** where to: `[host]:port`, `domain`, or what the transport understands; default: the recipient's domain */
  readonly nexthop?: string
  /** the user to deliver as */
  readonly user?: string
  readonly addressClass?: AddressClass
}
/** Resolve: other recipients instead of this one. */
export interface Expand {
  readonly kind: 'expand'
  readonly to: readonly NewAddress[]
  /** the same recipient by its proper name: a sender who wants to hear of success hears of the delivery, not of an alias */
  readonly respelled?: boolean
}
export interface NewAddress {
  readonly address: string
  /** final: do not expand this address again */
  readonly final?: boolean
}
/** Report: what to send to the sender; committed before the failure is settled. */
export interface Report {
  readonly kind: 'report'
  readonly draft: MessageDraft
}
/** Report: nothing is to be sent, and why (null sender, NOTIFY=NEVER ...). */
export interface Silent {
  readonly kind: 'silent'
  readonly reason: string
}
/** Command: an answer to a verb that the core does not know. */
export interface CommandReply {
  readonly kind: 'reply'
  readonly code: number
  readonly esc?: string
  readonly text: string
  readonly close?: boolean
}

/** Postfix's address classes (ADDRESS_CLASS_README): who is responsible for a domain, and which recipients exist. */
export type AddressClass = 'local' | 'virtualAlias' | 'virtualMailbox' | 'relay' | 'default'

/** A message on its way in that does not come from a listener's dialogue. */
export interface MessageDraft {
  /** envelope sender; `''` is the null sender (RFC 5321 section 4.5.5) */
  readonly sender: string
  readonly recipients: readonly (string | DraftRecipient)[]
  /** header, empty line, body; lines end in CRLF or LF */
  readonly content: string | Uint8Array | readonly Uint8Array[]
  readonly smtputf8?: boolean
  /** content with bytes above 127 (RFC 6152) */
  readonly body?: '7BIT' | '8BITMIME'
  readonly envid?: string
  readonly ret?: 'FULL' | 'HDRS'
  readonly trace?: DeliveryTrace
  /** a recipient that is no address comes back as undeliverable (5.1.3); without this the submission is refused for it */
  readonly returnBadRecipients?: boolean
}
/**
 * The sender is to hear by a report of its own what becomes of each recipient. `verify`: nothing is delivered, transports are asked
 * whether they would take the recipients (sendmail -bv); `record`: of the first attempt, beside other reports (sendmail -v).
 */
export type DeliveryTrace = 'verify' | 'record'
export interface DraftRecipient {
  readonly address: string
  /** as somebody wrote it, where that is not the address: for X-Original-To and the log */
  readonly original?: string
  readonly notify?: readonly Notify[]
  readonly orcpt?: string
}
/** RFC 3461 section 4.1 */
export type Notify = 'NEVER' | 'SUCCESS' | 'FAILURE' | 'DELAY'

const PERMIT: Permit = Object.freeze({ kind: 'permit' })

/** Ends this stage's list; claims nothing. */
export const permit = (): Permit => PERMIT
/** The recipient is ours to accept (relay stage only). */
export const claim = (why: string): Claim => ({ kind: 'claim', why })
/** A permanent refusal: 554 unless `priv.code` says otherwise. */
export const refuse = (esc: PermanentCode, text: string, priv?: Private): Refuse => ({
  kind: 'refuse',
  code: priv?.code ?? 554,
  esc,
  text,
  cause: priv?.cause,
  relay: priv?.relay,
})
/** A temporary refusal: 450 unless `priv.code` says otherwise. */
export const defer = (esc: TemporaryCode, text: string, priv?: Private): Defer => ({
  kind: 'defer',
  code: priv?.code ?? 450,
  esc,
  text,
  cause: priv?.cause,
  relay: priv?.relay,
})
/** Reply and close: 421 for 4.x.x and 521 for 5.x.x unless `priv.code` says otherwise. */
export const hangUp = (esc: PermanentCode | TemporaryCode, text: string, priv?: Private): HangUp => ({
  kind: 'hangUp',
  code: priv?.code ?? (esc.startsWith('5') ? 521 : 421),
  esc,
  text,
  cause: priv?.cause,
})
export const discard = (cause?: unknown): Discard => ({ kind: 'discard', cause })
export const hold = (reason: string): Hold => ({ kind: 'hold', reason })
export const routeTo = (transport: string, nexthop?: string, more?: Pick<Route, 'user' | 'addressClass'>): Route => ({
  kind: 'route',
  transport,
  nexthop,
  ...more,
})
export const expand = (to: readonly (string | NewAddress)[]): Expand => ({
  kind: 'expand',
  to: to.map((a) => (typeof a === 'string' ? { address: a } : a)),
})
export const report = (draft: MessageDraft): Report => ({ kind: 'report', draft })
export const silent = (reason: string): Silent => ({ kind: 'silent', reason })
export const reply = (code: number, esc: string | undefined, text: string, close?: boolean): CommandReply => ({
  kind: 'reply',
  code,
  esc,
  text,
  close,
})
