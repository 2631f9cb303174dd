/** One next hop of one transport: what waits for it, how much may go there at a time, whether it is dead. */
import type { Clock } from '../contract/clock.ts'
import type { JobRecipient } from '../contract/deliver.ts'
import type { ActiveMessage } from './active.ts'

export interface Leg {
  readonly message: ActiveMessage
  readonly transport: string
  readonly nexthop: string
  readonly recipients: JobRecipient[]
}
export class Destination {
  readonly key: string
  readonly transport: string
  readonly nexthop: string
  readonly limit: number
  active = 0
  /** waits for a place in its transport */
  queued = false
  readonly #waiting: Leg[] = []
  #head = 0
  /** nothing is dialled before this time */
  #deadUntil = 0
  #why = ''

  constructor(transport: string, nexthop: string, limit: number) {
    this.key = keyOf(transport, nexthop)
    this.transport = transport
    this.nexthop = nexthop
    this.limit = limit
  }
  push(leg: Leg): void {
    this.#waiting.push(leg)
  }
  /** The next leg, when the limit allows one. */
  next(): Leg | undefined {
    if (this.active >= this.limit || this.#head >= this.#waiting.length) return undefined
    const leg = this.#waiting[this.#head]!
    this.#waiting[this.#head++] = undefined as never
    if (this.#head > 1024 && this.#head * 2 > this.#waiting.length) {
      this.#waiting.splice(0, this.#head)
      this.#head = 0
    }
    this.active++
    return leg
  }
  get hasNext(): boolean {
    return this.active < this.limit && this.#head < this.#waiting.length
  }
  get idle(): boolean {
    return this.active === 0 && this.#head >= this.#waiting.length
  }
  /** The site as a whole is away: others need not find out one by one. */
  died(clock: Clock, ms: number, why: string): void {
    this.#deadUntil = clock.now() + ms
    this.#why = why
  }
  revived(): void {
    this.#deadUntil = 0
  }
  /** why it is dead, while it is */
  dead(clock: Clock): string | undefined {
    return this.#deadUntil > clock.now() ? this.#why : undefined
  }
}
export const keyOf = (transport: string, nexthop: string) => `${transport}\0${nexthop.toLowerCase()}`
