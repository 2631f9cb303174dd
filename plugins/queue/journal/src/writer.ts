/**
 * Group commit. One write and one sync are under way at a time, side by side; nobody waits for a timer: the first record
 * starts a write and its sync, what arrives meanwhile is written at once and synced together by the next.
 */
import { Batch } from './batch.ts'
import { PAD_ROOM, PAGE, UNLINKED, encodePad, sealHeader } from './frame.ts'
import { salvage } from './salvage.ts'
import { syncFully, writeAll, writeFully } from './io.ts'
import type { IdSource } from './ids.ts'
import type { Ledger } from './batch.ts'
import type { Io } from './io.ts'
import type { Logger } from '@postern/core'
import type { Previous } from './frame.ts'
import type { Segment } from './segment.ts'
import type { SegmentFolder } from './folder.ts'

const BATCH_LIMIT = 4 * 1024 * 1024
const KEPT_BUFFER = 1024 * 1024
const IDLE_MARK = 50
const LAZY_SYNC = 200
const PROBE = 5000
const SLOW_SYNC = 10_000
/** ms a sync takes on a disk so quick that what comes meanwhile may wait for it: one order a batch instead of three */
const QUICK_SYNC = 2
/** batches whose time to durability is remembered */
const LATENCIES = 100
/** ms after which a slow batch is forgotten when nothing follows */
const LATENCY_SPAN = 10_000

export interface WriterHooks {
  /** durable: the message is there */
  committed(slot: number): void
  /** its new home is durable */
  moved(slot: number, segment: number, offset: number, length: number): void
  /** durable: the new message is there, and the old one is gone */
  replaced(old: number, slot: number): void
  /** the records that ended it are durable: its body file may go */
  ended(slot: number): void
  /** refused, and no trace of it on disk that could count */
  rejected(slot: number): void
}
/** A place in the log. */
export interface Position {
  readonly segment: number
  readonly epoch: number
  readonly offset: number
  /** number of the last batch */
  readonly batch: number
}
export interface WriterOptions {
  readonly folder: SegmentFolder
  readonly io: Io
  readonly ledger: Ledger
  readonly ids: IdSource
  readonly log: Logger
  readonly hooks: WriterHooks
  /** the last segment found at start */
  readonly previous: Previous
  /** number of the last batch found at start */
  readonly batch: number
  /** ms between tries to write again after a fault */
  readonly probe?: number
}

export class Writer {
  readonly #o: WriterOptions
  readonly #free: Buffer[] = []
  #open: Batch
  #full: Batch[] = []
  #unsynced: Batch[] = []
  #segment!: Segment
  #previous: Previous
  /** segments that failed; whatever is written next may speak of what stands in them */
  #suspects: number[] = []
  #batch: number
  readonly #limit: number
  /** ends in the current segment: of what was written, of the last batch that has its PAD, of what is durable */
  #tail = 0
  #padded = 0
  #synced = 0
  #writing = false
  #syncing = false
  #syncStarted = 0
  /** ms that the last sync took */
  #syncTook = 0
  #rolling = false
  #scheduled = false
  #fault: Error | undefined
  #replaying = false
  #down: Error | undefined
  #stopping = false
  #lazy: NodeJS.Timeout | undefined
  #idle: NodeJS.Timeout | undefined
  #probe: NodeJS.Timeout | undefined
  #quiet: (() => void)[] = []
  readonly #latencies = new Float64Array(LATENCIES)
  #latency = 0
  #measured = 0
  /** bytes written since the start */
  bytes = 0

  constructor(options: WriterOptions) {
    this.#o = options
    this.#open = new Batch(options.ledger)
    this.#previous = options.previous
    this.#batch = options.batch
    this.#limit = Math.min(BATCH_LIMIT, options.folder.size / 4)
  }

  async start(): Promise<void> {
    this.#use(await this.#activate(0))
  }
  /** Why nothing can be written now, if so. */
  get fault(): Error | undefined {
    return this.#down
  }
  /** A disk that does not answer is no disk: ms that the sync under way has taken, above ten seconds. */
  get slow(): number | undefined {
    const ms = this.#syncing ? Date.now() - this.#syncStarted : 0
    return ms > SLOW_SYNC ? ms : undefined
  }

  /** Up to where in the log everything is durable, and told to the hooks. */
  get position(): Position {
    return { segment: this.#segment.number, epoch: this.#segment.epoch, offset: this.#synced, batch: this.#batch }
  }
  /** ms to durability of about the slowest in a hundred batches as long as there are some. */
  get latency(): number {
    return Math.max(...(performance.now() - this.#measured > LATENCY_SPAN ? [0] : this.#latencies))
  }
  #measure(ms: number): void {
    const now = performance.now()
    if (now - this.#measured > LATENCY_SPAN) this.#latencies.fill(0)
    this.#measured = now
    this.#latencies[this.#latency++ % LATENCIES] = ms
  }
  #fresh(): Batch {
    return new Batch(this.#o.ledger, this.#free.pop())
  }
  /** Everything recorded so far is durable when this resolves; rejects when it cannot be. */
  flush(): Promise<void> {
    if (this.#down) return Promise.reject(this.#down)
    return new Promise((resolve, reject) => {
      this.#open.synced.push({ resolve, reject })
      this.added(true)
    })
  }
  /** Everything recorded so far can be read from the file; `undefined`: it can already. */
  written(): Promise<void> | undefined {
    const last = this.#open.length > 0 ? this.#open : this.#full.at(-1)
    // after a fault what was written is on its way to another place
    const underway = this.#writing || this.#fault !== undefined || this.#replaying
    const batch = last ?? (underway ? this.#unsynced.at(-1) : undefined)
    return batch && new Promise((resolve, reject) => void batch.readable.push({ resolve, reject }))
  }

  /** The batch that the next record goes into. Encode it there, then call `added`. */
  get batch(): Batch {
    if (this.#open.length > this.#limit && !this.#down) {
      this.#full.push(this.#open)
      this.#open = this.#fresh()
    }
    return this.#open
  }
  added(durable: boolean): void {
    if (durable) this.#open.durable = true
    else this.#lazy ??= setTimeout(() => this.#syncLazy(), LAZY_SYNC)
    this.#schedule()
  }
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    // not the next tick: what one turn of the event loop reads from many sockets becomes one write
    setImmediate(() => {
      this.#scheduled = false
      this.#pump()
    })
  }

  #pump(): void {
    if (this.#writing || this.#rolling || this.#fault || this.#down) return
    const batch = this.#take()
    if (!batch) return
    // one PAD for the batch, one for the end of the process
    if (this.#tail + batch.length + 2 * PAD_ROOM <= this.#segment.size) return this.#write(batch)
    this.#full.unshift(batch)
    void this.#roll(batch.length)
  }
  #take(): Batch | undefined {
    if (this.#full.length > 0) return this.#full.shift()
    const batch = this.#open
    if (batch.length === 0 && !batch.durable) return undefined
    this.#open = this.#fresh()
    return batch
  }
  #write(batch: Batch, pad = batch.durable): void {
    const start = this.#tail
    batch.began = performance.now()
    const length = this.#place(batch, this.#segment, start, this.#synced, pad)
    this.#tail = batch.end
    this.bytes += length
    this.#unsynced.push(batch)
    this.#writing = true
    if (batch.durable && this.#o.io.commit && !this.#syncing && this.#syncTook < QUICK_SYNC)
      return this.#commit(batch, length, start)
    this.#put(batch, 0, length, start)
  }
  #put(batch: Batch, from: number, length: number, start: number): void {
    const { io } = this.#o
    writeAll(io, this.#segment.fd, batch.buffer.subarray(from), length - from, start + from, 'records', (error) => {
      this.#writing = false
      if (error) return this.#fail(error)
      if (this.#fault) return this.#replay()
      batch.isWritten()
      if (batch.durable) this.#padded = batch.end
      this.#sync()
      this.#pump()
    })
  }
  /** Written and synced by one order. */
  #commit(batch: Batch, length: number, start: number): void {
    this.#syncing = true
    this.#syncStarted = Date.now()
    this.#o.io.commit!(this.#segment.fd, batch.buffer, length, start, (error, written) => {
      this.#syncing = false
      if (!error && written < length && written > 0) return this.#put(batch, written, length, start)
      this.#writing = false
      if (error ?? written < length) return this.#fail(error ?? new Error(`nothing was written at ${start}`))
      this.#syncTook = performance.now() - batch.began
      this.#padded = this.#synced = batch.end
      batch.isWritten()
      this.#settle(batch.end)
      if (this.#open.length > 0 || this.#full.length > 0) this.#schedule()
      this.#quieten()
    })
  }
  /** Gives the batch its place, and its PAD; the bytes to write. */
  #place(batch: Batch, segment: Segment, start: number, syncedUpTo: number, pad: boolean, clean = false): number {
    batch.place(segment, start)
    const { length } = batch
    batch.end = start + length
    if (!pad) return length
    const { lastHigh, lastLow } = this.#o.ids
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
    const end = encodePad(batch.buffer, batch.begin(0), start + length, facts)
    sealHeader(batch.buffer, length, segment.epoch, segment.number, UNLINKED)
    batch.end = start + end
    return end
  }

  #sync(): void {
    if (this.#syncing || this.#fault || this.#padded <= this.#synced) return
    const target = this.#padded
    this.#syncing = true
    this.#syncStarted = Date.now()
    const began = performance.now()
    this.#o.io.sync(this.#segment.fd, 'records', (error) => {
      this.#syncing = false
      if (error) return this.#fail(error)
      this.#syncTook = performance.now() - began
      this.#synced = target
      this.#settle(target)
      if (this.#fault) return this.#replay()
      this.#sync()
      if (!this.#syncing) this.#quieten()
    })
  }
  #quieten(): void {
    for (const go of this.#quiet.splice(0)) go()
    if (!this.#stopping) this.#idle ??= setTimeout(() => this.#mark(), IDLE_MARK).unref()
  }
  #settle(upTo: number): void {
    let n = 0
    while (n < this.#unsynced.length && this.#unsynced[n]!.end <= upTo) n++
    for (const batch of this.#unsynced.splice(0, n)) {
      if (batch.durable) this.#measure(performance.now() - batch.began)
      const { hooks } = this.#o
      for (const { slot, offset, length } of batch.moves) hooks.moved(slot, batch.segment, offset, length)
      for (const slot of batch.commits) hooks.committed(slot)
      for (const { old, slot } of batch.replaces) hooks.replaced(old, slot)
      batch.isWritten()
      for (const waiter of batch.waiters) waiter?.resolve()
      for (const waiter of batch.synced) waiter.resolve()
      for (const slot of batch.ended) hooks.ended(slot)
      for (const slot of batch.freed) this.#o.ledger.rows.free(slot)
      if (batch.buffer.length <= KEPT_BUFFER && this.#free.length < 8) this.#free.push(batch.buffer)
    }
  }
  #syncLazy(): void {
    this.#lazy = undefined
    if (this.#open.length === 0 && this.#full.length === 0 && !this.#unsynced.some((b) => b.rows.length > 0)) return
    this.#open.durable = true
    this.#schedule()
  }
  /** A PAD that nobody waits for: without it the last batch before a pause would have no mark that covers it. */
  #mark(): void {
    this.#idle = undefined
    if (this.#writing || this.#syncing || this.#rolling || this.#fault || this.#down || this.#stopping) return
    if (this.#tail !== this.#synced || this.#tail + 2 * PAD_ROOM > this.#segment.size) return
    this.#write(this.#fresh(), true)
  }

  async #roll(room: number): Promise<void> {
    this.#rolling = true
    try {
      await this.#syncAll()
      if (!this.#fault) {
        this.#previous = { number: this.#segment.number, mark: this.#synced, sealed: false }
        this.#use(await this.#activate(room))
        void this.#o.folder.sweep()
      }
    } catch (error) {
      this.#fault = error as Error
    } finally {
      this.#rolling = false
    }
    if (this.#fault) this.#replay()
    else this.#pump()
  }
  /** Everything written is durable when this resolves, or there is a fault. Nothing more may be written to the segment. */
  async #syncAll(): Promise<void> {
    this.#padded = this.#tail
    this.#sync()
    while (this.#syncing) await new Promise<void>((resolve) => this.#quiet.push(resolve))
  }
  async #activate(room: number): Promise<Segment> {
    const { lastHigh, lastLow } = this.#o.ids
    const segment = await this.#o.folder.activate({
      previous: this.#previous,
      lastHigh,
      lastLow,
      room: room + 2 * PAGE + 2 * PAD_ROOM,
    })
    for (const number of this.#suspects) segment.guards.add(number)
    return segment
  }
  #use(segment: Segment, end = PAGE): void {
    if (this.#segment) {
      this.#segment.active = false
      this.#segment.sealedAt = performance.now()
    }
    this.#segment = segment
    this.#tail = this.#padded = this.#synced = end
  }

  /** The file is never written, synced or read above the last good sync again. What it lost is still in memory. */
  #fail(error: Error): void {
    this.#fault ??= error
    this.#segment.failed = true
    this.#o.log.error('queue.writeFailed', { segment: this.#segment.number, error })
    for (const go of this.#quiet.splice(0)) go()
    this.#replay()
  }
  #replay(): void {
    if (this.#writing || this.#syncing || this.#rolling || this.#replaying || this.#down) return
    this.#replaying = true
    const carried = this.#unsynced
    if (this.#segment.failed) {
      this.#previous = { number: this.#segment.number, mark: this.#synced, sealed: true }
      this.#segment.mark = this.#synced
      this.#suspects.push(this.#segment.number)
    }
    void this.#rewrite(carried).then(
      () => {
        this.#replaying = false
        this.#pump()
      },
      (error: unknown) => this.#goDown(error as Error, carried),
    )
  }
  /** Writes batches again, into a segment of their own start, and syncs them. */
  async #rewrite(batches: readonly Batch[]): Promise<void> {
    const room = batches.reduce((sum, batch) => sum + batch.length, 0)
    const segment = await this.#activate(room)
    try {
      // in one go: at no time does a message's chain lack a record that its row has
      for (const batch of [...batches].reverse()) batch.unplace()
      let at = PAGE
      const placed = batches.map((batch) => {
        const [start, length] = [at, this.#place(batch, segment, at, PAGE, batch === batches.at(-1))]
        at = batch.end
        return { bytes: batch.buffer.subarray(0, length), start }
      })
      for (const { bytes, start } of placed) await writeFully(this.#o.io, segment.fd, bytes, start, 'records')
      await syncFully(this.#o.io, segment.fd, 'records')
      this.#use(segment, at)
      // its header tells of them; those behind it speak of it only
      this.#suspects = []
      this.#unsynced = [...batches]
      this.#down = this.#fault = undefined
      this.#settle(at)
    } catch (error) {
      this.#suspects.push(segment.number)
      await this.#o.folder.discard(segment)
      throw error
    }
  }

  /** Nothing can be written: commits are refused, everything else waits in memory, new segments are tried every 5 s. */
  #goDown(error: Error, carried: readonly Batch[]): void {
    const { rest, untraced } = salvage([...carried, ...this.#full, this.#open], this.#o.ledger, error)
    for (const slot of untraced) this.#o.hooks.rejected(slot)
    this.#open = rest
    this.#full = []
    this.#unsynced = []
    this.#replaying = false
    if (!this.#down) this.#o.log.error('queue.down', { error })
    this.#down = error
    for (const go of this.#quiet.splice(0)) go()
    if (!this.#stopping) this.#probe = setTimeout(() => this.#retry(), this.#o.probe ?? PROBE).unref()
  }
  #retry(): void {
    if (this.#replaying) return
    this.#replaying = true
    const batch = this.#open
    this.#open = this.#fresh()
    this.#unsynced = [batch]
    void this.#rewrite([batch]).then(
      () => {
        this.#replaying = false
        this.#o.log.info('queue.up', {})
        this.#pump()
      },
      (error: unknown) => this.#goDown(error as Error, [batch]),
    )
  }

  /** Everything written is synced when this resolves; rejects when it cannot be. */
  async stop(): Promise<void> {
    this.#stopping = true
    for (const timer of [this.#lazy, this.#idle, this.#probe]) clearTimeout(timer)
    if (this.#down) this.#retry()
    while (this.#busy) {
      if (this.#down && !this.#replaying) throw this.#giveUp(this.#down)
      // one more while a slow sync runs would need a sync of its own, and so on for ever
      if (!this.#writing && !this.#syncing) {
        this.#open.durable = true
        this.#pump()
      }
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    clearTimeout(this.#lazy)
    // everything is durable; only the mark that says so is still to come
    await this.#lastMark().catch((error: unknown) => this.#o.log.warn('queue.lastMark', { error }))
  }
  async #lastMark(): Promise<void> {
    if (this.#tail + PAD_ROOM > this.#segment.size) return
    const batch = this.#fresh()
    const length = this.#place(batch, this.#segment, this.#tail, this.#synced, true, true)
    await writeFully(this.#o.io, this.#segment.fd, batch.buffer.subarray(0, length), this.#tail, 'records')
    await syncFully(this.#o.io, this.#segment.fd, 'records')
  }
  get #busy(): boolean {
    const moving = this.#writing || this.#syncing || this.#rolling || this.#replaying
    return (
      moving || this.#down !== undefined || this.#open.length > 0 || this.#full.length > 0 || this.#unsynced.length > 0
    )
  }
  #giveUp(error: Error): Error {
    for (const waiter of [...this.#open.waiters, ...this.#open.synced, ...this.#open.readable]) waiter?.reject(error)
    return error
  }
}
