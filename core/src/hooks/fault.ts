/** One fault policy: a throw, a rejected promise, a timeout, a wrong answer and a lost backend are one thing. */
import type { Clock } from '../contract/clock.ts'
import { traceOf } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import type { TapRecord } from './record.ts'

export interface Fault {
  readonly code: ErrorCode
  readonly hook: string
  readonly use: string
  readonly package: string
  readonly version: string
  readonly where: string
  readonly cause: unknown
}
export const faultOf = (record: TapRecord, code: ErrorCode, cause: unknown): Fault => ({
  code,
  hook: record.hook,
  use: record.use.name,
  package: record.use.package,
  version: record.use.version,
  where: record.use.where,
  cause,
})
/** The public half is the core's; this is the private one, for the log. */
export const faultFields = (f: Fault) => ({
  code: f.code,
  hook: f.hook,
  use: f.use,
  package: `${f.package}@${f.version}`,
  where: f.where,
  cause: traceOf(f.cause),
})

/** A tap that keeps failing is left alone for a while: each call then is a fault at once, without its timeout. */
export class Breaker {
  readonly #limit: number
  readonly #pause: number
  #row = 0
  #until = 0
  constructor(limit: number, pauseMs: number) {
    this.#limit = limit
    this.#pause = pauseMs
  }
  open(clock: Clock): boolean {
    return this.#until > 0 && clock.now() < this.#until
  }
  good(): void {
    this.#row = 0
    this.#until = 0
  }
  /** True when this fault opened it. */
  bad(clock: Clock): boolean {
    this.#row++
    if (this.#row < this.#limit) return false
    const first = this.#until === 0
    this.#until = clock.now() + this.#pause
    return first
  }
}
