import { PassingMap, absent, failed } from '@postern/core'
import type { Call, Lookup, OpenTable, Table, TableContext } from '@postern/core'
import type { CacheOptions } from './definition.ts'
import { Flight } from './flight.ts'
import { Lru } from './lru.ts'

interface Kept {
  readonly answer: Lookup
  /** ms on the calls' clock */
  readonly until: number
}

/** Keeps what a table answers. Of one key at most one request is under way; a failure is kept for a moment only. */
export class Cache implements OpenTable {
  readonly #part: Table
  readonly #options: CacheOptions
  readonly #log: TableContext['log']
  readonly #answers: Lru<Kept>
  // apart: a table that is away must not push out the answers that it gave before
  readonly #failures: Lru<Kept>
  readonly #flights = new PassingMap<string, Flight>()
  /** stale answers are being served */
  #serving = false
  #closed = false
  readonly #counts = { hits: 0, misses: 0, shared: 0, stale: 0, failed: 0 }

  constructor(part: Table, options: CacheOptions, { log }: TableContext) {
    this.#part = part
    this.#options = options
    this.#log = log
    this.#answers = new Lru(options.entries)
    this.#failures = new Lru(options.entries)
  }
  get pattern(): boolean {
    return this.#part.pattern
  }
  /** Keys are kept as they are asked: whether case counts is the table's business. */
  get(key: string, call: Call): Lookup | Promise<Lookup> {
    if (key === '') return absent()
    const now = call.clock.now()
    const kept = this.#answers.peek(key)
    if (kept && now < kept.until) {
      if (call.dry) return kept.answer
      this.#counts.hits++
      this.#answers.touch(key, kept)
      return kept.answer
    }
    const failure = this.#failures.peek(key)
    if (failure && now < failure.until) return this.#failing(key, failure.answer, call)
    if (call.aborted || this.#closed) return failed(this.#closed ? 'the table is closed' : 'the request was given up')
    return call.dry ? this.#dry(key, call) : this.#ask(key, call)
  }
  stats(): Readonly<Record<string, number>> {
    return { ...this.#counts, entries: this.#answers.size }
  }
  close(): void {
    this.#closed = true
    for (const flight of [...this.#flights.values()]) flight.abandon()
    this.#answers.clear()
    this.#failures.clear()
  }

  #ask(key: string, call: Call): Lookup | Promise<Lookup> {
    const under = this.#flights.get(key)
    if (under) {
      this.#counts.shared++
      return this.#join(under, key, call)
    }
    this.#counts.misses++
    const flight = new Flight(call, () => this.#flights.delete(key))
    const answer = this.#part.get(key, flight.call)
    if (!(answer instanceof Promise)) return this.#landed(key, answer, flight, call)
    this.#flights.set(key, flight)
    flight.started(
      answer.then(
        (a) => this.#land(key, a, flight),
        (error: Error) => failed(error.message),
      ),
    )
    return this.#join(flight, key, call)
  }
  async #join(flight: Flight, key: string, call: Call): Promise<Lookup> {
    const answer = await flight.join(call)
    if (answer.kind !== 'failed') return answer
    // the first asker's time was shorter: ask again for the rest of one's own
    if (!call.aborted && flight.spoilt && call.clock.now() < call.deadline) return this.get(key, call)
    return this.#failing(key, answer, call)
  }
  #landed(key: string, answer: Lookup, flight: Flight, call: Call): Lookup {
    this.#land(key, answer, flight)
    return answer.kind === 'failed' ? this.#failing(key, answer, call) : answer
  }
  /** Keeps an answer for as long as its kind is good for. */
  #land(key: string, answer: Lookup, flight: Flight): Lookup {
    if (this.#flights.get(key) === flight) this.#flights.delete(key)
    const { ttl, negativeTtl, failedTtl } = this.#options
    const now = flight.call.clock.now()
    if (answer.kind === 'failed') {
      if (failedTtl > 0 && !flight.spoilt) this.#failures.touch(key, { answer, until: now + failedTtl })
      return answer
    }
    this.#failures.delete(key)
    const life = answer.kind === 'found' ? ttl : negativeTtl
    if (life > 0) this.#answers.touch(key, { answer, until: now + life })
    else this.#answers.delete(key)
    if (this.#serving) this.#log.info('table.recovered', { table: this.#part.name })
    this.#serving = false
    return answer
  }
  /** The failure, or what is kept behind its time where that is allowed. */
  #failing(key: string, failure: Lookup, call: Call): Lookup {
    const kept = this.#answers.peek(key)
    const stale = kept !== undefined && call.clock.now() < kept.until + this.#options.staleIfFailed && !call.aborted
    if (call.dry) return stale ? kept.answer : failure
    this.#counts[stale ? 'stale' : 'failed']++
    if (!stale) return failure
    this.#answers.touch(key, kept)
    if (!this.#serving && failure.kind === 'failed')
      this.#log.warn('table.stale', { table: this.#part.name, problem: failure.cause })
    this.#serving = true
    return kept.answer
  }
  /** For `explain`: shares nothing and keeps nothing. */
  #dry(key: string, call: Call): Lookup | Promise<Lookup> {
    const told = (a: Lookup) => (a.kind === 'failed' ? this.#failing(key, a, call) : a)
    const answer = this.#part.get(key, call)
    return answer instanceof Promise ? answer.then(told) : told(answer)
  }
}
