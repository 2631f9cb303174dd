/**
 * Walks the drop folder: at start, when a file comes, and every so often in case that nobody told. One file after the other,
 * as Postfix's pickup does: whoever drops thousands gets in the way of other users of this folder, and of nobody else.
 */
import { watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { open, opendir } from 'node:fs/promises'
import { FINISHED } from '@postern/sendmail'
import type { Clock, Logger, Timer } from '@postern/core'

/** names of which it was told; with more the folder is read */
const TOLD = 1000
/** names that are in memory while the folder is read */
const PART = 1000

/** What one process does in the folder, one after the other: an old generation's file is done before the new one looks. */
export class Lane {
  #tail: Promise<unknown> = Promise.resolve()
  run(work: () => Promise<void>): Promise<void> {
    const done = this.#tail.then(work)
    this.#tail = done.catch(() => undefined)
    return done
  }
}

export interface PickupParts {
  readonly folder: string
  /** ms */
  readonly interval: number
  readonly lane: Lane
  readonly clock: Clock
  readonly log: Logger
  /** a finished file; `true` when the folder has changed */
  mail(name: string): Promise<boolean>
  /** any other name; seen when the folder is read, not when it is told */
  other(name: string): Promise<void>
}

export class Pickup {
  readonly #parts: PickupParts
  readonly #told = new Set<string>()
  #all = true
  #watcher: FSWatcher | undefined
  #timer: Timer | undefined
  #going: Promise<void> | undefined
  #stopped = false
  constructor(parts: PickupParts) {
    this.#parts = parts
  }
  start(): void {
    const { folder, log } = this.#parts
    try {
      this.#watcher = watch(folder, (_event, name) => this.#tell(name))
      this.#watcher.on('error', (cause) => log.warn('drop.unwatched', { folder, cause }))
    } catch (cause) {
      // no inotify instance left: the timer finds what comes
      log.warn('drop.unwatched', { folder, cause })
    }
    this.#arm()
    this.#kick()
  }
  /** Takes no new file; resolves when the one in hand is done. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#watcher?.close()
    this.#timer?.cancel()
    await this.#going
  }
  #tell(name: string | null): void {
    if (name === null || this.#told.size >= TOLD) this.#all = true
    else if (name.startsWith(FINISHED)) this.#told.add(name)
    else return
    this.#kick()
  }
  #arm(): void {
    this.#timer = this.#parts.clock.after(this.#parts.interval, () => {
      this.#all = true
      this.#kick()
      this.#arm()
    })
  }
  #kick(): void {
    if (this.#stopped || this.#going) return
    const { lane, folder, log } = this.#parts
    this.#going = lane
      .run(() => this.#round())
      .catch((cause: unknown) => log.error('drop.failed', { folder, cause }))
      .finally(() => {
        this.#going = undefined
        if (this.#told.size > 0) this.#kick()
      })
  }
  async #round(): Promise<void> {
    let changed = false
    if (this.#all) {
      this.#all = false
      this.#told.clear()
      changed = await this.#readFolder()
    }
    for (const name of this.#told) {
      if (this.#stopped) break
      this.#told.delete(name)
      changed = (await this.#parts.mail(name)) || changed
    }
    // fewer come back after a power cut, and are sent twice
    if (changed) await syncFolder(this.#parts.folder)
  }
  async #readFolder(): Promise<boolean> {
    let changed = false
    let part: string[] = []
    const work = async () => {
      // the names begin with the time
      for (const name of part.sort()) {
        if (this.#stopped) return
        if (!name.startsWith(FINISHED)) await this.#parts.other(name)
        else changed = (await this.#parts.mail(name)) || changed
      }
      part = []
    }
    for await (const { name } of await opendir(this.#parts.folder, { bufferSize: 256 })) {
      if (this.#stopped) break
      if (part.push(name) >= PART) await work()
    }
    await work()
    return changed
  }
}
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  await handle.sync().finally(() => handle.close())
}
