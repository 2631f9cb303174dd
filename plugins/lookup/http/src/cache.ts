/** Answers kept as their server says (RFC 9111): `max-age`, `no-store`, `no-cache`, and `ETag` for asking whether they still hold. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Clock, Lookup } from '@postern/core'

export interface Kept {
  readonly answer: Lookup
  /** on the clock; from then on the server is asked whether it still holds */
  readonly until: number
  readonly etag: string | undefined
}
export class Cache {
  readonly #clock: Pick<Clock, 'now'>
  readonly #most: number
  readonly #longest: number
  readonly #kept = new Map<string, Kept>()

  /** `most`: answers kept, the oldest goes first; `longest`: ms that one may be used unasked, whatever its server says */
  constructor(clock: Pick<Clock, 'now'>, most: number, longest: number) {
    this.#clock = clock
    this.#most = most
    this.#longest = longest
  }
  get size(): number {
    return this.#kept.size
  }
  get(key: string): Kept | undefined {
    return this.#kept.get(key)
  }
  fresh(kept: Kept): boolean {
    return this.#clock.now() < kept.until
  }
  /** Keeps an answer, or forgets what was kept, as the headers have it. */
  put(key: string, answer: Lookup, headers: IncomingHttpHeaders, etag = headers.etag): void {
    this.#kept.delete(key)
    const age = this.#age(headers)
    if (age === undefined || this.#most === 0 || (age <= 0 && etag === undefined)) return
    const oldest = this.#kept.keys().next()
    if (this.#kept.size >= this.#most && !oldest.done) this.#kept.delete(oldest.value)
    this.#kept.set(key, { answer, until: this.#clock.now() + age, etag })
  }
  clear(): void {
    this.#kept.clear()
  }
  /** ms for which an answer is fresh; `undefined`: it is not to be kept */
  #age(headers: IncomingHttpHeaders): number | undefined {
    const said = (headers['cache-control'] ?? '').toLowerCase()
    const has = (name: string) => new RegExp(`(^|[\\s,])${name}($|[\\s,=])`).test(said)
    if (has('no-store') || headers.vary?.includes('*')) return undefined
    if (has('no-cache')) return 0
    const seconds = Number(/(?:^|[\s,])max-age="?(\d+)/.exec(said)?.[1] ?? 0)
    const old = Number(/^\s*(\d+)\s*$/.exec(headers.age ?? '')?.[1] ?? 0)
    return Math.max(0, Math.min((seconds - old) * 1000, this.#longest))
  }
}
