/** One next hop of one transport: what waits for it, how much may go there at a time, whether it is dead. */
import type { DestinationLimits, JobRecipient } from '../contract/deliver.ts'
import type { TemporaryCode } from '../contract/verdicts.ts'
import type { ActiveMessage } from './active.ts'
import { Fifo } from './fifo.ts'
import type { Round } from './round.ts'
import { Rate } from './rate.ts'
import { Window } from './window.ts'
import type { WindowRules } from './window.ts'

/** One message's recipients for one next hop: what one delivery takes. */
export interface Leg {
  readonly message: ActiveMessage
  readonly transport: string
  readonly nexthop: string
  readonly recipients: JobRecipient[]
}
/** Limits with nothing left open. */
export interface DestinationRules extends WindowRules {
  readonly recipients: number
  readonly rateDelay: number
  readonly rate: DestinationLimits['rate']
  readonly retry: DestinationLimits['retry']
  /** more processes than places: each delivery asks for one of this many first */
  readonly leased?: number
}
export interface Dead {
  readonly until: number
  readonly esc: TemporaryCode
  readonly text: string
}
/** what small mail earns by each delivery of a list: one of five is its own, so that a list takes 1.25 times as long at most */
const EARNED = 1 / 4
/** what it may save up, for mail that comes together */
const MOST_EARNED = 5
/** how much of the mean duration the last delivery counts */
const LAST_COUNTS = 0.1

export class Destination {
  readonly key: string
  readonly transport: string
  readonly nexthop: string
  /** deliveries under way */
  active = 0
  /** stands in its transport's ring */
  queued = false
  /** a timer will start its next delivery */
  timed = false
  dead: Dead | undefined
  /** nothing starts before: a rate, or no place that could be leased */
  pausedUntil = 0
  #rules: DestinationRules | undefined
  #window: Window | undefined
  #rate: Rate | undefined
  readonly #small = new Fifo<Leg>()
  /** a flow for each large message, in turn */
  #lists: { readonly of: Round; readonly legs: Fifo<Leg> }[] = []
  #backlog = 0
  /** deliveries that small mail may have before lists */
  #credit = 0
  /** ms a delivery takes */
  #duration = 1000

  constructor(transport: string, nexthop: string) {
    this.key = keyOf(transport, nexthop)
    this.transport = transport
    this.nexthop = nexthop
  }
  /** Nothing starts before the rules are known. */
  rule(rules: DestinationRules): void {
    const { rate } = rules
    const same = rate && this.#rules?.rate?.count === rate.count && this.#rules.rate.per === rate.per
    // a reload gives nobody his minute again
    if (!same) this.#rate = rate && new Rate(rate.count, rate.per)
    this.#rules = rules
    this.#window = new Window(rules, this.#window?.size)
  }
  get rules(): DestinationRules | undefined {
    return this.#rules
  }
  get window(): number {
    return this.#window?.size ?? 0
  }
  /** deliveries that wait */
  get backlog(): number {
    return this.#backlog
  }
  get idle(): boolean {
    return this.active === 0 && this.#backlog === 0
  }
  push(leg: Leg): void {
    this.#backlog++
    if (!leg.message.isList) return this.#small.push(leg)
    const flow = this.#lists.find((l) => l.of === leg.message.round)
    if (flow) return flow.legs.push(leg)
    const legs = new Fifo<Leg>()
    legs.push(leg)
    this.#lists.push({ of: leg.message.round, legs })
  }
  /** Whether one more delivery may start: a place in the window, and the rate allows it now. */
  mayStart(now: number): boolean {
    return this.#backlog > 0 && this.active < this.window && this.opensAt(now) <= now
  }
  /** When its rate lets the next delivery start; not in the future: now. */
  opensAt(now: number): number {
    return Math.max(this.pausedUntil, this.#rate?.opensAt(now) ?? 0)
  }
  /** The next leg: small mail and lists in turn, each list its own flow. */
  next(): Leg | undefined {
    const leg = this.#pick()
    if (!leg) return undefined
    this.#backlog--
    this.active++
    return leg
  }
  /** The leg that was given starts. */
  started(now: number): void {
    this.#rate?.took(now)
  }
  #pick(): Leg | undefined {
    if (this.#lists.length === 0) return this.#small.shift()
    if (this.#small.size > 0 && this.#credit >= 1) {
      this.#credit--
      return this.#small.shift()
    }
    this.#credit = Math.min(this.#credit + EARNED, MOST_EARNED)
    const flow = this.#lists.shift()!
    const leg = flow.legs.shift()
    if (flow.legs.size > 0) this.#lists.push(flow)
    return leg
  }
  /** It could not start after all. */
  returned(leg: Leg, pausedUntil: number): void {
    this.active--
    this.pausedUntil = pausedUntil
    this.push(leg)
  }
  /** Its past holds nothing back any more. */
  isQuiet(now: number): boolean {
    return this.pausedUntil <= now && (this.#rate?.isQuiet(now) ?? true)
  }
  /** Everything that waits; nothing remains. */
  drain(): Leg[] {
    const all = [...this.#small.drain(), ...this.#lists.flatMap((l) => l.legs.drain())]
    this.#lists = []
    this.#backlog = 0
    return all
  }

  /** A delivery has ended, `ms` after it began. */
  ended(now: number, ms: number): void {
    this.active--
    this.#duration += (ms - this.#duration) * LAST_COUNTS
    if (this.#rules!.rateDelay > 0) this.pausedUntil = now + this.#rules!.rateDelay
  }
  /** The site was found. */
  found(): void {
    this.dead = undefined
    this.#window!.succeeded(this.active)
  }
  /** Connection or handshake failed; true when that makes it dead: it is left alone for `ms`. */
  failed(now: number, ms: number, esc: TemporaryCode, text: string): boolean {
    // deliveries that began before it died say nothing new
    if (this.isDead(now)) return false
    if (!this.#window!.failed()) return false
    this.dead = { until: now + ms, esc, text }
    return true
  }
  isDead(now: number): boolean {
    if (!this.dead) return false
    if (this.dead.until > now) return true
    this.revive()
    return false
  }
  revive(): void {
    if (this.dead) this.#window?.reset()
    this.dead = undefined
  }
  /** ms until what comes now would have its turn */
  get wait(): number {
    const { rate, rateDelay } = this.#rules!
    const each = Math.max(this.#duration / Math.max(this.window, 1), rate ? rate.per / rate.count : 0, rateDelay)
    return this.#backlog * each
  }
}
export const keyOf = (transport: string, nexthop: string) => `${transport}\0${nexthop.toLowerCase()}`
