/** postfix/anvil: the highest rate and number of connections of one client, told from time to time and at the end. */
import { stamp } from './text.ts'

interface Seen {
  open: number
  /** connections since `since` */
  count: number
  since: number
}
interface Peak {
  readonly value: number
  readonly key: string
  readonly at: number
}
/** clients that are remembered; more than that make older ones be forgotten early */
const CLIENTS = 10_000

export class Anvil {
  readonly #unit: number
  readonly #now: () => number
  readonly #clients = new Map<string, Seen>()
  #rate: Peak | undefined
  #open: Peak | undefined
  #size: Peak | undefined

  /** `unit`: ms over which connections are counted */
  constructor(unit: number, now: () => number) {
    this.#unit = unit
    this.#now = now
  }
  connect(service: string, address: string): void {
    const now = this.#now()
    const key = `${service}:${address}`
    const seen = this.#clients.get(key) ?? { open: 0, count: 0, since: now }
    if (now - seen.since >= this.#unit) {
      seen.count = 0
      seen.since = now
    }
    seen.count++
    seen.open++
    this.#clients.set(key, seen)
    if (this.#clients.size > CLIENTS) this.#forget(now)
    this.#rate = higher(this.#rate, seen.count, key, now)
    this.#open = higher(this.#open, seen.open, key, now)
    this.#size = higher(this.#size, this.#clients.size, '', now)
  }
  disconnect(service: string, address: string): void {
    const seen = this.#clients.get(`${service}:${address}`)
    if (seen) seen.open--
  }
  /** The lines since the last time, and begins anew; none where nobody came. */
  take(): string[] {
    const [rate, open, size] = [this.#rate, this.#open, this.#size]
    if (!rate || !open || !size) return []
    this.#rate = this.#open = this.#size = undefined
    this.#forget(this.#now())
    const seconds = Math.round(this.#unit / 1000)
    return [
      `statistics: max connection rate ${rate.value}/${seconds}s for (${rate.key}) at ${stamp(rate.at)}`,
      `statistics: max connection count ${open.value} for (${open.key}) at ${stamp(open.at)}`,
      `statistics: max cache size ${size.value} at ${stamp(size.at)}`,
    ]
  }
  #forget(now: number): void {
    for (const [key, seen] of this.#clients)
      if (seen.open <= 0 && now - seen.since >= this.#unit) this.#clients.delete(key)
    // a flood of addresses: those who have gone, the oldest first
    for (const [key, seen] of this.#clients) {
      if (this.#clients.size <= CLIENTS) return
      if (seen.open <= 0) this.#clients.delete(key)
    }
  }
}
const higher = (peak: Peak | undefined, value: number, key: string, at: number): Peak =>
  peak && peak.value >= value ? peak : { value, key, at }
