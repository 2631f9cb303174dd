/** Tables behind options: opened once at start, checked, traced. Failed never means absent. */
import type { Call } from '../contract/call.ts'
import type { Clock } from '../contract/clock.ts'
import type { Logger } from '../contract/log.ts'
import { failed } from '../contract/lookup.ts'
import type { Lookup, OpenTable, Table, TableType } from '../contract/lookup.ts'
import type { TableRef } from '../contract/options.ts'
import type { UseFacts } from '../hooks/record.ts'

export class TableHandle implements Table {
  readonly name: string
  readonly type: string
  readonly use: UseFacts
  readonly #ref: TableRef
  readonly #folder: string
  #open: OpenTable | undefined
  #problem: string | undefined

  constructor(ref: TableRef, folder: string, use: UseFacts) {
    this.#ref = ref
    this.#folder = folder
    this.type = ref.type
    this.use = use
    this.name = typeof ref.spec === 'string' ? `${ref.type}:${ref.spec}` : `${ref.type}:(in ${use.where})`
  }
  /** what `check` or `open` found wrong, for status */
  get problem(): string | undefined {
    return this.#problem
  }
  /** A table that cannot be opened becomes one that fails each request, and says so. */
  async open(type: TableType, log: Logger, clock: Clock): Promise<void> {
    try {
      this.#open = await type.open(
        { spec: this.#ref.spec, where: this.use.where, folder: this.#folder },
        { log, clock },
      )
      this.#problem = (await this.#open.check?.()) ?? undefined
    } catch (error) {
      this.#problem = (error as Error).message
    }
    if (this.#problem) log.warn('table.problem', { table: this.name, where: this.use.where, cause: this.#problem })
  }
  async close(): Promise<void> {
    await this.#open?.close?.()
    this.#open = undefined
  }
  get(key: string, call: Call): Lookup | Promise<Lookup> {
    const began = call.trace ? performance.now() : 0
    const answer = this.#ask(key, call)
    if (!call.trace) return answer
    const told = (a: Lookup) => {
      call.trace?.({ type: 'lookup', table: this.name, key, answer: a, ms: performance.now() - began })
      return a
    }
    return answer instanceof Promise ? answer.then(told) : told(answer)
  }
  #ask(key: string, call: Call): Lookup | Promise<Lookup> {
    if (!this.#open) return failed(this.#problem ?? `${this.name} is not open`, 'misconfigured')
    try {
      const answer = this.#open.get(key, call)
      return answer instanceof Promise ? answer.then(checkLookup, asFailed) : checkLookup(answer)
    } catch (error) {
      return asFailed(error)
    }
  }
}
const asFailed = (error: unknown): Lookup => failed(error instanceof Error ? error.message : String(error))
const checkLookup = (a: Lookup): Lookup =>
  a?.kind === 'absent' || a?.kind === 'failed' || (a?.kind === 'found' && typeof a.value === 'string')
    ? a
    : failed('the table gave no valid answer', 'misconfigured')
