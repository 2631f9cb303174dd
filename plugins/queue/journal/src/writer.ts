/**
 * Group commit. One write and one sync are under way at a time, side by side; nobody waits for a timer: the first record
 * starts a write and its sync, what arrives meanwhile is written at once and synced together by the next.
 */
import { Backlog } from './backlog.ts'
import { LogEnd } from './log-end.ts'
import { Repair } from './repair.ts'
import { Timers } from './timers.ts'
import { isFull } from './space.ts'
import { writeAll } from './io.ts'
import type { Batch } from './batch.ts'
import type { LogEndOptions, Position } from './log-end.ts'
import type { RepairOptions } from './repair.ts'

/** bytes of records behind which a batch takes no further one: with a body below the threshold it still goes to the thread in one order */
const BATCH_LIMIT = 704 * 1024
const SLOW_SYNC = 10_000
/** ms a sync takes on a disk so quick that what comes meanwhile may wait for it: one order a batch instead of three */
const QUICK_SYNC = 2
/** ms for which what comes waits for a commit's order; behind that it is written beside the sync, to outlive the process */
const PATIENCE = 10

export type WriterOptions = LogEndOptions & RepairOptions

export class Writer {
  readonly #o: WriterOptions
  readonly #backlog: Backlog
  readonly #end: LogEnd
  readonly #repair: Repair
  readonly #timers = new Timers(
    () => this.#syncLazy(),
    () => this.#mark(),
    () => this.#pump(),
  )
  #writing = false
  #syncing = false
  #syncStarted = 0
  /** ms that the last sync took */
  #syncTook = 0
  /** a commit's order under way: `true` when its bytes stand in the file, and others may be written beside its sync */
  #letsGo: (() => boolean) | undefined
  #rolling = false
  #scheduled = false
  #stopping = false
  #quiet: (() => void)[] = []
  /** bytes written since the start */
  bytes = 0

  constructor(options: WriterOptions) {
    this.#o = options
    this.#backlog = new Backlog(options.ledger, options.hooks, Math.min(BATCH_LIMIT, options.folder.size / 4))
    this.#end = new LogEnd(options)
    this.#repair = new Repair(options, this.#end, this.#backlog, {
      moving: () => this.#writing || this.#syncing || this.#rolling,
      release: () => this.#release(),
      resume: () => this.#pump(),
    })
  }

  /** A full disk is no reason not to open: what is in the queue may end and make room. Rejects with any other fault. */
  async start(): Promise<void> {
    try {
      this.#end.use(await this.#end.activate(0))
    } catch (error) {
      if (!isFull(error)) throw error
      this.#repair.begin(error as Error)
    }
  }
  /** Why nothing can be written now, if so. */
  get fault(): Error | undefined {
    return this.#repair.down
  }
  /** A disk that does not answer is no disk: ms that the sync under way has taken, above ten seconds. */
  get slow(): number | undefined {
    const ms = this.#syncing ? Date.now() - this.#syncStarted : 0
    return ms > SLOW_SYNC ? ms : undefined
  }
  /** Up to where in the log everything is durable, and told to the hooks. */
  get position(): Position {
    return this.#end.position
  }
  /** ms to durability of about the slowest in a hundred batches as long as there are some. */
  get latency(): number {
    return this.#backlog.latency.slowest
  }

  /** Everything recorded so far is durable when this resolves; rejects when it cannot be. */
  flush(): Promise<void> {
    if (this.#repair.down) return Promise.reject(this.#repair.down)
    return new Promise((resolve, reject) => {
      this.#backlog.open.synced.push({ resolve, reject })
      this.added(true)
    })
  }
  /** Everything recorded so far can be read from the file; `undefined`: it can already. */
  written(): Promise<void> | undefined {
    const { open, full, unsynced } = this.#backlog
    const last = open.length > 0 ? open : full.at(-1)
    // after a fault what was written is on its way to another place
    const underway = this.#writing || this.#repair.fault !== undefined || this.#repair.running
    const batch = last ?? (underway ? unsynced.at(-1) : undefined)
    return batch && new Promise((resolve, reject) => void batch.readable.push({ resolve, reject }))
  }
  /** The same for a look at the queue: what cannot be written is waited for once, and then left out. */
  async looked(): Promise<void> {
    await this.written()?.catch(() => undefined)
  }

  /** The batch that the next record goes into. Encode it there, then call `added`. */
  get batch(): Batch {
    if (!this.#repair.down) this.#backlog.turn()
    return this.#backlog.open
  }
  added(durable: boolean): void {
    if (durable) this.#backlog.open.durable = true
    else this.#timers.lazy()
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
    if (this.#writing) this.#overtake()
    if (this.#writing || this.#rolling || this.#repair.fault || this.#repair.down) return
    const batch = this.#backlog.take()
    if (!batch) return
    if (this.#end.holds(batch.length)) return this.#write(batch)
    this.#backlog.full.unshift(batch)
    void this.#roll(batch.length)
  }
  /** What comes while the sync of a commit's order takes long is written meanwhile. */
  #overtake(): void {
    if (!this.#letsGo) return
    const left = this.#backlog.unsynced.at(-1)!.began + PATIENCE - performance.now()
    if (left > 0 || !this.#letsGo()) this.#timers.overtake(Math.max(1, left))
    else this.#letsGo = undefined
  }
  #write(batch: Batch, pad = batch.durable): void {
    const end = this.#end
    const start = end.tail
    batch.began = performance.now()
    const length = end.place(batch, end.segment, start, end.synced, pad)
    end.tail = batch.end
    this.bytes += length
    this.#backlog.unsynced.push(batch)
    this.#writing = true
    const { io } = this.#o
    if (batch.durable && io.commit && !io.commitWaits && !this.#syncing && this.#syncTook < QUICK_SYNC)
      return this.#commit(batch, length, start)
    this.#put(batch, 0, length, start)
  }
  #put(batch: Batch, from: number, length: number, start: number): void {
    const { fd } = this.#end.segment
    writeAll(this.#o.io, fd, batch.buffer.subarray(from), length - from, start + from, 'records', (error) => {
      this.#writing = false
      if (error) return this.#repair.fail(error)
      if (this.#repair.fault) return this.#repair.replay()
      batch.isWritten()
      if (batch.durable) this.#end.padded = batch.end
      this.#sync()
      this.#pump()
    })
  }
  /** Written and synced by one order. */
  #commit(batch: Batch, length: number, start: number): void {
    this.#syncing = true
    this.#syncStarted = Date.now()
    let [over, alone] = [false, true]
    const isPut = this.#o.io.commit!(this.#end.segment.fd, batch.buffer, length, start, (error, written) => {
      over = true
      this.#letsGo = undefined
      this.#syncing = false
      if (!error && written < length && written > 0) return this.#put(batch, written, length, start)
      // else the write beside it has a callback of its own
      if (alone) this.#writing = false
      if (error ?? written < length) return this.#repair.fail(error ?? new Error(`nothing was written at ${start}`))
      this.#syncTook = performance.now() - batch.began
      this.#end.synced = batch.end
      this.#end.padded = Math.max(this.#end.padded, batch.end)
      batch.isWritten()
      this.#backlog.settle(batch.end)
      if (this.#repair.fault) return this.#repair.replay()
      if (this.#backlog.waits) this.#schedule()
      this.#sync()
      if (!this.#syncing) this.#quieten()
    })
    if (!isPut || over) return
    this.#letsGo = () => {
      if (!isPut()) return false
      alone = this.#writing = false
      batch.isWritten()
      return true
    }
  }
  #sync(): void {
    const end = this.#end
    if (this.#syncing || this.#repair.fault || end.padded <= end.synced) return
    const target = end.padded
    this.#syncing = true
    this.#syncStarted = Date.now()
    const began = performance.now()
    this.#o.io.sync(end.segment.fd, 'records', (error) => {
      this.#syncing = false
      if (error) return this.#repair.fail(error)
      this.#syncTook = performance.now() - began
      end.synced = target
      this.#backlog.settle(target)
      if (this.#repair.fault) return this.#repair.replay()
      this.#sync()
      if (!this.#syncing) this.#quieten()
    })
  }
  #quieten(): void {
    this.#release()
    if (!this.#stopping) this.#timers.idle()
  }
  #release(): void {
    for (const go of this.#quiet.splice(0)) go()
  }
  #syncLazy(): void {
    const backlog = this.#backlog
    if (!backlog.waits && !backlog.unsynced.some((b) => b.rows.length > 0)) return
    backlog.open.durable = true
    this.#schedule()
  }
  /** A PAD that nobody waits for: without it the last batch before a pause would have no mark that covers it. */
  #mark(): void {
    if (this.#writing || this.#syncing || this.#rolling || this.#stopping) return
    if (this.#repair.fault || this.#repair.down) return
    if (this.#end.tail === this.#end.synced && this.#end.holds(0)) this.#write(this.#backlog.fresh(), true)
  }

  async #roll(room: number): Promise<void> {
    this.#rolling = true
    try {
      await this.#syncAll()
      if (!this.#repair.fault) {
        this.#end.seal()
        this.#end.use(await this.#end.activate(room))
        void this.#o.folder.sweep()
      }
    } catch (error) {
      this.#repair.fault = error as Error
    } finally {
      this.#rolling = false
    }
    if (this.#repair.fault) this.#repair.replay()
    else this.#pump()
  }
  /** Everything written is durable when this resolves, or there is a fault. Nothing more may be written to the segment. */
  async #syncAll(): Promise<void> {
    this.#end.padded = this.#end.tail
    this.#sync()
    while (this.#syncing) await new Promise<void>((resolve) => this.#quiet.push(resolve))
  }

  /** Everything written is synced when this resolves; rejects when it cannot be. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#timers.stop()
    this.#repair.stop()
    while (this.#busy) {
      const { down, running } = this.#repair
      if (down && !running) throw this.#backlog.giveUp(down)
      // one more while a slow sync runs would need a sync of its own, and so on for ever
      if (!this.#writing && !this.#syncing) {
        this.#backlog.open.durable = true
        this.#pump()
      }
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    this.#timers.stop()
    // everything is durable; only the mark that says so is still to come
    await this.#end
      .finish(this.#backlog.fresh())
      .catch((error: unknown) => this.#o.log.warn('queue.lastMark', { error }))
  }
  get #busy(): boolean {
    if (this.#writing || this.#syncing || this.#rolling || this.#repair.running) return true
    return this.#repair.down !== undefined || this.#backlog.waits || this.#backlog.unsynced.length > 0
  }
}
