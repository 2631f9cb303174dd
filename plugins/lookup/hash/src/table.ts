import { stat } from 'node:fs/promises'
import { absent, failed, found } from '@postern/core'
import type { Lookup, OpenTable, TableContext } from '@postern/core'
import { load, stampOf } from './load.ts'
import type { Loaded } from './load.ts'

/** ms between two looks at the file */
const INTERVAL = 1000
/** A file written less than this many ms ago may still be being written: half a table would refuse mail for good. */
const HOT = 1000

/** A table in memory that follows its file. Looks at it when asked, at most once a second. */
export class FileTable implements OpenTable {
  readonly #path: string
  readonly #name: string
  readonly #context: TableContext
  #loaded: Loaded | undefined
  #checked = -Infinity
  #refresh: Promise<void> | undefined
  #problem: string | undefined

  constructor(name: string, path: string, context: TableContext) {
    this.#name = name
    this.#path = path
    this.#context = context
  }

  get(key: string): Lookup | Promise<Lookup> {
    if (this.#refresh || this.#context.clock.now() - this.#checked >= INTERVAL) {
      return this.refresh().then(() => this.#answer(key))
    }
    return this.#answer(key)
  }
  async check(): Promise<string | undefined> {
    await this.refresh()
    return this.#problem
  }
  /** Looks at the file and reads it again if it has changed. Never rejects; lookups meanwhile share this one. */
  refresh(): Promise<void> {
    this.#refresh ??= this.#look().finally(() => {
      this.#checked = this.#context.clock.now()
      this.#refresh = undefined
    })
    return this.#refresh
  }

  #answer(key: string): Lookup {
    if (!this.#loaded) return failed(this.#problem ?? `${this.#name}: not loaded`)
    const value = this.#loaded.entries.get(key.toLowerCase())
    return value === undefined ? absent() : found(value)
  }
  async #look(): Promise<void> {
    try {
      const now = await stat(this.#path, { bigint: true })
      if (this.#loaded?.stamp === stampOf(now)) return this.#well()
      const age = Date.now() - Number(now.mtimeMs)
      if (this.#loaded && age >= 0 && age < HOT) return
      this.#swap(await load(this.#path))
    } catch (error) {
      this.#trouble(reason(error))
    }
  }
  #swap(next: Loaded): void {
    const again = this.#loaded !== undefined
    this.#loaded = next
    this.#problem = undefined
    const { log } = this.#context
    for (const p of next.problems) {
      log.warn('table.line', { table: this.#name, line: p.line, problem: p.what, ignored: !p.kept })
    }
    if (next.moreProblems > 0) log.warn('table.lines', { table: this.#name, more: next.moreProblems })
    log[again ? 'info' : 'debug'](again ? 'table.reloaded' : 'table.loaded', {
      table: this.#name,
      entries: next.entries.size,
    })
  }
  #well(): void {
    if (this.#problem === undefined) return
    this.#problem = undefined
    this.#context.log.info('table.recovered', { table: this.#name })
  }
  /** Told once, not at each lookup. */
  #trouble(why: string): void {
    const problem = `${this.#name}: ${why}`
    if (problem === this.#problem) return
    this.#problem = problem
    if (this.#loaded)
      this.#context.log.warn('table.stale', { table: this.#name, problem: why, entries: this.#loaded.entries.size })
    else this.#context.log.error('table.unreadable', { table: this.#name, problem: why })
  }
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error))
