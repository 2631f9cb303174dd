/**
 * After a failed write or sync. What it lost is still in memory, and is written again to a new segment. While that fails,
 * too, commits are refused, everything else waits, and new segments are tried.
 */
import { PAGE } from './frame.ts'
import { salvage } from './salvage.ts'
import { isFull } from './space.ts'
import { syncFully, writeFully } from './io.ts'
import type { Backlog, WriterHooks } from './backlog.ts'
import type { Batch, Ledger } from './batch.ts'
import type { Io } from './io.ts'
import type { LogEnd } from './log-end.ts'
import type { Logger } from '@postern/core'
import type { SegmentFolder } from './folder.ts'

/** ms between tries to write again */
const PROBE = 5000

export interface RepairOptions {
  readonly folder: SegmentFolder
  readonly io: Io
  readonly ledger: Ledger
  readonly log: Logger
  readonly hooks: WriterHooks
  /** ms between tries; default 5000 */
  readonly probe?: number
}
/** The writer, as far as a repair waits for it, or it for a repair. */
export interface Repaired {
  /** a write, a sync or the change of segments is under way */
  moving(): boolean
  /** no sync that somebody waits for will come */
  release(): void
  /** there is a segment again */
  resume(): void
}

export class Repair {
  /** what failed, until it is written again */
  fault: Error | undefined
  /** why nothing can be written */
  down: Error | undefined
  /** batches are written again */
  running = false
  readonly #o: RepairOptions
  readonly #end: LogEnd
  readonly #backlog: Backlog
  readonly #writer: Repaired
  #stopping = false
  #probe: NodeJS.Timeout | undefined

  constructor(options: RepairOptions, end: LogEnd, backlog: Backlog, writer: Repaired) {
    this.#o = options
    this.#end = end
    this.#backlog = backlog
    this.#writer = writer
  }

  /** There is no segment to begin with: everything waits for one, commits are refused. */
  begin(error: Error): void {
    this.fault = error
    this.#goDown(error, [])
  }
  /** The file is never written, synced or read above the last good sync again. What it lost is still in memory. */
  fail(error: Error): void {
    this.fault ??= error
    const { segment } = this.#end
    segment.failed = true
    this.#o.log.error('queue.writeFailed', { segment: segment.number, error })
    this.#writer.release()
    this.replay()
  }
  /** As soon as nothing is under way, what is not durable is written again. */
  replay(): void {
    if (this.#writer.moving() || this.running || this.down) return
    this.running = true
    const carried = this.#backlog.unsynced
    if (this.#end.segment.failed) this.#end.sealFailed()
    void this.#rewrite(carried).then(
      () => {
        this.running = false
        this.#writer.resume()
      },
      (error: unknown) => this.#goDown(error as Error, carried),
    )
  }
  /** Writes batches again, into a segment of their own start, and syncs them. */
  async #rewrite(batches: readonly Batch[]): Promise<void> {
    const room = batches.reduce((sum, batch) => sum + batch.length, 0)
    const segment = await this.#end.activate(room)
    try {
      // in one go: at no time does a message's chain lack a record that its row has
      for (const batch of [...batches].reverse()) batch.unplace()
      let at = PAGE
      const placed = batches.map((batch) => {
        const [start, length] = [at, this.#end.place(batch, segment, at, PAGE, batch === batches.at(-1))]
        at = batch.end
        return { bytes: batch.buffer.subarray(0, length), start }
      })
      for (const { bytes, start } of placed) await writeFully(this.#o.io, segment.fd, bytes, start, 'records')
      await syncFully(this.#o.io, segment.fd, 'records')
      this.#end.use(segment, at)
      this.#end.clear()
      this.#backlog.unsynced = [...batches]
      this.down = this.fault = undefined
      this.#backlog.settle(at)
    } catch (error) {
      this.#end.suspect(segment)
      await this.#o.folder.discard(segment)
      throw error
    }
  }

  #goDown(error: Error, carried: readonly Batch[]): void {
    const backlog = this.#backlog
    const { rest, untraced } = salvage([...carried, ...backlog.full, backlog.open], this.#o.ledger, error)
    for (const slot of untraced) this.#o.hooks.rejected(slot)
    backlog.open = rest
    backlog.full = []
    backlog.unsynced = []
    this.running = false
    if (!this.down) this.#o.log.error('queue.down', { error })
    this.down = error
    this.#writer.release()
    if (!this.#stopping) this.#probe = setTimeout(() => this.#retry(), this.#o.probe ?? PROBE).unref()
  }
  #retry(): void {
    if (this.running) return
    this.running = true
    const batch = this.#backlog.open
    this.#backlog.open = this.#backlog.fresh()
    this.#backlog.unsynced = [batch]
    void this.#makeRoom(batch)
      .then(() => this.#rewrite([batch]))
      .then(
        () => {
          this.running = false
          this.#o.log.info('queue.up', {})
          this.#writer.resume()
        },
        (error: unknown) => this.#goDown(error as Error, [batch]),
      )
  }
  /** On a full disk the segments of what has ended are the room in which to say so. */
  async #makeRoom({ ended }: Batch): Promise<void> {
    if (!isFull(this.down)) return
    const { rows } = this.#o.ledger
    // one that has ended counts once
    await this.#o.folder.letGo([...new Set(ended)].map((slot) => rows.segment(slot)))
  }
  /** One more try if nothing can be written, and none after it. */
  stop(): void {
    this.#stopping = true
    clearTimeout(this.#probe)
    if (this.down) this.#retry()
  }
}
