/**
 * The connections to one server. What has been asked when a turn of the event loop ends goes to those that are idle, to each
 * a share in one write; nothing more is sent on a connection before all its answers are there.
 */
import type { Clock, Timer } from '@postern/core'
import { Refused } from '@postern/lookup-kit'
import { refusal } from './answer.ts'
import type { Asked, Holder } from './asked.ts'
import { Shares } from './shares.ts'
import { Wire } from './wire.ts'
import type { Channel, Question, WireEvents } from './wire.ts'

export interface PipelineOptions {
  readonly clock: Clock
  /** connections at a time */
  readonly connections: number
  /** queries on one connection whose answers have not come; 1: no pipelining */
  readonly depth: number
  /** ms for connecting and the answer */
  readonly timeout: number
  /** ms after which an idle connection is closed */
  readonly idle: number
  /** must a query have a result set? */
  readonly requireResultSet: boolean
  /** Opens one. When the signal is aborted it must reject and leave nothing behind. */
  connect(signal: AbortSignal): Promise<Channel>
  /** has the server no room for another connection? Then one of ours is waited for */
  full(error: Error): boolean
}
/** ms for which queries wait behind one that is not answered before they are asked on another connection */
const PATIENCE = 250
/** ms for which a server that had no room is not asked for another connection while there is one */
const FULL = 1000
const CLOSED = 'the table was closed'
const LATE = 'no answer in time'

export class Pipeline implements WireEvents, Holder {
  readonly #o: PipelineOptions
  /** the one used last at the end */
  #idle: Wire[] = []
  readonly #busy = new Set<Wire>()
  readonly #opening = new Set<AbortController>()
  /** what has no answer, the oldest first */
  readonly #asked = new Set<Asked>()
  /** what no connection has; some of it may have ended */
  #waiting: Asked[] = []
  readonly #shares: Shares
  #planned = false
  #closed = false
  #fullUntil = 0
  #watch: Timer | undefined
  #tidy: Timer | undefined

  constructor(options: PipelineOptions) {
    this.#o = options
    this.#shares = new Shares(options.depth)
  }
  get open(): number {
    return this.#idle.length + this.#busy.size
  }
  /** Its error is `Refused` when the server does not like the query. */
  take(asked: Asked): void {
    const { clock, timeout } = this.#o
    if (this.#closed) return asked.answered(new Error(CLOSED))
    asked.deadline = clock.now() + timeout
    this.#asked.add(asked)
    this.#waiting.push(asked)
    this.#plan()
    this.#watch ??= clock.after(Math.min(timeout, PATIENCE), () => this.#look())
  }
  /** Closes its connection when nobody else waits for it. */
  forsake(asked: Asked, reason: Error): void {
    const { wire } = asked
    this.#end(asked, reason)
    if (!wire) return
    wire.mute(asked)
    if (!wire.waiting.some((one) => (one as Asked).wire === wire)) this.#drop(wire)
    this.#plan()
  }
  close(): void {
    this.#closed = true
    this.#watch?.cancel()
    this.#tidy?.cancel()
    for (const asked of this.#asked) this.#end(asked, new Error(CLOSED))
    for (const wire of [...this.#idle, ...this.#busy]) this.#drop(wire)
    for (const opening of this.#opening) opening.abort(new Error(CLOSED))
  }

  answered(wire: Wire, question: Question, sets: number, error: Error | undefined): void {
    const asked = question as Asked
    const told = error && refusal(error)
    const spoilt = told !== undefined && !(told instanceof Refused)
    // what the server says of itself counts for the connection, whoever heard it
    if (spoilt) wire.spoilt = true
    if (asked.wire !== wire) return
    if (spoilt && wire.answers > 1 && !asked.alone) {
      this.#dropIdle()
      return this.#again([asked])
    }
    if (told || asked.prepare) this.#end(asked, told)
    else if (sets === 0 && this.#o.requireResultSet) this.#end(asked, new Refused('no result set (require_result_set)'))
    else this.#end(asked, sets > 1 ? new Refused('more than one result set') : undefined)
  }
  idle(wire: Wire): void {
    if (wire.spoilt) this.#drop(wire)
    else {
      this.#shares.measured(wire)
      this.#busy.delete(wire)
      this.#rest(wire)
    }
    if (this.#waiting.length > 0) this.#plan()
  }
  lost(wire: Wire, error: Error): void {
    this.#drop(wire)
    const left = alive(wire)
    // those behind it had no part in it; the one it was about may have met a connection that was closed while nobody asked
    if (left[0] !== undefined && left[0] === wire.waiting[0]) {
      if (wire.answers === 0 || error instanceof Refused) this.#end(left.shift()!, error)
      else this.#dropIdle()
    }
    for (const asked of left) if (asked.alone) this.#end(asked, error)
    this.#again(left.filter((asked) => !asked.alone))
    this.#plan()
  }

  #plan(): void {
    if (this.#planned || this.#closed) return
    this.#planned = true
    setImmediate(() => {
      this.#planned = false
      if (!this.#closed) this.#send()
    })
  }
  #send(): void {
    const waiting = this.#waiting.filter((asked) => this.#asked.has(asked))
    const room = this.#o.connections - this.open - this.#opening.size
    const more = Math.min(room, waiting.length - this.#idle.length - this.#opening.size)
    if (this.open + this.#opening.size === 0 || this.#o.clock.now() >= this.#fullUntil)
      for (let i = 0; i < more; i++) void this.#connect()
    const given: [Wire, Asked[]][] = []
    let at = 0
    while (at < waiting.length && this.#idle.length > 0) {
      const wire = this.#idle.pop()!
      const end = this.#shares.end(wire, waiting, at, this.open + this.#opening.size + 1)
      this.#busy.add(wire)
      given.push([wire, waiting.slice(at, end)])
      at = end
    }
    this.#waiting = at === 0 ? waiting : waiting.slice(at)
    for (const [wire, share] of given) this.#give(wire, share)
  }
  #give(wire: Wire, share: readonly Asked[]): void {
    for (const asked of share) asked.wire = wire
    this.#shares.sent(wire, share.length)
    try {
      wire.ask(share)
    } catch (error) {
      this.lost(wire, error as Error)
    }
  }
  async #connect(): Promise<void> {
    const ending = new AbortController()
    const timer = this.#o.clock.after(this.#o.timeout, () => ending.abort(new Error(LATE)))
    this.#opening.add(ending)
    try {
      const channel = await this.#o.connect(ending.signal)
      this.#opening.delete(ending)
      if (this.#closed) return channel.destroy()
      if (channel.stream.destroyed) throw new Error('the server closed the connection')
      this.#rest(new Wire(channel, this))
    } catch (error) {
      this.#opening.delete(ending)
      this.#unopened(error as Error)
    } finally {
      timer.cancel()
    }
    this.#plan()
  }
  /** Who waits must learn that there is none to come. */
  #unopened(error: Error): void {
    const others = this.open + this.#opening.size > 0
    if (others && this.#o.full(error)) {
      this.#fullUntil = this.#o.clock.now() + FULL
      return
    }
    for (const asked of this.#waiting.filter((one) => this.#asked.has(one)).slice(0, others ? 1 : undefined))
      this.#end(asked, error)
  }
  #rest(wire: Wire): void {
    const { clock, idle } = this.#o
    wire.since = clock.now()
    this.#idle.push(wire)
    this.#tidy ??= clock.after(idle, () => this.#sweep())
  }
  #sweep(): void {
    this.#tidy = undefined
    const { clock, idle } = this.#o
    const old = clock.now() - idle
    for (const wire of this.#idle.filter(({ since }) => since <= old)) this.#drop(wire)
    const [next] = this.#idle
    if (next) this.#tidy = clock.after(Math.max(1, next.since - old), () => this.#sweep())
  }
  /** One timer for all: who has waited too long, and who waits behind one that is slow. */
  #look(): void {
    this.#watch = undefined
    const now = this.#o.clock.now()
    for (const asked of this.#asked) {
      // the oldest are first, and the time is the same for all
      if (asked.deadline > now) break
      const { wire } = asked
      this.#end(asked, new Error(LATE))
      if (wire) this.#drop(wire)
      if (wire) this.#again(alive(wire))
    }
    for (const wire of this.#busy) if (wire.quiet(now, PATIENCE)) this.#move(alive(wire, 1))
    const [oldest] = this.#asked
    if (!oldest) return
    const ms = Math.max(1, Math.min(oldest.deadline - now, PATIENCE))
    this.#watch = this.#o.clock.after(ms, () => this.#look())
  }
  /** To connections that are idle, or may be opened; what is answered where they were does not count any more. */
  #move(behind: readonly Asked[]): void {
    const spare = this.#o.connections - this.#busy.size - this.#waiting.length
    this.#again(behind.slice(0, Math.max(0, spare)))
  }
  #again(all: readonly Asked[]): void {
    if (all.length === 0) return
    for (const asked of all) {
      asked.wire = undefined
      asked.alone = true
    }
    this.#waiting.unshift(...all)
    this.#plan()
  }
  #end(asked: Asked, error: Error | undefined): void {
    this.#asked.delete(asked)
    asked.answered(error)
  }
  #drop(wire: Wire): void {
    if (!this.#busy.delete(wire)) this.#idle = this.#idle.filter((one) => one !== wire)
    wire.destroy()
  }
  /** The server was started again, or closes what is idle: the others are as old. */
  #dropIdle(): void {
    for (const wire of this.#idle) this.#drop(wire)
  }
}
/** Who waits for its answers, without the `first` of them. */
const alive = (wire: Wire, first = 0): Asked[] =>
  (wire.waiting as readonly Asked[]).slice(first).filter((asked) => asked.wire === wire)
