/** The queue store: one part that takes new mail, and parts that are being emptied; told apart by the ids. */
import fs from 'node:fs'
import { PosternError } from '@postern/core'
import { Verbs } from './verbs.ts'
import { adoptParts, claimPart, removePart } from './part.ts'
import { openJournal, partBits } from './journal.ts'
import { partOfId } from './ids.ts'
import { ThreadIo } from './threads.ts'
import { systemIo } from './io.ts'
import type {
  AdminRecord,
  BodySink,
  HistoryRecord,
  LoadRange,
  MessageId,
  NewMessage,
  OutcomeOptions,
  OutcomeRecord,
  QueuedMessage,
  QueueEntry,
  QueueFilter,
  QueueStore,
  RecipientSeed,
  RecoveredRow,
  Recovery,
  StoreHealth,
} from '@postern/core'
import type { Io } from './io.ts'
import type { JournalOptions } from './options.ts'
import type { OwnedPart } from './part.ts'

export type { JournalOptions } from './options.ts'

/** ms; a part that nobody owns is adopted when it is seen twice */
const ADOPT_EVERY = 5000

export class JournalStore implements QueueStore {
  readonly #o: JournalOptions
  #io: Io
  #threads: ThreadIo | undefined
  #own: Verbs | undefined
  /** of workers that are no more, by the bits of the part */
  readonly #drained = new Map<number, Verbs>()
  #lonely: ReadonlySet<string> = new Set()
  #timer: NodeJS.Timeout | undefined
  #adopting: Promise<unknown> | undefined
  #starting = false
  #stopped: Promise<void> | undefined

  constructor(options: JournalOptions) {
    this.#o = options
    this.#io = options.io ?? systemIo
  }
  get #writing(): Verbs {
    if (!this.#own) throw new PosternError('PN_STORE', 'the queue has not been started')
    return this.#own
  }
  #of(id: MessageId): Verbs {
    const own = this.#writing
    return this.#drained.get(partOfId(id)) ?? own
  }
  get #all(): Verbs[] {
    return [this.#writing, ...this.#drained.values()]
  }

  async start(row: (entry: RecoveredRow) => void): Promise<Recovery> {
    if (this.#starting) throw new PosternError('PN_STORE', 'the queue is already started')
    this.#starting = true
    const { path, worker = { index: 0, count: 1 } } = this.#o
    fs.mkdirSync(path, { recursive: true, mode: 0o700 })
    // they come up while the part is locked and looked at
    if (this.#o.threads !== false && !this.#o.io) this.#io = this.#threads = this.#startThreads()
    try {
      this.#own = await this.#open(claimPart(path, worker))
    } catch (error) {
      this.#starting = false
      await this.#endThreads()
      throw error
    }
    const found = [this.#own.journal.recover(row)]
    if (worker.index === 0) {
      const { adopted, lonely } = adoptParts(path, worker, new Set())
      this.#lonely = lonely
      for (const part of adopted) found.push(this.#adopt(part, row))
      this.#timer = setInterval(() => this.#lookAround(row), this.#o.adoptEvery ?? ADOPT_EVERY).unref()
    }
    const done = Promise.all(found).then(() => undefined)
    done.catch(() => undefined)
    // what comes now does not depend on the pool any more
    await this.#threads?.ready()
    return { done }
  }
  #startThreads(): ThreadIo {
    return new ThreadIo((error) => this.#o.log.error('queue.thread', { error }))
  }
  /** The store's, for all its parts. */
  async #endThreads(): Promise<void> {
    await this.#threads?.close()
    this.#threads = undefined
  }
  async #open(part: OwnedPart): Promise<Verbs> {
    try {
      return new Verbs(await openJournal(this.#o, this.#io, part), this.#o)
    } catch (error) {
      part.unlock()
      throw error
    }
  }
  async #adopt(part: OwnedPart, row: (entry: RecoveredRow) => void): Promise<void> {
    this.#o.log.info('queue.adopted', { part: part.uuid })
    const verbs = await this.#open(part)
    if (this.#stopped) return verbs.journal.close()
    this.#drained.set(partBits(part.uuid), verbs)
    await verbs.journal.recover(row)
  }
  /** Parts that nobody owns any more come in, empty ones go. */
  #lookAround(row: (entry: RecoveredRow) => void): void {
    const { path, worker = { index: 0, count: 1 }, log } = this.#o
    if (this.#adopting || this.#stopped) return
    try {
      const { adopted, lonely } = adoptParts(path, worker, this.#lonely)
      this.#lonely = lonely
      const work = [...adopted.map((part) => this.#adopt(part, row)), this.#removeEmpty()]
      this.#adopting = Promise.all(work)
        .catch((error: unknown) => log.error('queue.adopt', { error }))
        .finally(() => (this.#adopting = undefined))
    } catch (error) {
      log.error('queue.adopt', { error })
    }
  }
  async #removeEmpty(): Promise<void> {
    for (const [bits, verbs] of this.#drained) {
      const { journal } = verbs
      if (!journal.ready || journal.rows.messages > 0) continue
      verbs.stopped = true
      await journal.close(true)
      this.#drained.delete(bits)
      const removed = removePart(journal.part)
      if (!removed) journal.part.unlock()
      this.#o.log.info('queue.drained', { part: journal.part.uuid, removed })
    }
  }

  newId(): MessageId {
    return this.#writing.journal.ids.next()
  }
  body(size?: number): BodySink {
    return this.#writing.journal.spool.sink(size)
  }
  commit(message: NewMessage): Promise<void> {
    return this.#writing.commit(message)
  }
  load(id: MessageId, options?: LoadRange): Promise<QueuedMessage | undefined> {
    return this.#of(id).load(id, options)
  }
  attempt(id: MessageId, recipients: readonly number[], attempts: number): void {
    this.#of(id).attempt(id, recipients, attempts)
  }
  written(id: MessageId): Promise<void> | undefined {
    return this.#of(id).journal.writer.written()
  }
  outcome(id: MessageId, records: readonly OutcomeRecord[], options?: OutcomeOptions): Promise<void> | undefined {
    return this.#of(id).outcome(id, records, options)
  }
  expand(id: MessageId, parent: number, children: readonly RecipientSeed[]): Promise<readonly number[]> {
    return this.#of(id).expand(id, parent, children)
  }
  admin(id: MessageId, record: AdminRecord): Promise<boolean> {
    return this.#of(id).admin(id, record)
  }
  requeue(id: MessageId, who: { readonly who: string; readonly why: string }): Promise<MessageId | undefined> {
    return this.#of(id).requeue(id, who)
  }
  async *list(filter?: QueueFilter): AsyncIterable<QueueEntry> {
    for (const verbs of this.#all) yield* verbs.list(filter)
  }
  history(id: MessageId): AsyncIterable<HistoryRecord> {
    return this.#of(id).history(id)
  }
  health(): StoreHealth {
    const { journal } = this.#writing
    const { fault, slow } = journal.writer
    const now: string[] = []
    if (fault) now.push(`nothing can be written: ${fault.message}`)
    if (slow !== undefined) now.push(`a sync has taken ${Math.round(slow / 1000)} s so far`)
    const problems = [...now]
    let [messages, bytes] = [0, 0]
    // asked for each message that comes: no lists are made for what is nearly always empty
    for (const { journal } of this.#all) {
      messages += journal.rows.messages
      bytes += journal.rows.bytes
      if (journal.problems.length > 0) problems.push(...journal.problems)
    }
    return { messages, bytes, refusing: now[0] ?? journal.folder.spares.short ?? journal.space.refusing, problems }
  }
  /** Makes room now, without waiting for its time; resolves when there is nothing more to do. */
  async compact(): Promise<void> {
    for (const { journal } of this.#all) await journal.keeper.compact()
  }
  /** Writes a checkpoint now. */
  async checkpoint(): Promise<void> {
    for (const { journal } of this.#all) await journal.keeper.checkpoint()
  }
  stop(): Promise<void> {
    return (this.#stopped ??= this.#own ? this.#stop() : Promise.resolve())
  }
  async #stop(): Promise<void> {
    clearInterval(this.#timer)
    for (const verbs of this.#all) verbs.stopped = true
    await this.#adopting
    const ends = await Promise.allSettled(this.#all.map(({ journal }) => journal.close()))
    await this.#endThreads()
    for (const end of ends) if (end.status === 'rejected') throw end.reason as Error
  }
}
