/**
 * Which messages wait for which site: of the deferred ones, the ids by recipient domain. In memory only; what is not in
 * it is in the queue. It may name messages that have gone (an operator deletes them): trying those does nothing.
 */
interface Entry {
  readonly sites: Set<string>
  /** the comparison with the queue that saw it last */
  seen: number
}

export class WaitingRecord {
  readonly #limit: number
  readonly #byId = new Map<string, Entry>()
  readonly #bySite = new Map<string, Set<string>>()
  #count = 0
  #round = 0
  /** does it hold all that waits? Not before the first comparison, and not when the limit was met since the last */
  #complete = false
  #full = false

  constructor(limit: number) {
    this.#limit = limit
  }
  get complete(): boolean {
    return this.#complete && !this.#full
  }
  /** the limit was met since the last comparison began */
  get full(): boolean {
    return this.#full
  }
  get size(): number {
    return this.#count
  }
  add(site: string, id: string): void {
    const entry = this.#byId.get(id)
    if (entry) entry.seen = this.#round
    if (entry?.sites.has(site)) return
    if (this.#count >= this.#limit) {
      this.#full = true
      return
    }
    this.#count++
    if (entry) entry.sites.add(site)
    else this.#byId.set(id, { sites: new Set([site]), seen: this.#round })
    const ids = this.#bySite.get(site)
    if (ids) ids.add(id)
    else this.#bySite.set(site, new Set([id]))
  }
  /** The message has left the queue. */
  remove(id: string): void {
    const entry = this.#byId.get(id)
    if (!entry) return
    this.#byId.delete(id)
    this.#count -= entry.sites.size
    for (const site of entry.sites) {
      const ids = this.#bySite.get(site)!
      ids.delete(id)
      if (ids.size === 0) this.#bySite.delete(site)
    }
  }
  of(site: string): readonly string[] {
    return [...(this.#bySite.get(site) ?? [])]
  }
  /** The whole queue will be told to `add`. */
  begin(): number {
    this.#full = false
    return ++this.#round
  }
  /** It was: what was not told has gone. Says nothing when another reading has begun since. */
  end(round: number): void {
    if (round !== this.#round) return
    for (const [id, entry] of this.#byId) if (entry.seen < this.#round) this.remove(id)
    this.#complete = true
  }
}
