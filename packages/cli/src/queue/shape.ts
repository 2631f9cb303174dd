/** How old the mail for each destination is, in the buckets of Postfix's qshape: the first ends at 5 minutes, each is twice as long. */
import type { QueueEntry } from '@postern/core'
import { domainOf, pendingAddresses } from './query.ts'

/** minutes at which the buckets end; the last one has no end */
export const BUCKETS = [5, 10, 20, 40, 80, 160, 320, 640, 1280] as const
const MINUTE = 60_000
/** What qshape calls the null sender. */
const NOBODY = 'MAILER-DAEMON'

/** `counts[0]` is the sum, the rest are the buckets. */
export interface ShapeRow {
  readonly domain: string
  readonly counts: readonly number[]
}
export type ShapeBy = 'recipient' | 'sender'

export class Shape {
  readonly #domains = new Map<string, number[]>()
  readonly #now: number
  constructor(now: number) {
    this.#now = now
  }
  /** By recipient each one that is pending counts; by sender, the message. */
  count(m: QueueEntry, by: ShapeBy): void {
    const bucket = bucketOf(this.#now - m.envelope.created)
    const addresses = by === 'sender' ? [m.envelope.sender] : pendingAddresses(m)
    for (const a of addresses) {
      const counts = this.#of(a === '' ? NOBODY : domainOf(a))
      counts[0]!++
      counts[bucket]!++
    }
  }
  add({ domain, counts }: ShapeRow): void {
    const sum = this.#of(domain)
    counts.forEach((n, i) => (sum[i]! += n))
  }
  #of(domain: string): number[] {
    let counts = this.#domains.get(domain)
    if (!counts) this.#domains.set(domain, (counts = none()))
    return counts
  }
  /** The largest first. */
  rows(): ShapeRow[] {
    return [...this.#domains]
      .map(([domain, counts]) => ({ domain, counts }))
      .sort((a, b) => b.counts[0]! - a.counts[0]! || (a.domain < b.domain ? -1 : 1))
  }
  total(): ShapeRow {
    const sum = none()
    for (const counts of this.#domains.values()) counts.forEach((n, i) => (sum[i]! += n))
    return { domain: 'TOTAL', counts: sum }
  }
}
const none = (): number[] => new Array<number>(BUCKETS.length + 2).fill(0)
function bucketOf(age: number): number {
  const at = BUCKETS.findIndex((end) => age < end * MINUTE)
  return at < 0 ? BUCKETS.length + 1 : at + 1
}
