import { stat } from 'node:fs/promises'
import type { BigIntStats } from 'node:fs'
import { BadText, foldKey, sameStamp, stampOf } from '@postern/cdb'
import type { Problems, Stamp } from '@postern/cdb'
import { absent, failed, found } from '@postern/core'
import type { Call, Lookup, OpenTable, TableContext, TableEntry } from '@postern/core'
import { Follower, isHot } from '@postern/lookup-kit'
import { openIndex } from './index-file.ts'
import { Closed, makeIndex } from './making.ts'
import type { Made } from './making.ts'
import { load } from './memory.ts'
import type { Snapshot } from './snapshot.ts'
import { reasonOf } from './source.ts'
import type { Source } from './source.ts'

export interface FollowOptions {
  /** bytes; a larger text is not held in memory but indexed on disk */
  readonly indexAbove: number
}

/** A table that follows its text. Looks at it when asked, at most once a second. */
export class FileTable implements OpenTable {
  readonly #source: Source
  readonly #context: TableContext
  readonly #options: FollowOptions
  readonly #closed = new AbortController()
  readonly #follower: Follower
  #now: Snapshot | undefined
  #making: Promise<void> | undefined
  #instead: string | undefined
  /** a text that is no table: not read again each second */
  #bad: Stamp | undefined

  constructor(source: Source, context: TableContext, options: FollowOptions) {
    this.#source = source
    this.#context = context
    this.#options = options
    this.#follower = new Follower(source.name, context, () => this.#look())
  }

  get(key: string, call: Call): Lookup | Promise<Lookup> {
    return this.#follower.due ? this.refresh().then(() => this.#first(key, call)) : this.#first(key, call)
  }
  async check(): Promise<string | undefined> {
    await this.refresh()
    return this.#follower.problem
  }
  /** Looks at the file and reads it again if it has changed. Never rejects; lookups meanwhile share this one. */
  refresh(): Promise<void> {
    return this.#follower.look()
  }
  /** When no first index is being made (any more). */
  async settled(): Promise<void> {
    await this.#making
  }
  /** Throws when there is no table to list. */
  async *entries(): AsyncGenerator<TableEntry> {
    await this.refresh()
    await this.#making
    if (!this.#now) throw new Error(this.#follower.problem ?? `${this.#source.name}: not loaded`)
    yield* this.#now.list()
  }
  stats(): Readonly<Record<string, number>> {
    return { entries: this.#now?.entries ?? 0, indexed: this.#now?.indexed ? 1 : 0 }
  }
  async close(): Promise<void> {
    this.#closed.abort()
    await this.#follower.looking
    await this.#making
    await this.#now?.close()
    this.#now = undefined
  }

  /** The first index is still being made: wait for it, as long as the caller does. */
  #first(key: string, call: Call): Lookup | Promise<Lookup> {
    const making = this.#making
    if (this.#now || !making) return this.#answer(key)
    return new Promise((done) => {
      const quit = call.onAbort((reason) => done(failed(`${this.#source.name}: being indexed; ${reason.message}`)))
      void making.then(() => {
        quit()
        done(this.#answer(key))
      })
    })
  }
  #answer(key: string): Lookup {
    if (!this.#now) return failed(this.#follower.problem ?? `${this.#source.name}: not loaded`)
    try {
      const value = this.#now.get(foldKey(key))
      return value === undefined ? absent() : found(value)
    } catch (error) {
      // an index that was written over, or a disk that fails: made again at the next look
      const cause = `${this.#source.name}: index: ${(error as Error).message}`
      this.#context.log.warn('table.damaged', { table: this.#source.name, problem: (error as Error).message })
      void this.#now.close().catch(() => undefined)
      this.#now = undefined
      this.#follower.again()
      return failed(cause)
    }
  }
  async #look(): Promise<void> {
    let stamp: Stamp | undefined
    try {
      const text = await stat(this.#source.path, { bigint: true })
      stamp = stampOf(text)
      if (this.#now && sameStamp(this.#now.stamp, stamp)) return this.#follower.well()
      if (this.#making || this.#closed.signal.aborted || (this.#bad && sameStamp(this.#bad, stamp))) return
      if (this.#now && isHot(text.mtimeMs)) return
      const made = await this.#soon(text)
      if (made) await this.#swap(made)
      else this.#making = this.#make(stamp).finally(() => (this.#making = undefined))
    } catch (error) {
      this.#trouble(error, stamp)
    }
  }
  /** The table where it can be had at once; `undefined`: it must be indexed first. */
  async #soon(text: BigIntStats): Promise<Made | undefined> {
    const index = await openIndex(this.#source, { stamp: stampOf(text), uid: text.uid }).catch(() => undefined)
    if (index) return { snapshot: index }
    const large = text.isFile() && text.size > this.#options.indexAbove
    return large ? undefined : load(this.#source.path, this.#source.format)
  }
  async #make(stamp: Stamp): Promise<void> {
    try {
      await this.#swap(await makeIndex(this.#source, this.#closed.signal, (what, why) => this.#elsewhere(what, why)))
    } catch (error) {
      if (!(error instanceof Closed)) this.#trouble(error, stamp)
    }
  }
  async #swap({ snapshot, problems }: Made): Promise<void> {
    const old = this.#now
    this.#now = snapshot
    if (problems) this.#tell(problems)
    this.#follower.loaded(old !== undefined, { entries: snapshot.entries })
    await old?.close()
  }
  #tell({ first, more }: Problems): void {
    const table = this.#source.name
    const { log } = this.#context
    for (const p of first) log.warn('table.line', { table, line: p.line, problem: p.what, ignored: !p.kept })
    if (more > 0) log.warn('table.lines', { table, more })
  }
  /** Once, not at each lookup. */
  #trouble(error: unknown, stamp: Stamp | undefined): void {
    if (error instanceof BadText) this.#bad = stamp
    this.#follower.trouble(reasonOf(error, this.#source), this.#now && { entries: this.#now.entries })
  }
  #elsewhere(instead: 'temporary' | 'memory', why: string): void {
    if (why === this.#instead) return
    this.#instead = why
    this.#context.log.warn('table.index', { table: this.#source.name, problem: why, instead })
  }
}
