/**
 * The queue store, as the flow knows it. Promises (docs/architecture.md, "The queue"): `commit` resolves only when header,
 * body and envelope survive a power cut; what is recorded is never taken back by a restart; what cannot be read is kept
 * and reported.
 */
import type { DeliveryTrace, Notify } from './verdicts.ts'
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
  readonly trace?: DeliveryTrace
  readonly marks: Readonly<Record<string, Json>>
  /** the message ended with its header: there was no empty line, and so no body */
  readonly headerOnly?: boolean
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
  /** rounds of delivery so far */
  readonly attempts: number
  /** ms since 1970; 0: at once */
  readonly nextTry: number
  readonly held?: { readonly by: string; readonly reason: string; readonly at: number }
  /** an operator said `expire`: what the next attempt cannot deliver is returned */
  readonly expired?: boolean
  /** the sender has been told of the delay */
  readonly warned?: boolean
  /** there are more pending recipients than were asked for: the number of the next one */
  readonly more?: number
}
/**
 * For delivery: what recipients were told last may be left out. A message with no more recipients than `limit` comes with all
 * of them, settled ones too, so that nobody's mailbox gets it twice; a longer one only with pending ones and their ancestors.
 */
export interface LoadRange {
  /** pending recipients below this number are left out */
  readonly from?: number
  /** pending recipients at most; their ancestors come with them */
  readonly limit?: number
}
/** One line of the queue, without header and body. */
export interface QueueEntry extends Omit<QueuedMessage, 'header' | 'body'> {
  /** bytes of header and body */
  readonly size: number
}
/** What a message waits for, as recovery finds it. */
export interface RecoveredRow {
  readonly id: MessageId
  /** ms since 1970 */
  readonly created: number
  /** ms since 1970; 0: at once */
  readonly nextTry: number
  readonly held: boolean
}
export interface Recovery {
  /** every message has been told; rejects when the queue cannot be read to its end */
  readonly done: Promise<void>
}
/** What a listing is about. Everything that is given must hold. */
export interface QueueFilter {
  readonly ids?: readonly MessageId[]
  /** created before, after: ms since 1970 */
  readonly before?: number
  readonly after?: number
  readonly held?: boolean
}
/** One event of a message's life, oldest first. */
export interface HistoryRecord {
  /** ms since 1970; of the record that stands nearest before it when it has none of its own */
  readonly at: number
  readonly kind: 'received' | 'attempt' | 'outcome' | 'expanded' | 'moved' | AdminAction
  /** recipients' numbers */
  readonly recipients?: readonly number[]
  readonly outcomes?: readonly OutcomeRecord[]
  /** for an operator's actions */
  readonly who?: string
  readonly why?: string
  readonly nextTry?: number
}
export interface OutcomeOptions {
  /** ms since 1970: the message's next attempt */
  readonly nextTry?: number
  /** the promise waits for the sync */
  readonly durable?: boolean
  /** the sender has been told of the delay */
  readonly warned?: boolean
}
export interface OutcomeRecord {
  readonly n: number
  readonly state: 'delivered' | 'failed' | 'deferred'
  readonly esc: string
  readonly text: string
}
export type AdminAction = 'hold' | 'release' | 'delete' | 'expire'
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
  /**
   * Resolves when new mail can be taken. Messages that still have something to do are told to `row`, oldest first as far as
   * that costs nothing, before `Recovery.done` resolves; what is asked about one that has not been found yet waits.
   */
  start(row: (entry: RecoveredRow) => void): Promise<Recovery>
  /** Ascending, at least last + 1 even when the clock runs back. */
  newId(): MessageId
  /** `size` is what the client declared, if it did. */
  body(size?: number): BodySink
  /** Resolves when durable: data synced, and the folder of a new segment. A rejected promise means 451: nothing was accepted. */
  commit(message: NewMessage): Promise<void>
  /** `undefined` when there is no such message (any more). Without options all recipients, settled ones too. */
  load(id: MessageId, options?: LoadRange): Promise<QueuedMessage | undefined>
  /** Written before dialling; not waited for. `attempts`: rounds so far, this one included. */
  attempt(id: MessageId, recipients: readonly number[], attempts: number): void
  /** Resolves when what was recorded of the message survives kill -9. Absent: it does when the recording call returns. */
  written?(id: MessageId): Promise<void> | undefined
  /**
   * Written at once (survives kill -9), synced with the next commit, at the latest after 200 ms; `durable` waits for the
   * sync.
   */
  outcome(id: MessageId, records: readonly OutcomeRecord[], options?: OutcomeOptions): Promise<void> | undefined
  /** The parent becomes `expanded`; the children get the numbers that are returned. Resolves when written. */
  expand(id: MessageId, parent: number, children: readonly RecipientSeed[]): Promise<readonly number[]>
  /** `false` when there is no such message. Resolves when durable. */
  admin(id: MessageId, record: AdminRecord): Promise<boolean>
  /**
   * The message under a new id, as if it had just come: expansions undone, attempts and hold forgotten, delivered recipients
   * left out. One atomic step; the old id is named in the new one's reason. `undefined` when there is no such message.
   */
  requeue(id: MessageId, who: { readonly who: string; readonly why: string }): Promise<MessageId | undefined>
  /** A cursor over the queue as it goes, not a snapshot: nothing is held in memory for it. */
  list(filter?: QueueFilter): AsyncIterable<QueueEntry>
  /** What the store knows of the life of a message that is in the queue. */
  history(id: MessageId): AsyncIterable<HistoryRecord>
  health(): StoreHealth
  /** Everything written is synced when this resolves. */
  stop(): Promise<void>
}
