/**
 * The queue store, as the flow knows it. Promises (docs/architecture.md, "The queue"): `commit` resolves only when header,
 * body and envelope survive a power cut; what is recorded is never taken back by a restart; what cannot be read is kept
 * and reported.
 */
import type { Notify } from './verdicts.ts'
import type { Origin } from './views.ts'
import type { Json } from './tokens.ts'

/** 13 base-32 characters, ascending with time. */
export type MessageId = string

export interface Envelope {
  /** `''` is the null sender */
  readonly sender: string
  readonly origin: Origin
  /** ms since 1970 */
  readonly created: number
  readonly client?: {
    readonly address: string
    readonly name: string
    readonly helo?: string
    readonly protocol: string
    readonly user?: string
  }
  readonly smtputf8: boolean
  /** what the client declared: 8BITMIME bodies may need a downgrade at the next hop */
  readonly body?: '7BIT' | '8BITMIME' | 'BINARYMIME'
  readonly envid?: string
  readonly ret?: 'FULL' | 'HDRS'
  readonly marks: Readonly<Record<string, Json>>
  /** route for all recipients (Postfix's FILTER) */
  readonly route?: { readonly transport: string; readonly nexthop?: string }
  /** why this message entered the queue, for the listing */
  readonly reason: string
}
export interface RecipientSeed {
  readonly address: string
  /** as the client gave it */
  readonly original: string
  readonly orcpt?: string
  readonly notify?: readonly Notify[]
  readonly bcc?: boolean
  /** not to be expanded again */
  readonly final?: boolean
}
export type RecipientState = 'pending' | 'delivered' | 'failed' | 'expanded'
export interface StoredRecipient extends RecipientSeed {
  /** 0..n-1 for ever; expansion appends */
  readonly n: number
  readonly parent?: number
  readonly state: RecipientState
  /** the last outcome's code and text */
  readonly esc?: string
  readonly text?: string
}

/** The bytes behind the header, lines ending in CRLF. */
export interface BodySource {
  readonly size: number
  /** all of it, when it is in memory: the cheap way */
  readonly bytes?: readonly Uint8Array[]
  /** Throws BodyDamaged at its end if the checksum does not hold: what was read must not be sent to its end. */
  stream(): AsyncIterable<Uint8Array>
  /** No commit will ask for it: let go of what was written. Only on what `BodySink.end` gave. */
  abort?(): void
}
/** Where content goes while it arrives. */
export interface BodySink {
  /** `undefined` when taken at once; a promise when the caller should wait before writing more. The chunk may not be changed afterwards. */
  write(chunk: Uint8Array): Promise<void> | undefined
  /** No more is coming. The result may be given to `commit` once. */
  end(): BodySource | Promise<BodySource>
  /** Forget what was written. */
  abort(): void
}
export interface NewMessage {
  readonly id: MessageId
  readonly envelope: Envelope
  readonly recipients: readonly RecipientSeed[]
  /** raw header with its last CRLF, without the empty line */
  readonly header: Uint8Array
  readonly body: BodySource
  readonly held?: { readonly by: string; readonly reason: string }
}
export interface QueuedMessage {
  readonly id: MessageId
  readonly envelope: Envelope
  readonly header: Uint8Array
  readonly body: BodySource
  readonly recipients: readonly StoredRecipient[]
  readonly attempts: number
  /** ms since 1970; 0: at once */
  readonly nextTry: number
  readonly held?: { readonly by: string; readonly reason: string; readonly at: number }
  /** an operator said `expire`: what the next attempt cannot deliver is returned */
  readonly expired?: boolean
}
/** One line of the queue, without header and body. */
export interface QueueEntry extends Omit<QueuedMessage, 'header' | 'body'> {
  /** bytes of header and body */
  readonly size: number
}
export interface OutcomeRecord {
  readonly n: number
  readonly state: 'delivered' | 'failed' | 'deferred'
  readonly esc: string
  readonly text: string
}
export type AdminAction = 'hold' | 'release' | 'delete' | 'expire' | 'requeue'
export interface AdminRecord {
  readonly action: AdminAction
  readonly who: string
  readonly why: string
}
export interface StoreHealth {
  readonly messages: number
  readonly bytes: number
  /** why new mail is refused now (452 4.3.1), if it is */
  readonly refusing?: string
  readonly problems: readonly string[]
}

export interface QueueStore {
  /** Recovers. Calls `row` for each message that still has something to do; order does not matter. */
  start(row: (entry: Pick<QueueEntry, 'id' | 'nextTry' | 'held'> & { created: number }) => void): Promise<void>
  /** Ascending, at least last + 1 even when the clock runs back. */
  newId(): MessageId
  /** `size` is what the client declared, if it did. */
  body(size?: number): BodySink
  /** Resolves when durable: data synced, and the folder of a new segment. A rejected promise means 451: nothing was accepted. */
  commit(message: NewMessage): Promise<void>
  /** `undefined` when there is no such message (any more). */
  load(id: MessageId): Promise<QueuedMessage | undefined>
  /** Written before dialling; not waited for. */
  attempt(id: MessageId, recipients: readonly number[]): void
  /**
   * Written at once (survives kill -9), synced with the next commit, at the latest after 200 ms; `durable` waits for the
   * sync. `nextTry` sets the message's next attempt (ms since 1970).
   */
  outcome(
    id: MessageId,
    records: readonly OutcomeRecord[],
    options?: { nextTry?: number; durable?: boolean },
  ): Promise<void> | undefined
  /** The parent becomes `expanded`; the children get the numbers that are returned. Resolves when written. */
  expand(id: MessageId, parent: number, children: readonly RecipientSeed[]): Promise<readonly number[]>
  /** `false` when there is no such message. Resolves when durable. */
  admin(id: MessageId, record: AdminRecord): Promise<boolean>
  list(): AsyncIterable<QueueEntry>
  health(): StoreHealth
  /** Everything written is synced when this resolves. */
  stop(): Promise<void>
}
