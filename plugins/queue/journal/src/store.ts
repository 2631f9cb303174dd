/** The queue store: the index in front, the journal behind. */
import { BodyDamaged, PosternError } from '@postern/core'
import type {
  AdminRecord,
  BodySink,
  Logger,
  MessageId,
  NewMessage,
  OutcomeRecord,
  QueuedMessage,
  QueueEntry,
  QueueStore,
  RecipientSeed,
  StoreHealth,
} from '@postern/core'
import { ADMIN, ATTEMPT, EXPAND, OUTCOME } from './frame.ts'
import { SpooledBody } from './body.ts'
import { applyAdmin, applyAttempt, applyExpand, applyOutcome, isDone, recipientsOf } from './row.ts'
import { encodeMessage } from './message.ts'
import { openJournal } from './journal.ts'
import type { AdminData, AttemptData, ExpandData, OutcomeData, Row } from './row.ts'
import type { Batch, Waiter } from './batch.ts'
import type { Io } from './io.ts'
import type { Journal } from './journal.ts'

export interface JournalOptions {
  /** folder of the journal */
  readonly path: string
  /** bytes */
  readonly segmentSize: number
  /** bytes: larger bodies get files of their own */
  readonly bodyThreshold: number
  readonly outcomeSync: 'lazy' | 'always'
  /** bytes that must be free for new mail */
  readonly minFree: number
  readonly log: Logger
  /** ms since 1970 */
  readonly now: () => number
  readonly io?: Io
  /** ms between tries to write again after a fault */
  readonly probe?: number
}
const LETTERS = { delivered: 'd', failed: 'f', deferred: 't' } as const

export class JournalStore implements QueueStore {
  readonly #o: JournalOptions
  #open: Journal | undefined
  #stopped: Promise<void> | undefined

  constructor(options: JournalOptions) {
    this.#o = options
  }
  get #journal(): Journal {
    if (!this.#open) throw new PosternError('PN_STORE', 'the queue has not been started')
    return this.#open
  }

  async start(row: Parameters<QueueStore['start']>[0]): Promise<void> {
    if (this.#open) throw new PosternError('PN_STORE', 'the queue is already started')
    this.#open = await openJournal(this.#o)
    for (const { id, nextTry, held, created } of this.#open.index.values()) row({ id, nextTry, held, created })
  }
  newId(): MessageId {
    return this.#journal.ids.next()
  }
  body(size?: number): BodySink {
    return this.#journal.spool.sink(size)
  }

  commit(message: NewMessage): Promise<void> {
    const refused = this.#refusal()
    if (refused) return Promise.reject(refused)
    const { body } = message
    if (body instanceof SpooledBody && !body.taken) return this.#commit(message, body)
    return this.#journal.spool.copy(body).then((own) => this.#commit(message, own))
  }
  #commit(message: NewMessage, body: SpooledBody): Promise<void> {
    body.taken = true
    return new Promise((resolve, reject) => {
      const { writer, spool } = this.#journal
      // a body that was copied took its time
      try {
        const refused = this.#refusal()
        if (refused) throw refused
        encodeMessage(writer.batch, message, body, { resolve, reject })
        writer.added(true)
      } catch (error) {
        if (body.file) void spool.remove(body.file)
        reject(error as Error)
      }
    })
  }
  #refusal(): PosternError | undefined {
    if (this.#stopped) return new PosternError('PN_STOPPING')
    const { fault } = this.#journal.writer
    return fault && new PosternError('PN_STORE', fault.message, { cause: fault })
  }

  async load(id: MessageId): Promise<QueuedMessage | undefined> {
    const row = this.#journal.index.get(id)
    if (!row) return undefined
    // what cannot be recorded must not be delivered
    const refused = this.#refusal()
    if (refused) throw refused
    if (row.fresh) {
      const { envelope, header, body, recipients } = row.fresh
      return { ...factsOf(row), envelope, header, body, recipients: recipientsOf(row, recipients) }
    }
    const { data, header, body } = await this.#journal.reader.read(row)
    return { ...factsOf(row), envelope: data.e, header, body, recipients: recipientsOf(row, data.r) }
  }
  attempt(id: MessageId, recipients: readonly number[]): void {
    const row = this.#journal.index.get(id)
    if (!row) return
    const data: AttemptData = { a: row.attempts + 1, r: recipients }
    applyAttempt(row, data)
    this.#record(ATTEMPT, row, data, this.#o.outcomeSync === 'always')
  }
  outcome(
    id: MessageId,
    records: readonly OutcomeRecord[],
    options?: { nextTry?: number; durable?: boolean },
  ): Promise<void> | undefined {
    const row = this.#journal.index.get(id)
    if (!row) return undefined
    const data: OutcomeData = { o: records.map((r) => [r.n, LETTERS[r.state], r.esc, r.text]), t: options?.nextTry }
    applyOutcome(row, data)
    this.#journal.fresh.drop(row)
    if (!options?.durable && this.#o.outcomeSync === 'lazy') {
      this.#record(OUTCOME, row, data, false)
      return undefined
    }
    return this.#durably(OUTCOME, row, data)
  }
  expand(id: MessageId, parent: number, children: readonly RecipientSeed[]): Promise<readonly number[]> {
    const row = this.#journal.index.get(id)
    if (!row) return Promise.reject(new PosternError('PN_STORE', `there is no message ${id} to expand`))
    const data: ExpandData = { p: parent, f: row.count, c: children }
    const before = row.pending
    applyExpand(row, data)
    if (row.pending === before && row.count === data.f && children.length > 0)
      return Promise.reject(new PosternError('PN_STORE', `recipient ${parent} of ${id} is not pending`))
    const { writer } = this.#journal
    return new Promise((resolve) => {
      writer.batch.written.push(() => resolve(children.map((_, i) => data.f + i)))
      this.#record(EXPAND, row, data, false)
    })
  }
  async admin(id: MessageId, record: AdminRecord): Promise<boolean> {
    const row = this.#journal.index.get(id)
    if (!row) return false
    const refused = this.#refusal()
    if (refused) throw refused
    const data: AdminData = { action: record.action, who: record.who, why: record.why, at: this.#o.now() }
    applyAdmin(row, data)
    await this.#durably(ADMIN, row, data)
    return true
  }

  #durably(type: number, row: Row, data: unknown): Promise<void> {
    const done = new Promise<void>((resolve, reject) => this.#record(type, row, data, true, { resolve, reject }))
    // callers that need not wait may drop it
    done.catch(() => undefined)
    return done
  }
  #record(type: number, row: Row, data: unknown, durable: boolean, waiter?: Waiter): void {
    const { writer } = this.#journal
    const { batch } = writer
    batch.json(type, row, data, waiter)
    if (isDone(row)) this.#end(row, batch)
    writer.added(durable)
  }
  #end(row: Row, batch: Batch): void {
    if (!this.#journal.forget(row)) return
    batch.ended.push(row)
  }

  async *list(): AsyncIterable<QueueEntry> {
    const { index, reader } = this.#journal
    for (const row of index.values()) {
      try {
        const data = row.fresh ? { e: row.fresh.envelope, r: row.fresh.recipients } : await reader.envelope(row)
        if (index.has(row.id))
          yield { ...factsOf(row), envelope: data.e, recipients: recipientsOf(row, data.r), size: row.size }
      } catch (error) {
        // reported when it was read; the listing goes on
        if (!(error instanceof BodyDamaged)) throw error
      }
    }
  }
  health(): StoreHealth {
    const { index, bytes, writer, space, problems } = this.#journal
    const { fault, slow } = writer
    const stuck = slow === undefined ? undefined : `a sync has taken ${Math.round(slow / 1000)} s so far`
    const now = [fault && `nothing can be written: ${fault.message}`, stuck].filter((text) => text !== undefined)
    return { messages: index.size, bytes, refusing: now[0] ?? space.refusing, problems: [...now, ...problems] }
  }
  stop(): Promise<void> {
    return (this.#stopped ??= this.#open ? this.#open.close() : Promise.resolve())
  }
}

export const factsOf = ({ id, attempts, nextTry, held, expired }: Row) => ({
  id,
  attempts,
  nextTry,
  held,
  ...(expired && { expired }),
})
