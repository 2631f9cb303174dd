/** The segments of a part: made ahead, put to use, dropped. */
import fs from 'node:fs'
import { rename, stat, unlink } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import { PAGE } from './frame.ts'
import { FolderSync, syncFully, systemFiles, writeFully } from './io.ts'
import { MAJOR, MINOR, Segment, encodeSegmentHeader, segmentName } from './segment.ts'
import type { FileCalls, Io } from './io.ts'
import type { Logger } from '@postern/core'
import type { Previous } from './frame.ts'

const SLICE = 1024 * 1024
/** statfs types: btrfs, zfs */
const COPYING = new Set([0x9123683e, 0x2fc12fc1])
/** kept ready, so that what ends mail can be recorded on a full disk */
const SPARE_NAMES = ['spare', 'spare2']
const SPARES = SPARE_NAMES.length
/** ms after which a spare in the making that makes no progress is not waited for any longer: the pool may be blocked */
const PATIENCE = 2000
export interface Opening {
  readonly previous: Previous
  readonly lastHigh: number
  readonly lastLow: number
  /** least size; a record larger than a segment gets one of its own size */
  readonly room: number
}
export class SegmentFolder {
  readonly segments = new Map<number, Segment>()
  readonly size: number
  readonly #folder: string
  readonly #corrupt: string
  readonly #part: string
  readonly #io: Io
  readonly #files: FileCalls
  readonly #log: Logger
  readonly #sync: FolderSync
  /** the file system writes everything to a new place: zeros and spares promise nothing there */
  readonly #copies: boolean
  #short: Error | undefined
  /** for the segments' headers */
  voidBefore = 0
  #last = 0
  #spare: Promise<void> | undefined
  /** slices written by the maker of spares; the one that was waited for in vain */
  #progress = 0
  #stuck: Promise<void> | undefined
  #recount = false
  #spares = 0
  #dropping = false
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
    this.#copies = COPYING.has(fs.statfsSync(this.#folder).type)
    if (this.#copies)
      log.info('queue.noReserve', { folder: this.#folder, reason: 'a file system that copies on write' })
  }

  path(number: number): string {
    return join(this.#folder, segmentName(number))
  }
  /** A segment found at start, or its number, where nothing is in it. */
  found(number: number, segment?: Segment): void {
    if (segment) this.segments.set(number, segment)
    this.#last = Math.max(this.#last, number)
  }

  /** Why there is no spare, if there should be one. */
  get short(): string | undefined {
    return this.#short && !this.hasSpares ? `no room for spare segments: ${this.#short.message}` : undefined
  }
  get hasSpares(): boolean {
    return this.#spares >= SPARES
  }
  /** The next segment: named, its header written. Its folder is durable; the header is with the first batch. */
  async activate(opening: Opening): Promise<Segment> {
    const number = this.#last + 1
    const size = Math.max(this.size, Math.ceil(opening.room / PAGE) * PAGE)
    const spare = size === this.size ? await this.#takeSpare() : undefined
    const ahead = spare ?? join(this.#folder, 'large')
    if (!spare) await this.#fill(ahead, size, 'fill')
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
    this.#restock()
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

  /** A spare; it is the caller's. `undefined`: there is none, and none can be waited for. */
  async #takeSpare(): Promise<string | undefined> {
    for (let seen = -1; ;) {
      const found = await this.#findSpare()
      const maker = this.#spare
      if (found || !maker || maker === this.#stuck) return found
      if (seen === this.#progress) this.#stuck = maker
      else {
        seen = this.#progress
        const ended = new AbortController()
        await Promise.race([maker, sleep(PATIENCE, undefined, ended).catch(() => undefined)])
        ended.abort()
      }
    }
  }
  async #findSpare(): Promise<string | undefined> {
    for (const name of this.#spare ? SPARE_NAMES : [...SPARE_NAMES, 'recycled']) {
      const path = join(this.#folder, name)
      if ((await this.#files.size(path)) !== this.size) continue
      if (name !== 'recycled') this.#spares = Math.max(0, this.#spares - 1)
      // a maker at work may have counted it
      this.#recount = this.#spare !== undefined
      return path
    }
    return undefined
  }
  /** Makes what is missing of the spares, one maker at a time. */
  #restock(): void {
    if (this.#spare) return
    this.#recount = false
    this.#spare = this.#makeSpares()
      .then(
        () => (this.#short = undefined),
        (error: unknown) => {
          if (!this.#short && !this.#closed) this.#log.warn('queue.spare', { error })
          this.#short = error as Error
        },
      )
      .then(() => {
        this.#spare = undefined
        if (this.#recount && !this.#closed) this.#restock()
      })
  }
  async #makeSpares(): Promise<void> {
    let spares = 0
    for (const name of SPARE_NAMES) {
      const path = join(this.#folder, name)
      if (!(await this.#fits(path))) await this.#makeSpare(path)
      this.#spares = Math.max(this.#spares, ++spares)
    }
    this.#spares = spares
  }
  async #makeSpare(path: string): Promise<void> {
    const recycled = join(this.#folder, 'recycled')
    if (await this.#fits(recycled)) return await rename(recycled, path)
    await this.#fill(path + '.new', this.size, 'spare')
    await rename(path + '.new', path)
  }
  /** Spares that could not be made are tried again; `false`: they cannot be made. */
  async tend(): Promise<boolean> {
    await this.#spare
    if (!this.hasSpares && !this.#closed) this.#restock()
    await this.#spare
    return this.hasSpares
  }
  async #fits(path: string): Promise<boolean> {
    return (await stat(path).catch(() => undefined))?.size === this.size
  }
  /** Zeros are written and synced: space that was only promised (fallocate) costs a journal transaction at each sync. */
  async #fill(path: string, size: number, purpose: 'fill' | 'spare'): Promise<void> {
    const fd = await (purpose === 'fill' ? this.#files : systemFiles).create(path)
    try {
      const zeros = Buffer.alloc(Math.min(SLICE, size))
      if (this.#copies) fs.ftruncateSync(fd, size)
      for (let at = this.#copies ? size : 0; at < size && !this.#closed; at += zeros.length) {
        await writeFully(this.#io, fd, zeros.subarray(0, Math.min(zeros.length, size - at)), at, purpose)
        if (purpose === 'spare') this.#progress++
      }
      if (this.#closed) throw new Error('closed')
      await syncFully(this.#io, fd, purpose)
    } finally {
      fs.closeSync(fd)
    }
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
  #mayGo(segment: Segment): boolean {
    if (segment.active || segment.live > 0 || segment.pins > 0 || this.#closed) return false
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
      else await rename(segment.path, join(this.#folder, 'recycled'))
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
    await this.#spare?.catch(() => undefined)
    while (this.#dropping) await new Promise((resolve) => setTimeout(resolve, 1))
    for (const segment of this.segments.values()) segment.close()
    this.#sync.close()
  }
}
