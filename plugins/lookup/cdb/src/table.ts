import { isUtf8 } from 'node:buffer'
import { constants, existsSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { CdbFile, Damaged, checkCdb, foldKey, sameStamp, stampOf } from '@postern/cdb'
import type { Stamp } from '@postern/cdb'
import { absent, failed, found } from '@postern/core'
import type { Call, Lookup, OpenTable, TableContext, TableEntry } from '@postern/core'
import { Follower, isHot } from '@postern/lookup-kit'
import type { Source } from './source.ts'

interface Opened {
  readonly file: CdbFile
  readonly stamp: Stamp
}

/** A cdb file that is followed: another one is checked while the one before answers, then takes its place. */
export class CdbTable implements OpenTable {
  readonly #source: Source
  readonly #context: TableContext
  #now: Opened | undefined
  readonly #follower: Follower
  /** a file that is damaged: not read again each second */
  #bad: Stamp | undefined
  #closed = false

  constructor(source: Source, context: TableContext) {
    this.#source = source
    this.#context = context
    this.#follower = new Follower(source.name, context, () => this.#look())
  }

  get(key: string, call: Call): Lookup | Promise<Lookup> {
    if (this.#follower.due) void this.refresh()
    // a check of a large file takes a while: the old one answers meanwhile
    if (!this.#now && this.#follower.looking) return this.#wait(key, this.#follower.looking, call)
    return this.#answer(key)
  }
  async check(): Promise<string | undefined> {
    await this.refresh()
    return this.#follower.problem
  }
  /** Looks at the file and opens it again if it is another one. Never rejects. */
  refresh(): Promise<void> {
    return this.#follower.look()
  }
  /** Throws when the file cannot be read. Keys and values without the NUL that postmap -N puts behind them. */
  async *entries(): AsyncGenerator<TableEntry> {
    await this.refresh()
    if (!this.#now) throw new Error(this.#follower.problem ?? `${this.#source.name}: not open`)
    for await (const [key, value] of this.#now.file.records()) yield [text(key), text(value)]
  }
  stats(): Readonly<Record<string, number>> {
    return { entries: this.#now?.file.entries ?? 0 }
  }
  async close(): Promise<void> {
    this.#closed = true
    await this.#follower.looking
    await this.#now?.file.close()
    this.#now = undefined
  }

  #wait(key: string, refresh: Promise<void>, call: Call): Promise<Lookup> {
    return new Promise((done) => {
      const quit = call.onAbort((reason) => done(failed(`${this.#source.name}: being opened; ${reason.message}`)))
      void refresh.then(() => {
        quit()
        done(this.#answer(key))
      })
    })
  }
  #answer(key: string): Lookup {
    if (!this.#now) return failed(this.#follower.problem ?? `${this.#source.name}: not open`)
    if (key === '') return absent()
    try {
      const value = this.#find(this.#now.file, foldKey(key))
      if (value === undefined) return absent()
      if (!isUtf8(value)) return failed(`${this.#source.name}: a value that is not UTF-8`, 'misconfigured')
      return found(text(value))
    } catch (error) {
      this.#trouble(error)
      // what is damaged will not get better; another look may find another file
      if (error instanceof Damaged) this.#drop()
      return failed(this.#follower.problem!)
    }
  }
  /** Postfix takes keys with and without a NUL behind them. */
  #find(file: CdbFile, key: string): Buffer | undefined {
    const { withNul, withoutNul } = file.checked
    const plain = withoutNul || !withNul ? file.find(Buffer.from(key)) : undefined
    return plain ?? (withNul ? file.find(Buffer.from(`${key}\0`)) : undefined)
  }
  #drop(): void {
    void this.#now?.file.close().catch(() => undefined)
    this.#now = undefined
  }
  async #look(): Promise<void> {
    try {
      const there = await stat(this.#source.path, { bigint: true })
      const stamp = stampOf(there)
      const same = this.#now && sameStamp(this.#now.stamp, stamp)
      if (same) return this.#follower.well()
      if (this.#bad && sameStamp(this.#bad, stamp)) return
      const inPlace = this.#now?.stamp.ino === stamp.ino && this.#now.stamp.mtimeNs !== stamp.mtimeNs
      if (this.#now && !inPlace && isHot(there.mtimeMs)) return
      // written over in place: what is open is that file, and no longer what was checked
      if (inPlace) this.#drop()
      await this.#swap(await this.#opened())
    } catch (error) {
      this.#trouble(error)
    }
  }
  async #opened(): Promise<Opened> {
    // O_NONBLOCK: opening a FIFO must not wait for a writer
    const file = await open(this.#source.path, constants.O_RDONLY | constants.O_NONBLOCK)
    let stamp: Stamp | undefined
    try {
      stamp = stampOf(await file.stat({ bigint: true }))
      return { file: new CdbFile(file, await checkCdb(file)), stamp }
    } catch (error) {
      await file.close()
      if (error instanceof Damaged) this.#bad = stamp
      throw error
    }
  }
  async #swap(next: Opened): Promise<void> {
    const old = this.#now
    if (this.#closed) return next.file.close()
    this.#now = next
    this.#follower.loaded(old !== undefined, { entries: next.file.entries })
    await this.#older(next.stamp)
    await old?.file.close()
  }
  /** Postfix says so too: somebody has changed the text and not built the table. */
  async #older(stamp: Stamp): Promise<void> {
    const source = await stat(this.#source.text, { bigint: true }).catch(() => undefined)
    if (source && source.mtimeNs > stamp.mtimeNs)
      this.#context.log.warn('table.older', {
        table: this.#source.name,
        file: this.#source.path,
        text: this.#source.text,
      })
  }
  #reason(error: unknown): string {
    const { path, text: source } = this.#source
    const said = error instanceof Error ? error.message : String(error)
    if (error instanceof Damaged) return `${path} ${said}`
    const missing = (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
    return missing && existsSync(source) ? `${said}; there is the text: run "postern table build cdb:${source}"` : said
  }
  #trouble(error: unknown): void {
    this.#follower.trouble(this.#reason(error), this.#now && { entries: this.#now.file.entries })
  }
}

/** Up to the first NUL, as C has it. */
function text(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  return (end < 0 ? bytes : bytes.subarray(0, end)).toString()
}
