import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { BigIntStats } from 'node:fs'
import { failed } from '@postern/core'
import type { Call, Lookup, OpenTable, TableContext } from '@postern/core'
import { Follower, isHot } from './follow.ts'
import type { RuleProblem } from './rule-lines.ts'

/** More than that is a wrong file name; it would be held in memory whole. */
const MAX_BYTES = 64 * 1024 * 1024
/** Problems that are told one by one; the rest is a number. */
const MAX_PROBLEMS = 20

/** What is made of a table's text. */
export interface Content {
  readonly rules: number
  readonly problems: readonly RuleProblem[]
}
export interface Making<T extends Content> {
  readonly name: string
  /** an absolute path, or the text itself */
  readonly from: { readonly path: string } | { readonly text: string }
  /** `text` is bytes as U+0000 to U+00FF */
  read(text: string): Promise<T>
  get(content: T, key: string): Lookup
  stats(content: T): Readonly<Record<string, number>>
}

/** A table of rules that follows its file. Looks at it when asked, at most once a second. */
export class RuleTable<T extends Content> implements OpenTable {
  readonly pattern = true
  readonly #make: Making<T>
  readonly #context: TableContext
  #content: T | undefined
  readonly #follower: Follower
  #stamp = ''
  /** the file as it stands now has rules that cannot be carried out */
  #refused = false

  constructor(make: Making<T>, context: TableContext) {
    this.#make = make
    this.#context = context
    this.#follower = new Follower(make.name, context, () => this.#look())
  }

  get(key: string, call: Call): Lookup | Promise<Lookup> {
    return this.#follower.due ? this.#later(key, call) : this.#answer(key)
  }
  async check(): Promise<string | undefined> {
    await this.refresh()
    return this.#follower.problem
  }
  stats(): Readonly<Record<string, number>> {
    return this.#content ? this.#make.stats(this.#content) : {}
  }
  /** Looks at the file and reads it again if it has changed. Never rejects; lookups meanwhile share this one. */
  refresh(): Promise<void> {
    return this.#follower.look()
  }

  /** A folder on a server that is away can make a look last: whoever asks need not wait for it. */
  #later(key: string, call: Call): Promise<Lookup> {
    const ended = (reason: unknown) => failed(`${this.#make.name}: ${textOf(reason)}`)
    const refreshed = this.refresh()
    if (call.aborted) return Promise.resolve(ended(call.signal.reason))
    return new Promise((resolve) => {
      const stop = call.onAbort((reason) => resolve(ended(reason)))
      void refreshed.then(() => {
        stop()
        resolve(this.#answer(key))
      })
    })
  }
  #answer(key: string): Lookup {
    if (!this.#content) return failed(this.#follower.problem ?? `${this.#make.name}: not loaded`)
    return key === '' ? { kind: 'absent' } : this.#make.get(this.#content, key)
  }
  async #look(): Promise<void> {
    const { from } = this.#make
    try {
      if ('text' in from) {
        this.#follower.stay()
        if (!this.#content) this.#swap(await this.#make.read(Buffer.from(from.text).toString('latin1')), 'inline')
        return
      }
      const now = await stat(from.path, { bigint: true })
      if (this.#stamp === stampOf(now)) return this.#refused ? undefined : this.#follower.well()
      if (this.#content && isHot(now.mtimeMs)) return
      const { text, stamp } = await readText(from.path)
      this.#swap(await this.#make.read(text), stamp)
    } catch (error) {
      this.#trouble(textOf(error))
    }
  }
  /** What cannot be carried out does not replace what can. */
  #swap(next: T, stamp: string): void {
    const again = this.#content !== undefined
    const { log } = this.#context
    const table = this.#make.name
    const fatal = next.problems.find((p) => p.fatal)
    const why = fatal && `line ${fatal.line}: ${fatal.what}`
    for (const { line, what, fatal: refused } of next.problems.slice(0, MAX_PROBLEMS))
      log.warn('table.line', { table, line, problem: what, ignored: !refused })
    if (next.problems.length > MAX_PROBLEMS)
      log.warn('table.lines', { table, more: next.problems.length - MAX_PROBLEMS })
    this.#stamp = stamp
    this.#refused = fatal !== undefined
    if (why !== undefined && this.#content) return this.#trouble(why)
    this.#content = next
    this.#follower.loaded(again, this.#make.stats(next), why)
  }
  #trouble(why: string): void {
    this.#follower.trouble(why, this.#content && { rules: this.#content.rules })
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Changes when the file is replaced, written or truncated. */
const stampOf = (s: BigIntStats): string => `${s.dev}.${s.ino}.${s.size}.${s.mtimeNs}.${s.ctimeNs}`

/** Throws when the file cannot be read, is too large, or changes while it is read. */
async function readText(path: string): Promise<{ text: string; stamp: string }> {
  // O_NONBLOCK: opening a FIFO must not wait for a writer
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const before = await file.stat({ bigint: true })
    if (!before.isFile()) throw new Error('not a regular file')
    if (before.size > MAX_BYTES) throw new Error(`larger than ${MAX_BYTES} bytes`)
    const bytes = await file.readFile()
    const stamp = stampOf(await file.stat({ bigint: true }))
    if (stamp !== stampOf(before)) throw new Error('changed while it was read')
    if (bytes.includes(0)) throw new Error('not a text file')
    return { text: bytes.toString('latin1'), stamp }
  } finally {
    await file.close()
  }
}
