import { absent, failed } from '@postern/core'
import type { Call, Lookup, OpenTable, TableContext } from '@postern/core'
import type { Getent } from './getent.ts'

/** processes at once; the names that come meanwhile are asked for together */
const PROCESSES = 2
/** names of one process: a service may be slow, and its process has ten seconds for all of them */
const TOGETHER = 16
/** names that wait; a worker that has more is not helped by asking for them */
const WAITING = 10_000
const KEPT = 10_000
/** ms without a failure after which a name that is found says that all is well */
const QUIET = 10_000
/** ms for which the start waits for the first answer */
const PATIENCE = 3000
// strtoul(3) would read a number, which getent takes for an id; what has a colon or a line end cannot be there
const NO_NAME = /^$|^\s*[+-]?\d+$|[:\n\0]/

export interface Times {
  /** ms */
  readonly foundFor: number
  readonly absentFor: number
}
interface Kept {
  readonly answer: Lookup
  readonly until: number
}
type Waiter = (answer: Lookup) => void

/** Users or groups, kept for a short while. */
export class UnixTable implements OpenTable {
  readonly #name: string
  readonly #getent: Getent
  readonly #context: Pick<TableContext, 'clock' | 'log'>
  readonly #times: Times
  readonly #kept = new Map<string, Kept>()
  readonly #waiting = new Map<string, Set<Waiter>>()
  readonly #asked = new Map<string, Set<Waiter>>()
  #processes = 0
  #failedAt: number | undefined
  #closed = false

  constructor(name: string, getent: Getent, context: Pick<TableContext, 'clock' | 'log'>, times: Times) {
    this.#name = name
    this.#getent = getent
    this.#context = context
    this.#times = times
  }
  get(key: string, call: Call): Lookup | Promise<Lookup> {
    const name = key.toLowerCase()
    if (NO_NAME.test(name)) return absent()
    const kept = this.#kept.get(name)
    if (kept && kept.until > this.#context.clock.now()) return kept.answer
    if (this.#closed) return failed(`${this.#name}: closed`)
    const waiters = this.#asked.get(name) ?? this.#waiting.get(name)
    if (!waiters && this.#waiting.size >= WAITING) return failed(`${this.#name}: ${WAITING} names wait`)
    return this.#wait(name, waiters, call)
  }
  /** Can names be asked for at all? */
  async check(): Promise<string | undefined> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<string>((done) => (timer = setTimeout(done, PATIENCE, `no answer within ${PATIENCE} ms`)))
    const asked = this.#getent.ask(['root']).then((answers) => {
      const answer = answers.get('root')!
      this.#tell(answer)
      return answer.kind === 'failed' ? answer.cause : undefined
    })
    const problem = await Promise.race([asked, late])
    clearTimeout(timer)
    return problem === undefined ? undefined : `${this.#name}: ${problem}`
  }
  stats(): Readonly<Record<string, number>> {
    return { kept: this.#kept.size, waiting: this.#waiting.size, processes: this.#getent.spawned }
  }
  close(): void {
    this.#closed = true
    this.#getent.close()
    for (const [name, waiters] of this.#waiting) this.#settle(name, waiters, failed(`${this.#name}: closed`))
    this.#waiting.clear()
  }

  #wait(name: string, there: Set<Waiter> | undefined, call: Call): Promise<Lookup> {
    if (call.aborted) return Promise.resolve(failed(`${this.#name}: the request was ended`))
    const waiters = there ?? new Set()
    const answer = new Promise<Lookup>((done) => {
      const waiter = (said: Lookup) => {
        quit()
        done(said)
      }
      const quit = call.onAbort((reason) => {
        waiters.delete(waiter)
        // nobody wants to know any more
        if (waiters.size === 0) this.#waiting.delete(name)
        done(failed(`${this.#name}: ${reason.message}`))
      })
      waiters.add(waiter)
    })
    if (!there) this.#waiting.set(name, waiters)
    this.#next()
    return answer
  }
  #next(): void {
    while (this.#processes < PROCESSES && this.#waiting.size > 0 && !this.#closed) {
      const batch = [...this.#waiting].slice(0, TOGETHER)
      this.#processes++
      void this.#ask(batch)
    }
  }
  async #ask(batch: readonly (readonly [string, Set<Waiter>])[]): Promise<void> {
    for (const [name, waiters] of batch) {
      this.#waiting.delete(name)
      this.#asked.set(name, waiters)
    }
    const answers = await this.#getent.ask(batch.map(([name]) => name))
    this.#processes--
    for (const [name, waiters] of batch) {
      this.#asked.delete(name)
      const answer = answers.get(name)!
      this.#tell(answer)
      this.#keep(name, answer)
      this.#settle(name, waiters, answer)
    }
    this.#next()
  }
  /**
   * Once when names cannot be asked for, and once when they can again. Who is in the system's files is found while a service
   * is down: only a while without a failure, or an absent name, for which all were asked, says that they are back.
   */
  #tell(answer: Lookup): void {
    if (this.#closed) return
    const table = this.#name
    const { clock, log } = this.#context
    if (answer.kind === 'failed') {
      if (answer.why !== 'retry') return
      if (this.#failedAt === undefined) log.warn('table.down', { table, problem: answer.cause })
      this.#failedAt = clock.now()
    } else if (this.#failedAt !== undefined && (answer.kind === 'absent' || clock.now() - this.#failedAt >= QUIET)) {
      this.#failedAt = undefined
      log.info('table.up', { table })
    }
  }
  #keep(name: string, answer: Lookup): void {
    const ms = { found: this.#times.foundFor, absent: this.#times.absentFor, failed: 0 }[answer.kind]
    this.#kept.delete(name)
    if (ms === 0) return
    // the oldest makes room
    if (this.#kept.size >= KEPT) this.#kept.delete(this.#kept.keys().next().value!)
    this.#kept.set(name, { answer, until: this.#context.clock.now() + ms })
  }
  #settle(name: string, waiters: Set<Waiter>, answer: Lookup): void {
    const said = answer.kind === 'failed' ? failed(`${this.#name}: ${name}: ${answer.cause}`, answer.why) : answer
    for (const waiter of [...waiters]) waiter(said)
  }
}
