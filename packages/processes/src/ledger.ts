/** Counters and places, kept for all workers; what a worker holds ends with it. */
import type { Ticket } from './protocol.ts'

/** counters above which those that are over are swept */
const COUNTERS_KEPT = 10_000

interface Counter {
  value: number
  /** ms of the monotonic clock */
  readonly until: number
}
interface Held {
  readonly key: string
  readonly places: number
}
export class Ledger {
  readonly #counters = new Map<string, Counter>()
  readonly #used = new Map<string, number>()
  readonly #held = new Map<object, Map<Ticket, Held>>()
  #sweepAt = COUNTERS_KEPT

  /** The counter's value, in a span of `window` ms from its first count. */
  count(key: string, by: number, window: number, now = performance.now()): number {
    const counter = this.#counters.get(key)
    if (counter && counter.until > now) return (counter.value += by)
    if (this.#counters.size >= this.#sweepAt) this.#sweep(now)
    this.#counters.set(key, { value: by, until: now + window })
    return by
  }
  /** How many of the places `wanted` are left under `limit`: they are the holder's until `free` or `gone`. */
  lease(holder: object, ticket: Ticket, key: string, wanted: number, limit: number): number {
    const used = this.#used.get(key) ?? 0
    const places = Math.max(0, Math.min(wanted, limit - used))
    if (places === 0) return 0
    this.#used.set(key, used + places)
    const held = this.#held.get(holder) ?? new Map<Ticket, Held>()
    this.#held.set(holder, held.set(ticket, { key, places }))
    return places
  }
  free(holder: object, ticket: Ticket): void {
    const held = this.#held.get(holder)
    const lease = held?.get(ticket)
    if (!lease) return
    held!.delete(ticket)
    const left = this.#used.get(lease.key)! - lease.places
    if (left > 0) this.#used.set(lease.key, left)
    else this.#used.delete(lease.key)
  }
  gone(holder: object): void {
    for (const ticket of [...(this.#held.get(holder)?.keys() ?? [])]) this.free(holder, ticket)
    this.#held.delete(holder)
  }
  #sweep(now: number): void {
    for (const [key, c] of this.#counters) if (c.until <= now) this.#counters.delete(key)
    this.#sweepAt = Math.max(COUNTERS_KEPT, 2 * this.#counters.size)
  }
}
