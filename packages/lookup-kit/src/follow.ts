/** What tables that follow a file have in common: when they look at it, and what they tell of it, once. */
import type { TableContext } from '@postern/core'

/** ms between two looks at the file */
const INTERVAL = 1000
/** A file written less than this many ms ago may still be being written: half a table would refuse mail for good. */
const HOT = 1000

/** `mtime` in ms since 1970. */
export function isHot(mtime: bigint | number): boolean {
  const age = Date.now() - Number(mtime)
  return age >= 0 && age < HOT
}
type Figures = Readonly<Record<string, number>>

/** Looks at a file when asked, at most once a second; lookups meanwhile share the look. */
export class Follower {
  readonly #name: string
  readonly #context: Pick<TableContext, 'clock' | 'log'>
  readonly #look: () => Promise<void>
  #checked = -Infinity
  #looking: Promise<void> | undefined
  #stays = false
  #problem: string | undefined

  /** `look` tells what it finds by `loaded`, `well` and `trouble`; it never rejects. */
  constructor(name: string, context: Pick<TableContext, 'clock' | 'log'>, look: () => Promise<void>) {
    this.#name = name
    this.#context = context
    this.#look = look
  }
  /** of the last look, with the table's name */
  get problem(): string | undefined {
    return this.#problem
  }
  /** the look that is under way */
  get looking(): Promise<void> | undefined {
    return this.#looking
  }
  /** is it time for a look, or one under way? */
  get due(): boolean {
    return this.#looking !== undefined || (!this.#stays && this.#context.clock.now() - this.#checked >= INTERVAL)
  }
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#checked = this.#context.clock.now()
      this.#looking = undefined
    })
    return this.#looking
  }
  /** What was open is of no use any more: the next lookup looks at once. */
  again(): void {
    this.#checked = -Infinity
  }
  /** There is no file that could change. */
  stay(): void {
    this.#stays = true
  }
  /** `again`: another one answered before. `problem`: it was read, and is wrong. */
  loaded(again: boolean, figures: Figures, problem?: string): void {
    this.#problem = problem === undefined ? undefined : `${this.#name}: ${problem}`
    const event = again ? 'table.reloaded' : 'table.loaded'
    this.#context.log[again ? 'info' : 'debug'](event, { table: this.#name, ...figures })
  }
  well(): void {
    if (this.#problem === undefined) return
    this.#problem = undefined
    this.#context.log.info('table.recovered', { table: this.#name })
  }
  /** Told once, not at each lookup. `serving`: what still answers; without it lookups fail. */
  trouble(why: string, serving: Figures | undefined): void {
    const problem = `${this.#name}: ${why}`
    if (problem === this.#problem) return
    this.#problem = problem
    const said = { table: this.#name, problem: why }
    if (serving) this.#context.log.warn('table.stale', { ...said, ...serving })
    else this.#context.log.error('table.unreadable', said)
  }
}
