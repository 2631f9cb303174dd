/** What can be done to the messages of one open part. */
import { BodyDamaged, PosternError } from '@postern/core'
import { ADMIN, ATTEMPT, EXPAND, OUTCOME } from './frame.ts'
import { LIVE } from './flags.ts'
import { SpooledBody } from './body.ts'
import { applyAdmin, applyAttempt, applyExpand, applyOutcome, isDone, toldOf } from './state.ts'
import { rangesOf } from './envelope.ts'
import { encodeMessage } from './message.ts'
import { factsOf, listRows } from './listing.ts'
import { historyOf } from './history.ts'
import { requeue } from './requeue.ts'
import { seedsFrom, seedsIn } from './recipients.ts'
import type {
  AdminRecord,
  HistoryRecord,
  LoadRange,
  MessageId,
  NewMessage,
  OutcomeOptions,
  OutcomeRecord,
  QueuedMessage,
  QueueEntry,
  QueueFilter,
  RecipientSeed,
} from '@postern/core'
import type { AdminData, AttemptData, ExpandData, OutcomeData } from './envelope.ts'
import type { Batch, Waiter } from './batch.ts'
import type { Journal } from './journal.ts'
import type { JournalOptions } from './options.ts'
import type { Chosen } from './recipients.ts'
import type { Replaced } from './message.ts'

export class Verbs {
  readonly journal: Journal
  readonly #o: JournalOptions
  stopped = false

  constructor(journal: Journal, options: JournalOptions) {
    this.journal = journal
    this.#o = options
  }

  commit(message: NewMessage, replaced?: Replaced): Promise<void> {
    const refused = this.refusal()
    if (refused) return Promise.reject(refused)
    const { body } = message
    if (body instanceof SpooledBody && !body.taken) return this.#commit(message, body, replaced)
    return this.journal.spool.copy(body).then((own) => this.#commit(message, own, replaced))
  }
  #commit(message: NewMessage, body: SpooledBody, replaced?: Replaced): Promise<void> {
    body.taken = true
    return new Promise((resolve, reject) => {
      const { writer, spool, rows, fresh } = this.journal
      try {
        // a body that was copied took its time
        const refused = this.refusal()
        if (refused) throw refused
        if (replaced && !this.#isReplaceable(replaced))
          throw new PosternError('PN_STORE', `there is no message ${replaced.id} any more`)
        const made = encodeMessage(rows, writer.batch, message, body, { resolve, reject }, replaced)
        if (made.fresh) fresh.add(made.slot, made.fresh)
        writer.added(true)
      } catch (error) {
        if (body.file && !replaced) void spool.remove(body.file)
        reject(error as Error)
      }
    })
  }
  /** It may have ended while the body was copied, and its slot may be another message's. */
  #isReplaceable({ slot, id }: Replaced): boolean {
    return this.journal.find(id) === slot && !this.journal.rows.leaving.has(slot)
  }
  /** Why nothing is taken or given now, if so. */
  refusal(): PosternError | undefined {
    if (this.stopped) return new PosternError('PN_STOPPING')
    const { fault } = this.journal.writer
    return fault && new PosternError('PN_STORE', fault.message, { cause: fault })
  }
  /** The slot of a message, -1 when there is none, known for sure. */
  async #sure(id: MessageId): Promise<number> {
    if (this.journal.isUnsure(id)) await this.journal.recovered
    return this.journal.find(id)
  }

  async load(id: MessageId, range?: LoadRange): Promise<QueuedMessage | undefined> {
    const { recipients, writer } = this.journal
    for (;;) {
      const slot = await this.#sure(id)
      if (slot === -1) return undefined
      const basis = recipients.basis(slot)
      const found = await this.#load(id, range)
      if (!found) return undefined
      const { lacks, ...message } = found
      if (lacks === 'nothing') return message
      await writer.written()
      if (this.journal.find(id) !== slot || recipients.basis(slot) !== basis) continue
      // mail for those that are left only would end without the others
      if (lacks === 'recipients') throw new BodyDamaged(`${id}: recipients are missing`)
      return message
    }
  }
  async #load(id: MessageId, range?: LoadRange): Promise<(QueuedMessage & Pick<Chosen, 'lacks'>) | undefined> {
    const { rows, reader, recipients, fresh, writer } = this.journal
    let slot = this.journal.find(id)
    if (slot === -1) return undefined
    // what cannot be recorded must not be delivered
    const refused = this.refusal()
    if (refused) throw refused
    const kept = fresh.get(slot)
    // texts and expansions are read from the file
    if (!kept || rows.states.count(slot) > kept.recipients.length) {
      await writer.written()
      slot = this.journal.find(id)
      if (slot === -1) return undefined
    }
    const facts = factsOf(rows, slot)
    // it may have been moved: then the recipients that came with it are no more than those
    if (kept && fresh.get(slot) === kept) {
      const { envelope, header, body } = kept
      return { ...facts, envelope, header, body, ...(await recipients.choose(slot, seedsFrom(kept.recipients), range)) }
    }
    const { data, fixed, envelope, header, body } = await reader.read(slot)
    if (!this.#isStill(slot, id)) return undefined
    const chosen = await recipients.choose(slot, seedsIn(envelope, fixed.recipients), range)
    return { ...facts, envelope: data.e, header, body, ...chosen }
  }
  #isStill(slot: number, id: MessageId): boolean {
    return this.journal.rows.has(slot, LIVE) && this.journal.rows.id(slot) === id
  }

  attempt(id: MessageId, recipients: readonly number[], attempts: number): void {
    const slot = this.journal.find(id)
    if (slot === -1) return
    const data: AttemptData = { a: attempts, r: rangesOf(recipients) }
    applyAttempt(this.journal.rows, slot, data)
    this.#record(ATTEMPT, slot, data, this.#o.outcomeSync === 'always')
  }
  outcome(id: MessageId, records: readonly OutcomeRecord[], options?: OutcomeOptions): Promise<void> | undefined {
    const slot = this.journal.find(id)
    if (slot === -1) return undefined
    const data: OutcomeData = { o: toldOf(records), t: options?.nextTry, ...(options?.warned && { w: 1 }) }
    applyOutcome(this.journal.rows, slot, data)
    this.journal.fresh.drop(slot)
    if (!options?.durable && this.#o.outcomeSync === 'lazy') {
      this.#record(OUTCOME, slot, data, false)
      return undefined
    }
    return this.#durably(OUTCOME, slot, data)
  }
  expand(id: MessageId, parent: number, children: readonly RecipientSeed[]): Promise<readonly number[]> {
    const { rows, writer } = this.journal
    const slot = this.journal.find(id)
    if (slot === -1) return Promise.reject(new PosternError('PN_STORE', `there is no message ${id} to expand`))
    const data: ExpandData = { parent, first: rows.states.count(slot), count: children.length }
    if (!applyExpand(rows, slot, data))
      return Promise.reject(new PosternError('PN_STORE', `recipient ${parent} of ${id} is not pending`))
    return new Promise((resolve) => {
      const { batch } = writer
      batch.written.push(() => resolve(children.map((_, i) => data.first + i)))
      batch.list(EXPAND, slot, data, '', children)
      this.#settle(slot, batch, false)
    })
  }
  async admin(id: MessageId, record: AdminRecord): Promise<boolean> {
    const slot = await this.#sure(id)
    if (slot === -1) return false
    const refused = this.refusal()
    if (refused) throw refused
    const data: AdminData = { action: record.action, who: record.who, why: record.why }
    const time = this.#o.now()
    applyAdmin(this.journal.rows, slot, data, time)
    await this.#durably(ADMIN, slot, data, time)
    return true
  }
  async requeue(id: MessageId, who: { readonly who: string; readonly why: string }): Promise<MessageId | undefined> {
    const slot = await this.#sure(id)
    return slot === -1 ? undefined : requeue(this, id, who)
  }

  #durably(type: number, slot: number, data: unknown, time?: number): Promise<void> {
    const done = new Promise<void>((resolve, reject) => this.#record(type, slot, data, true, { resolve, reject }, time))
    // callers that need not wait may drop it
    done.catch(() => undefined)
    return done
  }
  #record(type: number, slot: number, data: unknown, durable: boolean, waiter?: Waiter, time?: number): void {
    const { batch } = this.journal.writer
    batch.json(type, slot, data, isDone(this.journal.rows, slot), waiter, time)
    this.#settle(slot, batch, durable)
  }
  #settle(slot: number, batch: Batch, durable: boolean): void {
    if (isDone(this.journal.rows, slot) && this.journal.forget(slot)) batch.ended.push(slot)
    this.journal.writer.added(durable)
  }

  async *history(id: MessageId): AsyncGenerator<HistoryRecord> {
    const slot = await this.#sure(id)
    if (slot === -1) return
    await this.journal.writer.written()
    if (this.#isStill(slot, id)) yield* historyOf(this.journal.reader, slot)
  }
  /** In the order in which they stand on disk, window by window. */
  async *list(filter: QueueFilter = {}): AsyncGenerator<QueueEntry> {
    if (!this.journal.ready) await this.journal.recovered
    await this.journal.writer.looked()
    yield* listRows(this.journal, filter)
  }
}
