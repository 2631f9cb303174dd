/** One round of attempts for one message. A large list is in memory a part at a time: the parts share their round. */
import type { QueuedMessage } from '../contract/store.ts'
import type { RoundResult } from './active.ts'
import type { Flushed } from './waiting.ts'

/** parts of one list in memory: the next one starts while the last deliveries of the one before run */
const PARTS_AT_ONCE = 2

export class Round {
  readonly id: string
  /** as its first part was read */
  readonly message: QueuedMessage
  /** of all rounds, this one included */
  readonly number: number
  /** on the queue's clock: mail expires only by an attempt that began after its lifetime had passed */
  readonly began: number
  /** somebody asked for it: what is deferred on purpose is tried too */
  readonly flushed: Flushed
  /** the sender was told of the delay before */
  readonly warned: boolean
  /** it has, or had, more recipients than are in memory at a time */
  readonly isLong: boolean
  /** what an operator said meanwhile */
  told: 'hold' | 'delete' | 'requeue' | undefined
  expired: boolean
  /** an attempt tap holds the message */
  held: { by: string; reason: string } | undefined
  /** nobody was told yet that its turn has come */
  isFirstPart = true
  delivered = 0
  failed = 0
  /** of a long list: failures of parts that are over, still to be told and written */
  readonly failures: RoundResult[] = []
  /** deliveries under way: somebody may be taking the message just now */
  #running = 0
  #whenStill: (() => void)[] = []
  /** somebody was deferred, or not tried */
  open = false
  /** ms until the next attempt, the shortest so far */
  wait = Infinity
  /** number of the first recipient that is not in memory yet */
  next: number | undefined
  /** in memory, or being read */
  parts = 1
  /** recipients that came by expansion in this round: they are not read as a later part's */
  readonly had = new Set<number>()

  constructor(message: QueuedMessage, began: number, flushed: Flushed) {
    this.id = message.id
    this.message = message
    this.number = message.attempts + 1
    this.began = began
    this.flushed = flushed
    this.warned = message.warned === true
    this.expired = message.expired === true
    this.isLong = message.more !== undefined
  }
  /** ms since 1970 */
  get created(): number {
    return this.message.envelope.created
  }
  started(): void {
    this.#running++
  }
  ended(): void {
    if (--this.#running > 0) return
    for (const go of this.#whenStill.splice(0)) go()
  }
  /** Resolves when no delivery is under way. */
  async still(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((go) => this.#whenStill.push(go))
  }
  get mayGrow(): boolean {
    return this.next !== undefined && this.told === undefined && this.held === undefined && this.parts < PARTS_AT_ONCE
  }
}
