/** Tables behind options: opened once at start, checked, traced. Failed never means absent. */
import type { Call } from '../contract/call.ts'
import type { Clock } from '../contract/clock.ts'
import type { Logger } from '../contract/log.ts'
import { failed } from '../contract/lookup.ts'
import type { Lookup, OpenTable, Table, TableEntry, TableSource, TableType, TableUse } from '../contract/lookup.ts'
import { tableRefOf } from '../contract/options.ts'
import type { TableRef } from '../contract/options.ts'
import type { UseFacts } from '../hooks/record.ts'
import { TableHealth } from './table-health.ts'

/** Opens each table once, those that another one asks before it. */
export class TableRoom {
  readonly #handles = new Map<string, TableHandle>()

  all(): Iterable<TableHandle> {
    return this.#handles.values()
  }
  /** The one table for a reference: two that say the same, and are asked for the same, are one. */
  named(ref: TableRef, folder: string, use: UseFacts, asked: TableUse = {}): TableHandle {
    const { substitution = true } = asked
    const key = `${folder}\0${ref.type}\0${JSON.stringify(ref.spec)}\0${substitution}`
    const have = this.#handles.get(key)
    if (have) return have
    const handle = new TableHandle(ref, folder, use, substitution)
    this.#handles.set(key, handle)
    return handle
  }
  /** What tables are made of becomes tables of this room, too. Types that are not there are left out. */
  takeApart(types: ReadonlyMap<string, TableType>): void {
    // a map's iteration goes on to what is added meanwhile
    for (const handle of this.#handles.values())
      handle.takeApart(types.get(handle.type), (ref) =>
        this.named(ref, handle.source.folder, handle.use, handle.source),
      )
  }
  async open(types: ReadonlyMap<string, TableType>, log: Logger, clock: Clock): Promise<void> {
    const opened = new Set<TableHandle>()
    const open = async (handle: TableHandle): Promise<void> => {
      if (opened.has(handle)) return
      opened.add(handle)
      for (const part of handle.parts) await open(part)
      await handle.open(types.get(handle.type)!, log, clock)
    }
    for (const handle of this.#handles.values()) await open(handle)
  }
}

export class TableHandle implements Table {
  readonly name: string
  readonly type: string
  readonly use: UseFacts
  readonly source: TableSource
  /** tables that it asks */
  parts: readonly TableHandle[] = []
  #open: OpenTable | undefined
  readonly #health = new TableHealth()

  constructor(ref: TableRef, folder: string, use: UseFacts, substitution: boolean) {
    this.type = ref.type
    this.use = use
    this.source = { spec: ref.spec, where: use.where, folder, substitution }
    this.name = typeof ref.spec === 'string' ? `${ref.type}:${ref.spec}` : `${ref.type}:(in ${use.where})`
  }
  /** what `check`, `open` or the last lookup found wrong, for status */
  get problem(): string | undefined {
    return this.#health.problem
  }
  /** ms since 1970: when it was first seen */
  get since(): number | undefined {
    return this.#health.since
  }
  /** Checks again, for who wants to know the state of now. Never rejects, and ends within seconds. */
  async refresh(): Promise<void> {
    const open = this.#open
    if (open) await this.#health.refresh(() => open.check?.())
  }
  get pattern(): boolean {
    return this.#open?.pattern ?? false
  }
  stats(): Readonly<Record<string, number>> | undefined {
    return this.#open?.stats?.()
  }
  entries(): AsyncIterable<TableEntry> | Iterable<TableEntry> | undefined {
    return this.#open?.entries?.()
  }
  takeApart(type: TableType | undefined, named: (ref: TableRef) => TableHandle): void {
    try {
      this.parts = type?.parts?.(this.source).map((part) => named(tableRefOf(part))) ?? []
    } catch (error) {
      this.#health.told((error as Error).message)
    }
  }
  /** A table that cannot be opened becomes one that fails each request, and says so. */
  async open(type: TableType, log: Logger, clock: Clock): Promise<void> {
    try {
      if (this.problem !== undefined) throw new Error(this.problem)
      this.#health.start(clock)
      this.#open = await type.open(this.source, { log, clock, parts: this.parts })
      this.#health.told((await this.#open.check?.()) ?? undefined)
    } catch (error) {
      this.#health.told((error as Error).message)
    }
    if (this.problem) log.warn('table.problem', { table: this.name, where: this.use.where, cause: this.problem })
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
    if (!this.#open) return failed(this.problem ?? `${this.name} is not open`, 'misconfigured')
    try {
      const answer = this.#open.get(key, call)
      return answer instanceof Promise
        ? answer.then(
            (a) => this.#heard(checkLookup(a), call),
            (error: unknown) => this.#heard(asFailed(error), call),
          )
        : this.#heard(checkLookup(answer), call)
    } catch (error) {
      return this.#heard(asFailed(error), call)
    }
  }
  /** That a caller went away says nothing about the table. */
  #heard(answer: Lookup, call: Call): Lookup {
    if (answer.kind !== 'failed' || !call.aborted) this.#health.heard(answer)
    return answer
  }
}
const asFailed = (error: unknown): Lookup => failed(error instanceof Error ? error.message : String(error))
const checkLookup = (a: Lookup): Lookup =>
  a?.kind === 'absent' || a?.kind === 'failed' || (a?.kind === 'found' && typeof a.value === 'string')
    ? a
    : failed('the table gave no valid answer', 'misconfigured')
