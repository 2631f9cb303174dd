/** One lookup, from the moment it is asked until it has its answer, whatever servers and connections are tried. */
import { Refused } from '@postern/lookup-kit'
import type { Servers, ServerState, SqlQuestion, SqlRow } from '@postern/lookup-kit'
import type { Question, Wire } from './wire.ts'

/** A server's connections. */
export interface Holder {
  /** Asks, and calls `answered`. */
  take(asked: Asked): void
  /** The caller does not want it any more; calls `answered`. */
  forsake(asked: Asked, reason: Error): void
}

export class Asked implements Question {
  readonly #question: SqlQuestion
  readonly #servers: Servers<Holder>
  readonly #order: readonly ServerState<Holder>[]
  #at = 0
  #now: ServerState<Holder> | undefined
  #last: Error | undefined
  /** why its caller went away */
  #reason: Error | undefined
  #forget: (() => void) | undefined
  readonly prepare: boolean
  /** on the clock, until when this server may answer */
  deadline = 0
  /** the connection whose answer counts */
  wire: Wire | undefined
  /** it is asked for the second time, with nothing in front of it or behind it */
  alone = false

  /** `prepare`: it is not to be carried out, only looked at. */
  constructor(question: SqlQuestion, servers: Servers<Holder>, prepare: boolean) {
    this.#question = question
    this.#servers = servers
    this.#order = servers.order()
    this.prepare = prepare
  }
  start(call: { onAbort(fn: (reason: Error) => void): () => void }): void {
    this.#forget = call.onAbort((reason) => this.#abort(reason))
    this.#next()
  }
  text(backslash: boolean): string {
    return this.#question.text(backslash)
  }
  begin(wire: Wire): boolean {
    if (this.wire !== wire) return false
    this.#question.begin()
    return true
  }
  row(columns: SqlRow): void {
    this.#question.row(columns)
  }
  /** The server has answered, or failed. */
  answered(error: Error | undefined): void {
    const one = this.#now!
    this.wire = undefined
    this.#now = undefined
    if (error === undefined) {
      this.#servers.well(one)
      this.#end(undefined)
    } else if (this.#reason || error instanceof Refused) this.#end(this.#reason ?? error)
    else {
      this.#servers.ill(one, error)
      this.#last = error
      this.#next()
    }
  }

  /** To the next server that is not paused. */
  #next(): void {
    while (this.#at < this.#order.length && !this.#reason) {
      const one = this.#order[this.#at++]!
      const paused = this.#servers.paused(one)
      if (paused) {
        this.#last = paused
        continue
      }
      this.#now = one
      this.alone = false
      return one.server.take(this)
    }
    this.#end(this.#reason ?? this.#last ?? new Error('no server'))
  }
  #abort(reason: unknown): void {
    this.#reason ??= reason instanceof Error ? reason : new Error(String(reason))
    this.#now?.server.forsake(this, this.#reason)
  }
  #end(error: Error | undefined): void {
    this.#forget?.()
    this.#question.end(error)
  }
}
