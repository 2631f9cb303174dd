/** What is one for all processes, where there is one process: plain memory. */
import type { Clock } from './contract/clock.ts'
import type { Lease, Shared, SocketSource } from './contract/shared.ts'
import type { Json } from './contract/tokens.ts'
import type { UserDelivery } from './contract/users.ts'

/** counters above which those that are over are swept */
const COUNTERS_KEPT = 10_000

export class LocalShared implements Shared {
  readonly #clock: Clock
  readonly #counters = new Map<string, { value: number; until: number }>()
  readonly #leases = new Map<string, number>()
  readonly #topics = new Map<string, Set<(message: Json) => void>>()
  #sweepAt = COUNTERS_KEPT

  constructor(clock: Clock) {
    this.#clock = clock
  }
  count(key: string, by: number, window: number): number {
    const now = this.#clock.now()
    const have = this.#counters.get(key)
    if (have && have.until > now) return (have.value += by)
    if (this.#counters.size >= this.#sweepAt) this.#sweep(now)
    this.#counters.set(key, { value: by, until: now + window })
    return by
  }
  lease(key: string, wanted: number, limit: number): Lease {
    const used = this.#leases.get(key) ?? 0
    let granted = Math.max(0, Math.min(wanted, limit - used))
    if (granted > 0) this.#leases.set(key, used + granted)
    const release = (): void => {
      const left = (this.#leases.get(key) ?? 0) - granted
      granted = 0
      if (left > 0) this.#leases.set(key, left)
      else this.#leases.delete(key)
    }
    return { granted, release }
  }
  publish(topic: string, message: Json): void {
    for (const fn of [...(this.#topics.get(topic) ?? [])]) fn(message)
  }
  subscribe(topic: string, fn: (message: Json) => void): () => void {
    const all = this.#topics.get(topic) ?? new Set()
    this.#topics.set(topic, all.add(fn))
    return () => void all.delete(fn)
  }
  #sweep(now: number): void {
    for (const [key, c] of this.#counters) if (c.until <= now) this.#counters.delete(key)
    this.#sweepAt = Math.max(COUNTERS_KEPT, 2 * this.#counters.size)
  }
}
/** One process binds its own ports. */
export const noSockets: SocketSource = { take: async () => undefined }
/** Nobody here may act as another user: mail for one waits until somebody may. */
export const noUsers: UserDelivery = {
  find: async () => ({ kind: 'failed', cause: 'there is no helper for users' }),
  deliver: async ({ user }) => ({
    kind: 'deferred',
    esc: '4.3.5',
    text: `mail system configuration error: no rights to deliver as user ${user}`,
  }),
}
