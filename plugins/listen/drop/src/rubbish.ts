/** What is in the folder and is no mail: removed, or kept for somebody to look at. */
import { randomUUID } from 'node:crypto'
import { lstat, rename, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Logger } from '@postern/core'
import { countCorrupt } from './folder.ts'
import type { DropFolder } from './folder.ts'

/** lines in a minute: whoever fills the folder with rubbish does not fill the log with it */
const LINES = 20
const MINUTE = 60_000

export class Rubbish {
  readonly #folder: DropFolder
  readonly #limit: number
  readonly #log: Logger
  readonly #clock: Clock
  #kept = Infinity
  #minute = -Infinity
  #lines = 0

  /** `limit`: files that are kept */
  constructor(folder: DropFolder, limit: number, log: Logger, clock: Clock) {
    this.#folder = folder
    this.#limit = limit
    this.#log = log
    this.#clock = clock
  }
  /** A warning, unless there were many in this minute; the first of the next one tells how many were left out. */
  warn(event: string, fields: object): void {
    const now = this.#clock.now()
    let unsaid: number | undefined
    if (now - this.#minute >= MINUTE) {
      unsaid = Math.max(0, this.#lines - LINES) || undefined
      this.#minute = now
      this.#lines = 0
    }
    if (++this.#lines <= LINES) this.#log.warn(event, { ...fields, unsaid })
  }
  /** No file of its own: the name goes. A folder with something in it stays: what is not ours we do not walk through. */
  async junk(name: string, what: { why: string; uid: number; folder: boolean }): Promise<boolean> {
    this.warn('drop.junk', { file: name, uid: what.uid, why: what.why })
    const path = join(this.#folder.path, name)
    return (what.folder ? rmdir(path) : unlink(path)).then(
      () => true,
      () => false,
    )
  }
  /** A regular file that is no mail. */
  async corrupt(name: string, uid: number, why: string): Promise<boolean> {
    // an operator may have emptied it
    if (this.#kept >= this.#limit) this.#kept = await countCorrupt(this.#folder)
    const kept = this.#kept < this.#limit
    this.warn('drop.corrupt', { file: name, uid, why, kept })
    const path = join(this.#folder.path, name)
    if (kept) await rename(path, await this.#free(name))
    else await unlink(path)
    this.#kept++
    return true
  }
  /** Its owner chose the name: what another one of that name has left must stay. */
  async #free(name: string): Promise<string> {
    const path = join(this.#folder.corrupt, name)
    const taken = await lstat(path).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
    )
    return taken ? join(this.#folder.corrupt, `${name.slice(0, 200)}.${randomUUID()}`) : path
  }
}
