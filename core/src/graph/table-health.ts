/** What is wrong with a table today, and since when: by its own check and by what lookups answered. */
import type { Clock } from '../contract/clock.ts'
import type { Lookup } from '../contract/lookup.ts'

interface Trouble {
  readonly cause: string
  /** ms since 1970 */
  readonly since: number
}
type Check = () => Promise<string | undefined> | string | undefined
/** ms that a check may take when somebody asks for the state; what was known before is the answer then */
const PATIENCE = 3000

export class TableHealth {
  #clock: Clock | undefined
  /** of the check that ended last */
  #checked: Trouble | undefined
  /** of lookups: the last one failed */
  #failing: (Trouble & { readonly why: 'retry' | 'misconfigured' }) | undefined
  #checking: Promise<void> | undefined

  get problem(): string | undefined {
    return (this.#checked ?? this.#failing)?.cause
  }
  get since(): number | undefined {
    const times = [this.#checked, this.#failing].flatMap((trouble) => trouble?.since ?? [])
    return times.length > 0 ? Math.min(...times) : undefined
  }
  start(clock: Clock): void {
    this.#clock = clock
  }
  /** What the check says, or what could not be opened. */
  told(problem: string | undefined): void {
    // a table that nobody asked since its server is back
    if (problem === undefined && this.#failing?.why === 'retry') this.#failing = undefined
    const since = this.since ?? this.#now()
    this.#checked = problem === undefined ? undefined : { cause: problem, since }
  }
  /** Each answer comes by here. */
  heard(answer: Lookup): void {
    if (answer.kind !== 'failed') {
      if (this.#failing !== undefined) this.#failing = undefined
      return
    }
    const { cause, why } = answer
    this.#failing = { cause, why, since: this.#failing?.since ?? this.#now() }
  }
  /** Asks `check` again; those who ask meanwhile share it. Never rejects. */
  refresh(check: Check): Promise<void> {
    const checking = (this.#checking ??= this.#check(check).finally(() => (this.#checking = undefined)))
    return new Promise((done) => {
      const timer = this.#clock?.after(PATIENCE, done)
      void checking.then(() => {
        timer?.cancel()
        done()
      })
    })
  }
  async #check(check: Check): Promise<void> {
    try {
      this.told((await check()) ?? undefined)
    } catch (error) {
      this.told((error as Error).message)
    }
  }
  #now(): number {
    return this.#clock?.now() ?? Date.now()
  }
}
