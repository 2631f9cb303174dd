/** The end of the log: the segment that is written, how far, and what the next one has to say of those before it. */
import { PAD_ROOM, PAGE, UNLINKED, encodePad, sealHeader } from './frame.ts'
import { syncFully, writeFully } from './io.ts'
import type { Batch } from './batch.ts'
import type { IdSource } from './ids.ts'
import type { Io } from './io.ts'
import type { Previous } from './frame.ts'
import type { Segment } from './segment.ts'
import type { SegmentFolder } from './folder.ts'

/** A place in the log. */
export interface Position {
  readonly segment: number
  readonly epoch: number
  readonly offset: number
  /** number of the last batch */
  readonly batch: number
}
export interface LogEndOptions {
  readonly folder: SegmentFolder
  readonly io: Io
  readonly ids: IdSource
  /** the last segment found at start */
  readonly previous: Previous
  /** number of the last batch found at start */
  readonly batch: number
}

export class LogEnd {
  segment!: Segment
  /** ends in the segment: of what was written, of the last batch that has its PAD, of what is durable */
  tail = 0
  padded = 0
  synced = 0
  readonly #folder: SegmentFolder
  readonly #io: Io
  readonly #ids: IdSource
  #previous: Previous
  /** segments that failed; whatever is written next may speak of what stands in them */
  #suspects: number[] = []
  #batch: number

  constructor(options: LogEndOptions) {
    this.#folder = options.folder
    this.#io = options.io
    this.#ids = options.ids
    this.#previous = options.previous
    this.#batch = options.batch
  }

  /** Up to where everything is durable. */
  get position(): Position {
    return { segment: this.segment.number, epoch: this.segment.epoch, offset: this.synced, batch: this.#batch }
  }
  /** There is room for so many bytes of records, for their PAD, and for one at the end of the process. */
  holds(bytes: number): boolean {
    return this.tail + bytes + 2 * PAD_ROOM <= this.segment.size
  }

  /** Gives the batch its place, and its PAD; the bytes to write. */
  place(batch: Batch, segment: Segment, start: number, syncedUpTo: number, pad: boolean, clean = false): number {
    batch.place(segment, start)
    const { length } = batch
    batch.end = start + length
    if (!pad) return length
    const { lastHigh, lastLow } = this.#ids
    const facts = {
      batch: ++this.#batch,
      start,
      length,
      syncedUpTo,
      previous: this.#previous,
      lastHigh,
      lastLow,
      clean,
    }
    // it may get another buffer here
    const at = batch.begin(0)
    const end = encodePad(batch.buffer, at, start + length, facts)
    sealHeader(batch.buffer, length, segment.epoch, segment.number, UNLINKED)
    batch.end = start + end
    return end
  }

  /** A new segment with room for so many bytes of records; it is not written before `use`. */
  async activate(room: number): Promise<Segment> {
    const { lastHigh, lastLow } = this.#ids
    const segment = await this.#folder.activate({
      previous: this.#previous,
      lastHigh,
      lastLow,
      room: room + 2 * PAGE + 2 * PAD_ROOM,
    })
    for (const number of this.#suspects) segment.guards.add(number)
    return segment
  }
  use(segment: Segment, end = PAGE): void {
    if (this.segment) {
      this.segment.active = false
      this.segment.sealedAt = performance.now()
    }
    this.segment = segment
    this.tail = this.padded = this.synced = end
  }
  /** Everything in the segment is durable, and nothing follows. */
  seal(): void {
    this.#previous = { number: this.segment.number, mark: this.synced, sealed: false }
  }
  /** The segment has failed: what follows the last good sync does not count. */
  sealFailed(): void {
    this.#previous = { number: this.segment.number, mark: this.synced, sealed: true }
    this.segment.mark = this.synced
    this.#suspects.push(this.segment.number)
  }
  /** Nothing in it was durable, but it may still be there. */
  suspect(segment: Segment): void {
    this.#suspects.push(segment.number)
  }
  /** The header of the segment in use tells of all that failed; those behind it speak of it only. */
  clear(): void {
    this.#suspects = []
  }

  /** Everything is durable, and the log ends here: a mark that says so, in a batch without records. Rejects with the disk. */
  async finish(batch: Batch): Promise<void> {
    const { segment, tail } = this
    if (tail + PAD_ROOM > segment.size) return
    const length = this.place(batch, segment, tail, this.synced, true, true)
    await writeFully(this.#io, segment.fd, batch.buffer.subarray(0, length), tail, 'records')
    await syncFully(this.#io, segment.fd, 'records')
  }
}
