/** The segments of a part: put to use, dropped. */
import fs from 'node:fs'
import { rename, unlink } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { PAGE } from './frame.ts'
import { FolderSync, systemFiles, writeFully } from './io.ts'
import { MAJOR, MINOR, Segment, encodeSegmentHeader, segmentName } from './segment.ts'
import { Spares } from './spares.ts'
import type { FileCalls, Io } from './io.ts'
import type { Logger } from '@postern/core'
import type { Previous } from './frame.ts'

export interface Opening {
  readonly previous: Previous
  readonly lastHigh: number
  readonly lastLow: number
  /** least size; a record larger than a segment gets one of its own size */
  readonly room: number
}
export class SegmentFolder {
  readonly segments = new Map<number, Segment>()
  readonly spares: Spares
  readonly size: number
  readonly #folder: string
  readonly #corrupt: string
  readonly #part: string
  readonly #io: Io
  readonly #files: FileCalls
  readonly #log: Logger
  readonly #sync: FolderSync
  /** for the segments' headers */
  voidBefore = 0
  #last = 0
  #dropping = false
  /** by segment: messages in it that have ended, which nothing durable says yet */
  #ending: ReadonlyMap<number, number> = new Map()
  /** what the segments found at start hold has been counted: before that nothing is dropped */
  known = false
  /** segments that went, and those that are about to */
  drops = 0
  #closed = false

  /** `part`: the part's folder; `uuid`: 32 hexadecimal digits */
  constructor(part: string, uuid: string, size: number, io: Io, log: Logger) {
    this.#folder = join(part, 'seg')
    this.#corrupt = join(part, 'corrupt')
    this.#part = uuid
    this.size = Math.ceil(size / PAGE) * PAGE
    this.#io = io
    this.#files = io.files ?? systemFiles
    this.#log = log
    this.#sync = new FolderSync(io, this.#folder)
    this.spares = new Spares(this.#folder, this.size, io, log)
  }

  path(number: number): string {
    return join(this.#folder, segmentName(number))
  }
  /** A segment found at start, or its number, where nothing is in it. */
  found(number: number, segment?: Segment): void {
    if (segment) this.segments.set(number, segment)
    this.#last = Math.max(this.#last, number)
  }

  /** The next segment: named, its header written. Its folder is durable; the header is with the first batch. */
  async activate(opening: Opening): Promise<Segment> {
    const number = this.#last + 1
    const size = Math.max(this.size, Math.ceil(opening.room / PAGE) * PAGE)
    const spare = size === this.size ? await this.spares.take() : undefined
    const ahead = spare ?? join(this.#folder, 'large')
    if (!spare) await this.spares.fill(ahead, size, 'fill')
    await this.#files.rename(ahead, this.path(number))
    this.#last = number
    await this.#sync.sync()
    const epoch = randomBytes(4).readUInt32LE(0)
    const segment = new Segment(number, epoch, size, this.path(number), fs.openSync(this.path(number), 'r+'))
    try {
      await writeFully(this.#io, segment.fd, this.#header(segment, opening), 0, 'records')
    } catch (error) {
      await this.discard(segment)
      throw error
    }
    this.segments.set(number, segment)
    this.spares.restock()
    return segment
  }
  #header(segment: Segment, opening: Opening): Buffer {
    const { previous, lastHigh, lastLow } = opening
    const { number, epoch } = segment
    const created = Date.now()
    return encodeSegmentHeader({
      major: MAJOR,
      minor: MINOR,
      part: this.#part,
      number,
      epoch,
      created,
      previous,
      lastHigh,
      lastLow,
      voidBefore: this.voidBefore,
    })
  }

  /** A segment that failed before anything in it was durable. */
  async discard(segment: Segment): Promise<void> {
    this.segments.delete(segment.number)
    segment.close()
    await this.#files
      .unlink(segment.path)
      .catch((error: unknown) => this.#log.warn('queue.discard', { segment: segment.number, error }))
  }

  /** Drops what has no live message, and whose records speak only of segments that are gone: what ended a message stays as long as that. */
  async sweep(): Promise<void> {
    if (this.#dropping || !this.known) return
    this.#dropping = true
    try {
      for (let dropped = true; dropped && !this.#closed;) {
        dropped = false
        for (const segment of this.segments.values())
          if (this.#mayGo(segment)) dropped = (await this.#drop(segment)) || dropped
      }
    } finally {
      this.#dropping = false
    }
  }
  /**
   * Drops, too, what has no message but such as have ended and whose end could not be recorded; that it is gone says the same. `homes`:
   * the segment of each of these, while nothing else becomes durable.
   */
  async letGo(homes: readonly number[]): Promise<void> {
    while (this.#dropping) await new Promise((resolve) => setTimeout(resolve, 1))
    const ending = new Map<number, number>()
    for (const home of homes) ending.set(home, (ending.get(home) ?? 0) + 1)
    this.#ending = ending
    await this.sweep()
    this.#ending = new Map()
  }
  #mayGo(segment: Segment): boolean {
    // in one that failed may stand what does not count
    const ending = segment.failed || segment.damaged ? 0 : (this.#ending.get(segment.number) ?? 0)
    if (segment.active || segment.live > ending || segment.pins > 0 || this.#closed) return false
    if (this.isGuard(segment)) return false
    for (const number of segment.needs) if (this.segments.has(number)) return false
    return true
  }
  /** It says what is to be ignored of a failed one that is still there. */
  isGuard({ guards }: Segment): boolean {
    for (const number of guards) if (this.segments.has(number)) return true
    return false
  }
  /** One that may be read. */
  readable(number: number): Segment | undefined {
    const segment = this.segments.get(number)
    return segment?.dropping ? undefined : segment
  }
  async #drop(segment: Segment): Promise<boolean> {
    segment.dropping = true
    this.drops++
    try {
      if (segment.damaged) await rename(segment.path, join(this.#corrupt, segmentName(segment.number)))
      else if (segment.failed || segment.size !== this.size) await unlink(segment.path)
      else await this.spares.recycle(segment.path)
      // durable before anything that needed it may go
      await this.#sync.sync()
    } catch (error) {
      segment.dropping = false
      this.#log.warn('queue.drop', { segment: segment.number, error })
      return false
    }
    this.segments.delete(segment.number)
    segment.close()
    return true
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.spares.close()
    while (this.#dropping) await new Promise((resolve) => setTimeout(resolve, 1))
    for (const segment of this.segments.values()) segment.close()
    this.#sync.close()
  }
}
