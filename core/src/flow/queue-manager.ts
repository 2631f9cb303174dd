/** The queue's life after commit: who is in delivery, who waits, who is held; new and deferred mail are fed in turn. */
import type {
  AdminAction,
  NewMessage,
  QueuedMessage,
  RecipientSeed,
  RecoveredRow,
  StoredRecipient,
} from '../contract/store.ts'
import type { Facts } from '../contract/facts.ts'
import { BodyDamaged, traceOf } from '../errors.ts'
import { messageSize } from '../message.ts'
import type { Graph } from '../graph/graph.ts'
import { ActiveMessage } from './active.ts'
import { Deliveries } from './deliveries.ts'
import type { Engine } from './engine.ts'
import type { Submit } from './report.ts'
import { Pace } from './pace.ts'
import { Round } from './round.ts'
import { Reading } from './reading.ts'
import { Resolving } from './resolving.ts'
import { RECIPIENTS_AT_ONCE, Room } from './room.ts'
import { Settling } from './settling.ts'
import type { RoundEnd } from './settling.ts'
import { Places } from './places.ts'
import type { Waiting } from './waiting.ts'
import type { Flushed } from './waiting.ts'

/** messages read ahead of their delivery */
const READING_AT_ONCE = 200
/** ms without loading after a fault of the store */
const FAULT_PAUSE = 5000
/** a wait has up to a tenth more */
const LONGEST_JITTER = 1.1

/** What was thrown may be anything, one that throws when it is looked at too. */
function isDamaged(error: unknown): boolean {
  try {
    return error instanceof BodyDamaged
  } catch {
    return false
  }
}

/** Named one by one: properties added to a spread object cost V8 a microsecond each. */
const pending = ({ address, original, orcpt, notify, bcc, final }: RecipientSeed, n: number): StoredRecipient =>
  ({ n, state: 'pending' as const, address, original, orcpt, notify, bcc, final }) satisfies Record<
    keyof RecipientSeed | 'n' | 'state',
    unknown
  >

export class QueueManager {
  readonly #engine: Engine
  readonly #deliveries: Deliveries
  readonly #resolving: Resolving
  readonly #settling: Settling
  readonly #places: Places
  readonly #room: Room
  readonly #reading: Reading
  /** who brings mail faster than it goes out */
  readonly pace: Pace
  #recovering = false
  /** flushed before the store had found it */
  #askedFor: 'all' | Set<string> = new Set()
  #open = false
  #idlers: (() => void)[] = []

  constructor(engine: Engine, submit: Submit) {
    this.#engine = engine
    this.#places = new Places(engine.clock, {
      feed: () => this.#feed(),
      left: () => {
        this.#feed()
        this.#wakeIfIdle()
      },
    })
    this.#room = new Room(engine)
    this.pace = new Pace(engine.clock)
    this.#reading = new Reading(engine, this.#places, this.#room, {
      start: (message, flushed) => this.#start(message, flushed),
      begin: (part) => this.#begin(part),
      lost: (id, error) => this.#lost(id, error),
      done: () => this.#feed(),
    })
    this.#deliveries = new Deliveries(engine, {
      over: (m) => this.#over(m),
      nextPart: (round) => this.#nextPart(round),
      room: () => this.#room.active - this.#places.active,
    })
    this.#resolving = new Resolving(engine, this.#deliveries)
    this.#settling = new Settling(engine, this.#deliveries.recording.outcomes, submit)
  }

  /** From recovery. */
  found(row: RecoveredRow): void {
    if (row.held) return this.#waiting.hold(row.id)
    const now = this.#engine.clock.now()
    const { maximalBackoffTime, maximalQueueLifetime } = this.#engine.graph.settings
    const longest = maximalBackoffTime * LONGEST_JITTER
    // a wall clock that was set back while we were down does not make mail wait for it; a next hop's own schedule may be longer
    const latest = now + (row.created > now ? longest : Math.max(maximalQueueLifetime, longest))
    this.#waiting.wait(row.id, Math.min(row.nextTry, latest))
    if (this.#askedFor === 'all' || this.#askedFor.delete(row.id)) this.#waiting.flush(row.id)
  }
  /** The store is still finding messages until `done`; what it has told is delivered meanwhile. */
  recovering(done: Promise<void>): void {
    this.#recovering = true
    const over = (): void => {
      this.#recovering = false
      this.#askedFor = new Set()
      this.#wakeIfIdle()
    }
    done.then(over, (error: unknown) => {
      this.#log((log) => log.error('queue.recoveryFailed', { cause: traceOf(error) }))
      over()
    })
  }
  /** Fresh from commit: still in memory, delivered without being read again while there is room. */
  committed(m: NewMessage): void {
    if (m.held) {
      this.#waiting.hold(m.id)
      return this.#tellWaiting(m.id, undefined, m.held.reason)
    }
    if (!this.#open || !this.#hasRoom || m.recipients.length > RECIPIENTS_AT_ONCE || this.#waiting.fresh > 0) {
      this.#waiting.arrive(m.id)
      return this.#feed()
    }
    const { id, envelope, header, body } = m
    this.#start({ id, envelope, header, body, recipients: m.recipients.map(pending), attempts: 0, nextTry: 0 })
  }
  /** Mail comes in faster than it goes out. */
  get isBehind(): boolean {
    return this.#open && this.#waiting.fresh > 0
  }
  /** Deliveries may begin. */
  open(): void {
    this.#open = true
    this.#deliveries.lanes.open()
    this.#waiting.open()
    this.#feed()
  }
  /** No new deliveries; resolves when those in hand are done. */
  async close(): Promise<void> {
    this.#open = false
    this.#waiting.close()
    this.#deliveries.lanes.close()
    while (this.#places.active > 0) await new Promise<void>((r) => this.#idlers.push(r))
  }
  /** Resolves when nothing is in delivery and nothing is due. */
  async idle(): Promise<void> {
    while (this.#places.active > 0 || this.#recovering || (this.#open && this.#waiting.isDue))
      await new Promise<void>((r) => this.#idlers.push(r))
  }
  get counts() {
    return { active: this.#places.active, waiting: this.#waiting.size, held: this.#waiting.held }
  }
  /** These are due at once; without ids everything that waits, and dead sites are tried again. */
  flush(ids?: readonly string[]): void {
    // what is flushed by name is tried whatever is known of its site; the others there have not been asked for
    if (ids) {
      for (const id of ids)
        if (!this.#waiting.flush(id) && this.#recovering && this.#askedFor !== 'all') this.#askedFor.add(id)
    } else {
      if (this.#recovering) this.#askedFor = 'all'
      this.#deliveries.lanes.reviveAll()
      this.#waiting.flushAll()
    }
    this.#feed()
  }
  administered(id: string, action: AdminAction): void {
    this.#places.administered(id, action)
    if (action === 'hold' || action === 'delete') this.#wakeIfIdle()
    else this.#feed()
  }
  /** {@link Places.still} */
  still(id: string, ms: number): Promise<() => void> {
    return this.#places.still(id, ms)
  }
  /** An operator gave it a new id; the store has done so. */
  requeued(old: string, id: string): void {
    this.administered(old, 'delete')
    this.#waiting.arrive(id)
    this.#feed()
  }

  get #waiting(): Waiting {
    return this.#places.waiting
  }
  get #hasRoom(): boolean {
    return this.#room.isThere(this.#places.active)
  }
  #feed(): void {
    if (!this.#open) return
    while (this.#room.reading < READING_AT_ONCE && this.#hasRoom) {
      const next = this.#waiting.next()
      if (!next) break
      // flushed while it is still being settled: its turn comes when that is done
      if (this.#places.isActive(next.id)) this.#places.again(next.id)
      else this.#reading.message(next.id, next.flushed)
    }
    // while there is no room nobody need wake us: whoever ends feeds
    if (this.#room.reading < READING_AT_ONCE && this.#hasRoom) this.#waiting.rest()
  }
  #nextPart(round: Round): void {
    if (this.#open) this.#reading.nextPart(round)
  }
  #start(message: QueuedMessage, flushed?: Flushed): void {
    try {
      const round = new Round(message, this.#engine.clock.now(), flushed)
      this.#places.begins(round)
      this.#begin(new ActiveMessage(message, round))
    } catch (error) {
      this.#lost(message.id, error)
    }
  }
  #begin(m: ActiveMessage): void {
    const { id } = m.message
    this.#room.take(m.message.recipients.length)
    this.pace.enter(messageSize(m.message))
    m.pending = 1
    const pin = this.#engine.pin()
    // first legs may run already when resolving fails: the round ends with them, and who has no outcome is deferred
    const done = (error?: unknown) => {
      if (error !== undefined) pin.graph.log.error('queue.fault', { id, cause: traceOf(error) })
      if (pin.graph.facts.active && m.round.isFirstPart) this.#tellActive(m, pin.graph.facts.active)
      pin.release()
      this.#deliveries.release(m)
    }
    let resolved: Promise<void> | undefined
    try {
      resolved = this.#resolving.all(m, pin.graph)
    } catch (error) {
      return done(error)
    }
    if (resolved) resolved.then(() => done(), done)
    else done()
  }
  /** The store cannot give it now: it stays in the queue, and nobody else is asked for a moment. */
  #lost(id: string, error: unknown): void {
    const { log, settings } = this.#engine.graph
    log.error('queue.fault', { id, cause: traceOf(error) })
    // one message that is damaged is no fault of the store
    if (!isDamaged(error)) this.#waiting.pause(FAULT_PAUSE)
    this.#places.ended(id, this.#engine.clock.now() + settings.minimalBackoffTime)
  }
  #wakeIfIdle(): void {
    if (this.#places.active > 0) return
    const idlers = this.#idlers
    this.#idlers = []
    for (const wake of idlers) wake()
  }

  #over(m: ActiveMessage): void {
    const pin = this.#engine.pin()
    this.#settling
      .end(m, pin.graph)
      .then((end) => this.#settled(m.round, end, pin.graph))
      .catch((error: unknown) => this.#lost(m.round.id, error))
      .finally(() => {
        pin.release()
        // the places it had are free only now; `#settled` has fed for the message itself
        this.#room.give(m.message.recipients.length)
        this.pace.leave(messageSize(m.message))
        if (!this.#waiting.isQuiet) this.#feed()
      })
  }
  #settled(round: Round, end: RoundEnd, graph: Graph): void {
    const { id } = round
    if (end.kind === 'part') {
      if (this.#open && round.mayGrow) return this.#nextPart(round)
      return round.parts > 0 ? undefined : this.#places.ended(id, this.#engine.clock.now())
    }
    if (end.kind === 'held') {
      this.#places.holdActive(id)
      this.#tellWaiting(id, undefined, end.reason)
    } else if (end.kind === 'gone') {
      this.#places.forget(id)
      if (round.told !== 'delete') this.#tellSettled(round, graph)
    } else if (end.kind === 'unwritten')
      graph.log.error('queue.unwritten', { id, text: 'its outcomes will be made again after the restart' })
    else if (end.told) {
      // held by an operator while it was in delivery: the store knows, and it waits for him
      if (this.#places.isHeldActive(id)) this.#tellWaiting(id, undefined, 'held during delivery')
      else this.#tellWaiting(id, end.until)
    }
    this.#places.ended(
      id,
      end.kind === 'wait' ? end.until : undefined,
      end.kind === 'wait' && !end.told ? round.flushed : undefined,
    )
  }
  #tellSettled(round: Round, graph: Graph): void {
    graph.facts.settled?.({
      messageId: round.id,
      delivered: round.delivered,
      failed: round.failed,
      delay: this.#engine.clock.now() - round.created,
    })
  }
  #tellActive(m: ActiveMessage, active: (fact: Facts['active']) => void): void {
    const { id, envelope } = m.message
    const recipients = m.unsettled.size + m.failures.length + m.deferrals.length
    m.round.isFirstPart = false
    active({ messageId: id, sender: envelope.sender, size: messageSize(m.message), recipients })
  }
  #tellWaiting(id: string, nextTry: number | undefined, held?: string): void {
    this.#engine.graph.facts.waiting?.({ messageId: id, nextTry, held })
  }
  #log(say: (log: Graph['log']) => void): void {
    say(this.#engine.graph.log)
  }
}
