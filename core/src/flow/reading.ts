/** From the store into memory: a message whose turn has come, or the next part of a large list. */
import { traceOf } from '../errors.ts'
import type { QueuedMessage } from '../contract/store.ts'
import { ActiveMessage } from './active.ts'
import type { Engine } from './engine.ts'
import type { Places } from './places.ts'
import { RECIPIENTS_AT_ONCE } from './room.ts'
import type { Room } from './room.ts'
import type { Round } from './round.ts'
import type { Flushed } from './waiting.ts'

/** ms until the rest of a list is tried whose next part could not be read */
const FAULT_WAIT = 60_000

export interface ReadingHooks {
  start(message: QueuedMessage, flushed: Flushed): void
  /** a part of a message in delivery */
  begin(part: ActiveMessage): void
  lost(id: string, error: unknown): void
  /** one has been read */
  done(): void
}

export class Reading {
  readonly #engine: Engine
  readonly #places: Places
  readonly #room: Room
  readonly #hooks: ReadingHooks
  constructor(engine: Engine, places: Places, room: Room, hooks: ReadingHooks) {
    this.#engine = engine
    this.#places = places
    this.#room = room
    this.#hooks = hooks
  }
  message(id: string, flushed: Flushed): void {
    this.#places.reads(id)
    this.#run(id, this.#load(id, flushed))
  }
  /** The next recipients of a large list, while the last deliveries of those before run. */
  nextPart(round: Round): void {
    const from = round.next
    if (from === undefined) return
    round.next = undefined
    round.parts++
    this.#run(round.id, this.#loadPart(round, from))
  }
  #run(id: string, work: Promise<void>): void {
    this.#room.reading++
    work
      .catch((error: unknown) => this.#hooks.lost(id, error))
      .finally(() => {
        this.#room.reading--
        this.#hooks.done()
      })
  }
  async #load(id: string, flushed: Flushed): Promise<void> {
    const places = this.#places
    const m = await this.#engine.store.load(id, { limit: RECIPIENTS_AT_ONCE })
    if (places.tookGone(id)) return places.ended(id)
    if (!m || !m.recipients.some((r) => r.state === 'pending')) return places.ended(id)
    // released while it was being read: what was read is older
    if (m.held && !places.willBeAgain(id)) places.holdActive(id)
    // by the store, or by an operator while it was being read
    if (places.isHeldActive(id)) return places.ended(id)
    this.#hooks.start(m, flushed)
  }
  async #loadPart(round: Round, from: number): Promise<void> {
    let m: QueuedMessage | undefined
    try {
      m = await this.#engine.store.load(round.id, { limit: RECIPIENTS_AT_ONCE, from })
    } catch (error) {
      this.#engine.graph.log.error('queue.fault', { id: round.id, cause: traceOf(error) })
    }
    // what cannot be read now is tried in the next round
    if (!m) {
      round.open = true
      round.wait = Math.min(round.wait, FAULT_WAIT)
    }
    this.#hooks.begin(new ActiveMessage(m ?? { ...round.message, recipients: [], more: undefined }, round))
  }
}
