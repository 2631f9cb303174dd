/** One part, open: its pieces put together, recovered in the background, closed in order. */
import { BodySpool } from './body.ts'
import { FreshMessages } from './fresh.ts'
import { IdSource, highHalf, lowHalf } from './ids.ts'
import { Keeper } from './keeper.ts'
import { Reader } from './reader.ts'
import { Recipients } from './recipients.ts'
import { Rows } from './rows.ts'
import { SegmentFolder } from './folder.ts'
import { Space } from './space.ts'
import { Writer } from './writer.ts'
import { findCheckpoints, restoreCheckpoint } from './checkpoint.ts'
import { join } from 'node:path'
import { LIVE } from './flags.ts'
import { look } from './look.ts'
import { recordCrashes } from './crashes.ts'
import { recover } from './recover.ts'
import { sweepBodies } from './orphans.ts'
import type { FoundCheckpoint } from './checkpoint.ts'
import type { Io } from './io.ts'
import type { JournalOptions } from './options.ts'
import type { Look } from './look.ts'
import type { OwnedPart } from './part.ts'
import type { RecoveredRow } from '@postern/core'

const TOLD_AT_ONCE = 2048

/** The part takes records when this resolves; what it held before is found by `recovered`. */
export async function openJournal(options: JournalOptions, io: Io, part: OwnedPart): Promise<Journal> {
  const { folder, uuid } = part
  const began = Date.now()
  const ids = new IdSource(partBits(uuid), options.now)
  const found = await look({ folder, uuid, readOnly: false, seen: (hi, lo) => ids.raise(hi, lo) })
  const checkpoints = await findCheckpoints(folder, uuid, found.opened)
  const journal = new Journal({ options, io, part, ids, found, checkpoints, began })
  try {
    await journal.open()
  } catch (error) {
    await journal.abandon()
    throw error
  }
  return journal
}
/** The 12 bits of a part that stand in its messages' ids. */
export const partBits = (uuid: string): number => parseInt(uuid.slice(0, 3), 16)

interface Opening {
  readonly options: JournalOptions
  readonly io: Io
  readonly part: OwnedPart
  readonly ids: IdSource
  readonly found: Look
  readonly checkpoints: readonly FoundCheckpoint[]
  /** ms since 1970 */
  readonly began: number
}
export class Journal {
  readonly rows = new Rows()
  readonly ids: IdSource
  readonly spool: BodySpool
  readonly folder: SegmentFolder
  readonly writer: Writer
  readonly reader: Reader
  readonly recipients: Recipients
  readonly fresh = new FreshMessages()
  readonly space: Space
  readonly problems: string[] = []
  readonly part: OwnedPart
  /** everything from before the start has been found */
  ready = false
  recovered: Promise<void> = Promise.resolve()
  readonly #o: Opening
  readonly #oldHigh: number
  readonly #oldLow: number
  readonly #reserved: number
  readonly keeper: Keeper
  #closing = false

  constructor(opening: Opening) {
    const { options, io, part, ids, found } = opening
    const { log, probe, now } = options
    this.#o = opening
    this.part = part
    this.ids = ids
    this.#oldHigh = ids.lastHigh
    this.#oldLow = ids.lastLow
    this.#reserved = Math.max(0, ...opening.checkpoints.map(({ header }) => header.top))
    this.rows.reserve(this.#reserved)
    this.spool = new BodySpool(join(part.folder, 'body'), options.bodyThreshold, io)
    this.folder = new SegmentFolder(part.folder, part.uuid, options.segmentSize, io, log)
    this.folder.found(found.highest)
    this.folder.voidBefore = found.voidBefore
    for (const { segment } of found.opened) {
      segment.sealedAt = performance.now()
      this.folder.found(segment.number, segment)
    }
    this.space = new Space(part.folder, options.minFree)
    const segment = (number: number) => this.folder.segments.get(number)
    const { rows, problems, folder } = this
    const readable = (number: number) => this.folder.readable(number)
    const written = () => this.writer.written()
    this.reader = new Reader({ part: part.folder, rows, segment: readable, written, log, problems })
    this.recipients = new Recipients(rows, this.reader, () => this.folder.drops)
    const hooks = {
      committed: (slot: number) => this.#committed(slot),
      moved: (slot: number, to: number, offset: number, length: number) => this.#moved(slot, to, offset, length),
      replaced: (old: number, slot: number) => this.#replaced(old, slot),
      ended: (slot: number) => this.#ended(slot),
      rejected: (slot: number) => this.#rejected(slot),
    }
    const ledger = { rows, segment, now }
    const { previous, batch } = found
    this.writer = new Writer({ folder, io, ids, log, hooks, previous, batch, probe, ledger })
    this.keeper = new Keeper(this, { ...options, io })
  }
  async open(): Promise<void> {
    await this.space.look()
    await this.writer.start()
  }

  /** Finds what there was before the start, and tells it. */
  recover(row: (entry: RecoveredRow) => void): Promise<void> {
    this.recovered = this.#recover().then(() => this.#tell(row))
    this.recovered.catch(() => undefined)
    return this.recovered
  }
  async #recover(): Promise<void> {
    const { found, part, options, checkpoints, began } = this.#o
    const { rows, problems } = this
    const { log } = options
    const { folder } = part
    const from = await restoreCheckpoint(checkpoints, rows, this.#reserved, found.opened)
    const seen = (hi: number, lo: number) => this.ids.raise(hi, lo)
    const { tried } = await recover({ folder, readOnly: false, log, rows, found, problems, from, seen })
    const keep = found.opened.some(({ segment }) => segment.damaged)
    const missing = (slot: number) =>
      rows.hold(slot, { by: 'queue', reason: 'body file is missing', at: options.now() })
    await sweepBodies({ folder, rows, problems, log, before: began, keep, missing })
    recordCrashes(this, tried, options)
    this.ready = this.folder.known = true
  }
  async #tell(row: (entry: RecoveredRow) => void): Promise<void> {
    const { rows } = this
    for (let slot = 0, told = 0; slot < rows.top; slot++) {
      if (!rows.has(slot, LIVE) || !this.#isOld(rows.high(slot), rows.low(slot))) continue
      row({
        id: rows.id(slot),
        created: rows.created(slot),
        nextTry: rows.nextTry(slot),
        held: rows.held(slot) !== undefined,
      })
      if (++told % TOLD_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve))
      if (this.#closing) return
    }
    void this.folder.sweep()
    this.keeper.start()
  }
  #isOld(high: number, low: number): boolean {
    return high < this.#oldHigh || (high === this.#oldHigh && low <= this.#oldLow)
  }
  /** The message's slot, -1 when there is none: of what recovery has not finished with, too. */
  find(id: string): number {
    return this.isUnsure(id) ? -1 : this.rows.named(id)
  }
  /** Whether it is there is known when `recovered` resolves. */
  isUnsure(id: string): boolean {
    return !this.ready && this.#isOld(highHalf(id), lowHalf(id))
  }

  #committed(slot: number): void {
    this.rows.insert(slot)
  }
  #moved(slot: number, number: number, offset: number, length: number): void {
    const { rows, folder } = this
    if (rows.moving.get(slot) === number) rows.moving.delete(slot)
    this.#leave(slot)
    folder.segments.get(number)?.enter(length)
    rows.setHome(slot, number, offset, length)
    // all recipients stand there now: the copy in memory has those that came with the message, and of expansions the places
    this.fresh.drop(slot)
  }
  /** Its place among the segments' live messages is given up. */
  #leave(slot: number): void {
    const home = this.folder.segments.get(this.rows.segment(slot))
    if (!home) return
    home.leave(this.rows.length(slot))
    if (home.live === 0 && !home.active) this.sweep()
  }
  #replaced(old: number, slot: number): void {
    if (old === slot || !this.forget(old)) return
    // records of it may still be on their way
    this.writer.batch.ended.push(old)
  }
  /** Out of the index; `false` when it was not there. */
  forget(slot: number): boolean {
    if (!this.rows.remove(slot)) return false
    this.fresh.drop(slot)
    return true
  }
  #ended(slot: number): void {
    const file = this.rows.extras.get(slot)?.file
    if (file) void this.spool.remove(file)
    this.#leave(slot)
    this.rows.free(slot)
  }
  #rejected(slot: number): void {
    this.fresh.drop(slot)
    this.#ended(slot)
  }
  /** Not before everything is known that a segment may be needed for. */
  sweep(): void {
    if (this.ready) void this.folder.sweep()
  }

  /** Rejects when something could not be written; lets go of everything in any case, but the lock if it is to be kept. */
  async close(keepLock = false): Promise<void> {
    this.#closing = true
    try {
      await this.recovered.catch(() => undefined)
      await this.keeper.stop()
      await this.writer.stop()
    } finally {
      await this.abandon()
      if (!keepLock) this.part.unlock()
    }
  }
  async abandon(): Promise<void> {
    await this.folder.close()
    this.spool.close()
  }
}
