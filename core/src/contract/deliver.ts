/** Delivery: a job is one message, one next hop and a batch of recipients. */
import type { Call } from './call.ts'
import type { BodySource, Envelope } from './store.ts'
import type { Marks } from './views.ts'
import type { PermanentCode, StatusCode, TemporaryCode } from './verdicts.ts'

/** Who said what, for the log and the report. */
export interface OutcomeFacts {
  /** the host that answered: `mx.example[192.0.2.1]:25` */
  readonly relay?: string
  /** `smtp; 550 5.1.1 no such user` (RFC 3464 section 2.3.6) */
  readonly diagnostic?: string
  /** `dns; mx.example` (RFC 3464 section 2.3.5) */
  readonly remoteMta?: string
  /** the site as a whole is away (connection or handshake failed): others for it need not be tried now */
  readonly siteDown?: boolean
  /** the next hop speaks DSN and was given the parameters: it will report success, we need not (RFC 3461 section 5.2.2) */
  readonly dsnPassed?: boolean
  /** a failure that soft_bounce made a deferral */
  readonly softened?: boolean
  readonly cause?: unknown
}
export interface Delivered extends OutcomeFacts {
  readonly kind: 'delivered'
  readonly esc: StatusCode
  readonly text: string
}
export interface Deferred extends OutcomeFacts {
  readonly kind: 'deferred'
  readonly esc: TemporaryCode
  readonly text: string
}
export interface Failed extends OutcomeFacts {
  readonly kind: 'failed'
  readonly esc: PermanentCode
  readonly text: string
}
export type Outcome = Delivered | Deferred | Failed

// facts come last: properties added behind a spread cost V8 a microsecond
export const delivered = (esc: `2.${number}.${number}`, text: string, facts?: OutcomeFacts): Delivered => ({
  kind: 'delivered',
  esc,
  text,
  ...facts,
})
export const deferred = (esc: TemporaryCode, text: string, facts?: OutcomeFacts): Deferred => ({
  kind: 'deferred',
  esc,
  text,
  ...facts,
})
export const failedWith = (esc: PermanentCode, text: string, facts?: OutcomeFacts): Failed => ({
  kind: 'failed',
  esc,
  text,
  ...facts,
})

export interface JobRecipient {
  readonly n: number
  readonly address: string
  /** as the client gave it */
  readonly original: string
  readonly orcpt?: string
  readonly notify?: readonly string[]
  /** the user to deliver as, if the route named one */
  readonly user?: string
}
declare const total: unique symbol
/** Proof that every recipient has an outcome. */
export interface Outcomes {
  readonly [total]: true
}
export interface Job {
  readonly messageId: string
  readonly envelope: Envelope
  /** raw header with its last CRLF, without the empty line */
  readonly header: Uint8Array
  readonly body: BodySource
  readonly transport: string
  readonly nexthop: string
  readonly recipients: readonly JobRecipient[]
  readonly marks: Marks
  /** one recipient's outcome, recorded at once; a second one for the same recipient is a fault */
  settle(recipient: JobRecipient, outcome: Outcome): void
  /** The connection is there, and has carried `uses` messages with this one: what follows is the transfer. For the log. */
  ready?(uses: number): void
  /** runs `fn` for each recipient in turn; a throw defers that recipient and goes on */
  each(fn: (recipient: JobRecipient) => Outcome | Promise<Outcome>): Promise<Outcomes>
  /** the same outcome for each recipient that has none yet */
  all(outcome: Outcome): Outcomes
}
/** How a next hop is treated. What is absent is the transport's, or the site's default. */
export interface DestinationLimits {
  /** deliveries at a time (Postfix's transport_destination_concurrency_limit) */
  readonly concurrency?: number
  /** deliveries at a time to begin with (transport_initial_destination_concurrency) */
  readonly initialConcurrency?: number
  /** recipients per delivery (transport_destination_recipient_limit) */
  readonly recipients?: number
  /** ms between the end of a delivery and the next; more than 0: one delivery at a time (transport_destination_rate_delay) */
  readonly rateDelay?: number
  /** deliveries in each span of time, over all workers */
  readonly rate?: { readonly count: number; readonly per: number }
  /** ms between attempts: after the first, the second ...; the last one repeats. Absent: grows with the age */
  readonly retry?: readonly number[]
}
export interface TransportLimits extends DestinationLimits {
  /** deliveries of this transport at a time, over all next hops (master.cf's maxproc) */
  readonly processes?: number
  /** ms one delivery may take */
  readonly deadline?: number
}
/** Limits for single next hops, asked when one becomes active; 'failed' from a table means the transport's own. */
export interface DestinationPolicy {
  limitsFor(
    transport: string,
    nexthop: string,
    call: Call,
  ): DestinationLimits | undefined | Promise<DestinationLimits | undefined>
}
export interface Transport {
  readonly limits?: TransportLimits
  /** In a dry call `deliver` only says what would become of the recipients. Without it, it is not asked. */
  readonly heedsDry?: boolean
  deliver(job: Job, call: Call): Promise<Outcomes>
}
