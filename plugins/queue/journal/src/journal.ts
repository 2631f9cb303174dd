/** The parts of an open journal, put together; opened by recovery, closed in order. */
import fs from 'node:fs'
import { BodySpool } from './body.ts'
import { FreshMessages } from './fresh.ts'
import { IdSource } from './ids.ts'
import { Reader } from './reader.ts'
import { SegmentFolder } from './folder.ts'
import { Space } from './space.ts'
import { Writer } from './writer.ts'
import { ownPart } from './part.ts'
import { join } from 'node:path'
import { recover } from './recover.ts'
import { sweepBodies } from './orphans.ts'
import { systemIo } from './io.ts'
import type { JournalOptions } from './store.ts'
import type { OwnedPart } from './part.ts'
import type { Recovered } from './recover.ts'
import type { Row } from './row.ts'

export async function openJournal(options: JournalOptions): Promise<Journal> {
  const began = Date.now()
  fs.mkdirSync(options.path, { recursive: true, mode: 0o700 })
  const part = ownPart(options.path)
  try {
    const { folder, uuid } = part
    const ids = new IdSource(parseInt(uuid.slice(0, 3), 16), options.now)
    const { log } = options
    const found = await recover({ folder, uuid, readOnly: false, log, seen: (hi, lo) => ids.raise(hi, lo) })
    const keep = found.segments.some((segment) => segment.damaged)
    sweepBodies({ folder, rows: found.rows, problems: found.problems, log, before: began, keep })
    const journal = new Journal(options, part, ids, found)
    try {
      await journal.open()
    } catch (error) {
      await journal.abandon()
      throw error
    }
    return journal
  } catch (error) {
    part.unlock()
    throw error
  }
}

export class Journal {
  /** messages that still have something to do */
  readonly index: Map<string, Row>
  readonly ids: IdSource
  readonly spool: BodySpool
  readonly folder: SegmentFolder
  readonly writer: Writer
  readonly reader: Reader
  readonly fresh = new FreshMessages()
  readonly space: Space
  readonly problems: string[]
  /** header and body of all messages */
  bytes = 0
  readonly #part: OwnedPart

  constructor(options: JournalOptions, part: OwnedPart, ids: IdSource, found: Recovered) {
    const io = options.io ?? systemIo
    const { log, probe } = options
    this.#part = part
    this.ids = ids
    this.index = found.rows
    this.problems = found.problems
    for (const row of found.rows.values()) this.bytes += row.size
    this.spool = new BodySpool(join(part.folder, 'body'), options.bodyThreshold, io)
    this.folder = new SegmentFolder(part.folder, part.uuid, options.segmentSize, io, log)
    this.folder.found(found.highest)
    for (const segment of found.segments) this.folder.found(segment.number, segment)
    this.space = new Space(part.folder, options.minFree)
    this.reader = new Reader(part.folder, log, found.problems)
    const hooks = {
      committed: (row: Row) => this.#committed(row),
      ended: (row: Row) => this.#ended(row),
      rejected: (row: Row) => void (row.file && this.spool.remove(row.file)),
    }
    const { folder } = this
    this.writer = new Writer({ folder, io, ids, log, hooks, previous: found.previous, batch: found.batch, probe })
  }
  async open(): Promise<void> {
    await this.space.look()
    await this.writer.start()
    void this.folder.sweep()
  }
  #committed(row: Row): void {
    this.index.set(row.id, row)
    this.bytes += row.size
    this.fresh.add(row)
  }
  /** Out of the index; `false` when it was not there. */
  forget(row: Row): boolean {
    if (!this.index.delete(row.id)) return false
    this.bytes -= row.size
    this.fresh.drop(row)
    return true
  }
  #ended(row: Row): void {
    if (row.file) void this.spool.remove(row.file)
    if (--row.home!.live === 0 && !row.home!.active) void this.folder.sweep()
  }

  /** Rejects when something could not be written; lets go of everything in any case. */
  async close(): Promise<void> {
    try {
      await this.writer.stop()
    } finally {
      await this.abandon()
      this.#part.unlock()
    }
  }
  async abandon(): Promise<void> {
    await this.folder.close()
    this.spool.close()
  }
}
