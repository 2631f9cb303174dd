/** What taps see: readonly views of the session, the transaction, the message. Changes are answered as edits. */
import type { AddressClass, Notify } from './verdicts.ts'
import type { Json, MarkToken, SlotToken } from './tokens.ts'
import type { MailAddress } from '../address.ts'

/** How a message came in. */
export type Origin =
  | { readonly kind: 'smtp' | 'lmtp'; readonly listener: string; readonly session: string }
  | { readonly kind: 'submit'; readonly by: string }
  | { readonly kind: 'bounce'; readonly by: string; readonly of: string }
  | { readonly kind: 'forward'; readonly by: string; readonly of: string }
export type OriginKind = Origin['kind']

export interface Client {
  /** IP address without brackets */
  readonly address: string
  readonly port: number
  /** verified host name, or `unknown` */
  readonly name: string
  /** host name of the address before verification, or `unknown` */
  readonly reverseName: string
}
export interface TlsFacts {
  /** `TLSv1.3` ... */
  readonly protocol: string
  readonly cipher: string
  readonly servername?: string
  readonly peer?: { readonly subject: string; readonly fingerprint: string; readonly trusted: boolean }
}
export interface Slots {
  get<T>(token: SlotToken<T>): T | undefined
}
export interface Marks {
  get<T extends Json>(token: MarkToken<T>): T | undefined
}

export interface SessionView {
  readonly id: string
  readonly listener: string
  readonly protocol: 'smtp' | 'lmtp'
  readonly client: Client
  /** `name`: by which the listener calls this host, where it is not `myhostname` */
  readonly server: { readonly address: string; readonly port: number; readonly name?: string }
  /** the verb and the name the client gave; undefined before HELO, reset by STARTTLS (RFC 3207 section 4.2) */
  readonly helo?: { readonly verb: 'HELO' | 'EHLO' | 'LHLO'; readonly name: string }
  readonly tls?: TlsFacts
  readonly auth?: { readonly user: string; readonly mechanism: string }
  readonly slots: Slots
}

export interface MailParameters {
  /** bytes as declared (RFC 1870) */
  readonly size?: number
  readonly body?: '7BIT' | '8BITMIME' | 'BINARYMIME'
  readonly smtputf8?: boolean
  readonly ret?: 'FULL' | 'HDRS'
  /** xtext decoded (RFC 3461 section 4.4) */
  readonly envid?: string
  /** AUTH= (RFC 4954 section 5) */
  readonly auth?: string
}
export interface RcptParameters {
  readonly notify?: readonly Notify[]
  /** `addr-type;address`, xtext decoded (RFC 3461 section 4.2) */
  readonly orcpt?: string
}

export interface MailView {
  readonly session: SessionView
  /** standard (see `AddressRewriter`); `text` is `''` for the null sender */
  readonly sender: MailAddress
  /** as the client gave it: for reply texts */
  readonly senderGiven: MailAddress
  readonly parameters: MailParameters
  readonly slots: Slots
  readonly marks: Marks
}
export interface RcptView extends MailView {
  /** standard: what is judged here is what mail will go to */
  readonly recipient: MailAddress
  /** as the client gave it: for reply texts */
  readonly recipientGiven: MailAddress
  readonly recipientParameters: RcptParameters
  /** recipients accepted so far */
  readonly accepted: readonly MailAddress[]
}
export interface DataView extends MailView {
  readonly accepted: readonly MailAddress[]
}

export interface HeaderField {
  readonly name: string
  /** unfolded, trimmed value */
  readonly value: string
  /** as it stands in the message, with its line ends */
  readonly raw: string
}
export interface HeaderView {
  readonly fields: readonly HeaderField[]
  /** first value with this name (case-insensitive) */
  get(name: string): string | undefined
  all(name: string): readonly string[]
}
export interface DraftRecipientView {
  readonly address: string
  readonly original: string
  readonly bcc: boolean
}
/** What a cleanup tap asks for; a message is read no further than some tap needs. */
export type BodyTier = 'none' | 'headers' | 'lines' | 'stream' | 'mime'

export interface DraftViewBase {
  readonly id: string
  readonly origin: Origin
  /** absent for mail that no client brought */
  readonly session?: SessionView
  readonly sender: string
  readonly recipients: readonly DraftRecipientView[]
  readonly marks: Marks
  readonly slots: Slots
  /** bytes of header and body */
  readonly size: number
}
export interface MimePart {
  /** `1`, `1.2`, ... (RFC 3501 section 6.4.5 numbering); `0` is the message itself */
  readonly path: string
  readonly depth: number
  readonly header: HeaderView
  /** lower case `type/subtype`, `text/plain` when absent (RFC 2045 section 5.2) */
  readonly contentType: string
  readonly parameters: Readonly<Record<string, string>>
  /** the part's bytes as they stand, not decoded; empty for multipart containers */
  stream(): AsyncIterable<Uint8Array>
}
export type DraftView<B extends BodyTier = BodyTier> = DraftViewBase &
  (B extends 'none' ? unknown : { readonly header: HeaderView }) &
  (B extends 'lines' ? { lines(): AsyncIterable<string> } : unknown) &
  (B extends 'stream' ? { stream(): AsyncIterable<Uint8Array> } : unknown) &
  (B extends 'mime' ? { parts(): AsyncIterable<MimePart> } : unknown)

/** One recipient of a committed message, for resolve. */
export interface ResolveView {
  readonly messageId: string
  readonly sender: string
  readonly recipient: MailAddress
  /** the address as the client gave it */
  readonly original: string
  /** the addresses this one was expanded from, nearest first */
  readonly ancestors: readonly string[]
  /** not to be expanded again: an expansion answered here fails it (5.4.6) */
  readonly final: boolean
  readonly origin: Origin
  readonly marks: Marks
  readonly addressClass?: AddressClass
}
/** One delivery before it starts. */
export interface AttemptView {
  readonly messageId: string
  readonly sender: string
  readonly transport: string
  readonly nexthop: string
  readonly recipients: readonly string[]
  /** attempts made before this one */
  readonly attempts: number
  readonly marks: Marks
}
export interface ReportRecipient {
  /**
   * What became of it (RFC 3464 section 2.3.3). `relayed`: passed on to a host that does not report success; `expanded`:
   * delivered to several addresses that it stood for; the last two where it was only asked.
   */
  readonly action: 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded' | 'deliverable' | 'undeliverable'
  readonly address: string
  readonly original: string
  readonly orcpt?: string
  readonly notify?: readonly Notify[]
  readonly status: string
  /** what went wrong, for a person */
  readonly text: string
  /** `smtp; 550 5.1.1 no such user` (RFC 3464 section 2.3.6) */
  readonly diagnostic?: string
  /** `dns; mx.example` (RFC 3464 section 2.3.5) */
  readonly remoteMta?: string
  /** the host that answered, or the transport's name: Postfix's `delivery via ...` */
  readonly relay: string
  /** when mail expires for a delayed recipient, ms since 1970 */
  readonly willRetryUntil?: number
}
export interface ReportView {
  /** `trace`: somebody asked what becomes of each (`DeliveryTrace`), whatever NOTIFY says */
  readonly why: 'failed' | 'delayed' | 'success' | 'trace'
  readonly messageId: string
  readonly sender: string
  readonly origin: Origin
  readonly recipients: readonly ReportRecipient[]
  /** ms since 1970 */
  readonly arrived: number
  readonly envid?: string
  readonly ret?: 'FULL' | 'HDRS'
  readonly smtputf8: boolean
  /** as it was declared (RFC 6152) */
  readonly body?: '7BIT' | '8BITMIME' | 'BINARYMIME'
  readonly size: number
  readonly header: HeaderView
  /** the message as it was queued: header, empty line, body */
  content(): AsyncIterable<Uint8Array>
  readonly marks: Marks
}
export interface CommandView {
  readonly session: SessionView
  /** upper case */
  readonly verb: string
  readonly argument: string
  /** is a MAIL transaction open? */
  readonly transaction: boolean
}
