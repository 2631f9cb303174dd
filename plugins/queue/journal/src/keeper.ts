/** What an open part does by itself from time to time: checkpoints, compaction, spares. */
import { Compactor } from './compact.ts'
import { writeCheckpoint } from './checkpoint.ts'
import type { Io } from './io.ts'
import type { Journal } from './journal.ts'
import type { JournalOptions } from './options.ts'

const CHECKPOINT_EVERY = 5 * 60_000
const CHECKPOINT_BYTES = 256 * 1024 * 1024
const LOOK_EVERY = 1000
const COMPACT = { every: 60_000, age: 10 * 60_000, rate: 20 * 1024 * 1024, patience: 20 }

export class Keeper {
  readonly #journal: Journal
  readonly #o: JournalOptions & { readonly io: Io }
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #last = 0
  #lastBytes = 0
  readonly #compactor: Compactor
  readonly #compactEvery: number
  #compacting: Promise<void> | undefined
  #compacted = 0

  constructor(journal: Journal, options: JournalOptions & { readonly io: Io }) {
    this.#journal = journal
    this.#o = options
    const { every, ...compact } = { ...COMPACT, ...(options.compact || {}) }
    this.#compactor = new Compactor(journal, compact)
    this.#compactEvery = every
  }
  /** Recovery is over. */
  start(): void {
    this.#last = this.#compacted = performance.now()
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY).unref()
  }
  #look(): void {
    if (!this.#journal.folder.spares.complete) void this.#journal.folder.spares.tend()
    const resting = performance.now() - this.#compacted < this.#compactEvery
    if (this.#o.compact !== false && !resting) void this.compact()
    if (this.#running) return
    const { checkpointEvery = CHECKPOINT_EVERY, checkpointBytes = CHECKPOINT_BYTES } = this.#o
    const bytes = this.#journal.writer.bytes - this.#lastBytes
    const due = bytes >= checkpointBytes || performance.now() - this.#last >= checkpointEvery
    if (due && bytes > 0) void this.checkpoint().catch(() => undefined)
  }
  /** Makes room: resolves when there is nothing more to do for now. */
  compact(): Promise<void> {
    return (this.#compacting ??= this.#journal.recovered
      .then(() => this.#compactor.run())
      .then(
        (segments) => void (segments > 0 && this.#o.log.info('queue.compacted', { segments })),
        (error: unknown) => this.#o.log.warn('queue.compact', { error }),
      )
      .finally(() => {
        this.#compacted = performance.now()
        this.#compacting = undefined
      }))
  }
  /** Rejects when it cannot be written; the queue does not need it. */
  checkpoint(): Promise<void> {
    this.#last = performance.now()
    this.#lastBytes = this.#journal.writer.bytes
    const { rows, writer, folder, part } = this.#journal
    const { io, now, log } = this.#o
    const segments = () => folder.segments.values()
    // rows that recovery has not filled yet would be taken for all there is
    return (this.#running ??= this.#journal.recovered
      .then(() => {
        if (writer.fault) throw writer.fault
        return writeCheckpoint({ folder: part.folder, uuid: part.uuid, io, rows, writer, segments, now })
      })
      .catch((error: unknown) => {
        log.warn('queue.checkpoint', { error })
        throw error
      })
      .finally(() => (this.#running = undefined)))
  }
  /** The last one, so that the next start finds everything in it. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#compactor.stop()
    await this.#compacting
    await this.#running?.catch(() => undefined)
    if (this.#journal.ready && !this.#journal.writer.fault) await this.checkpoint().catch(() => undefined)
  }
}
