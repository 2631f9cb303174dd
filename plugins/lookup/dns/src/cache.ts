/** Answers kept for a while, the oldest dropped when there are too many, and one question at a time for each name. */
import type { Clock, DnsAnswer } from '@postern/core'

export interface Timed<T> {
  readonly answer: DnsAnswer<T>
  /** how long it may be kept, ms; 0: not at all */
  readonly ttl: number
}
interface Entry {
  readonly answer: DnsAnswer<unknown>
  readonly until: number
}

export class Cache {
  readonly #entries = new Map<string, Entry>()
  readonly #asking = new Map<string, Promise<DnsAnswer<unknown>>>()
  readonly #clock: Clock
  readonly #size: number

  constructor(clock: Clock, size: number) {
    this.#clock = clock
    this.#size = size
  }
  /** The answer that is kept, the question that is under way, or a new one. The key names type and value of T. */
  ask<T>(key: string, question: () => Promise<Timed<T>>): DnsAnswer<T> | Promise<DnsAnswer<T>> {
    const kept = this.#entries.get(key)
    if (kept && kept.until > this.#clock.now()) return kept.answer as DnsAnswer<T>
    const asking = this.#asking.get(key)
    if (asking) return asking as Promise<DnsAnswer<T>>
    const asked = question()
      .then(({ answer, ttl }) => {
        this.#keep(key, answer, ttl)
        return answer
      })
      .finally(() => this.#asking.delete(key))
    this.#asking.set(key, asked)
    return asked
  }
  #keep(key: string, answer: DnsAnswer<unknown>, ttl: number): void {
    this.#entries.delete(key)
    if (ttl <= 0 || this.#size === 0) return
    if (this.#entries.size >= this.#size) this.#entries.delete(this.#entries.keys().next().value!)
    this.#entries.set(key, { answer, until: this.#clock.now() + ttl })
  }
  clear(): void {
    this.#entries.clear()
  }
}
