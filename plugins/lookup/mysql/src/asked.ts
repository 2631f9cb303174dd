/** One lookup, from the moment it is asked until it has its answer, whatever servers and connections are tried. */
import type { SqlRow, SqlText } from '@postern/lookup-kit'
import type { TakeRow } from './answer.ts'
import type { Question, Wire } from './wire.ts'

/** Who has it at the moment. */
export interface Holder {
  /** The caller does not want it any more. */
  forsake(asked: Asked, reason: Error): void
}

export class Asked implements Question {
  readonly sql: SqlText
  readonly prepare: boolean
  readonly #begin: () => TakeRow
  #holder: Holder | undefined
  #resolve: () => void = () => undefined
  #reject: (error: Error) => void = () => undefined
  /** why its caller went away */
  reason: Error | undefined
  /** on the clock, until when this server may answer */
  deadline = 0
  /** the connection whose answer counts */
  wire: Wire | undefined
  /** it is asked for the second time, with nothing in front of it or behind it */
  alone = false

  constructor(sql: SqlText, begin: () => (columns: SqlRow) => void, prepare: boolean) {
    this.sql = sql
    this.#begin = begin
    this.prepare = prepare
  }
  get aborted(): boolean {
    return this.reason !== undefined
  }
  abort(reason: Error): void {
    this.reason ??= reason
    this.#holder?.forsake(this, this.reason)
  }
  /** Given to a server. */
  within(holder: Holder, deadline: number): Promise<void> {
    this.deadline = deadline
    this.alone = false
    this.#holder = holder
    return new Promise<void>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }
  begin(wire: Wire): TakeRow | undefined {
    return this.wire === wire ? this.#begin() : undefined
  }
  /** The server has answered, or failed. */
  end(error: Error | undefined): void {
    this.wire = undefined
    this.#holder = undefined
    if (error) this.#reject(error)
    else this.#resolve()
  }
}
