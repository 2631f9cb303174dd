import { doing } from './faults.ts'
import { close, fstat, fsync, stat } from './files.ts'
import type { Folder } from './files.ts'
import { allowed, openBase, openChild } from './folders.ts'
import { SEARCH, WRITE } from './owner.ts'
import type { Owner } from './owner.ts'

/** One maildir with its folders held open. */
export class Maildir {
  readonly tmp: Folder
  readonly fresh: Folder
  readonly #identity: string
  #syncing: Promise<void> | undefined
  #next: Promise<void> | undefined
  #users = 0
  #closed = false
  #open = true

  private constructor(tmp: Folder, fresh: Folder, identity: string) {
    this.tmp = tmp
    this.fresh = fresh
    this.#identity = identity
  }

  /** Opens `path` below the base; folders that are missing are made. */
  static async open(base: string, path: readonly string[], owner: Owner | undefined): Promise<Maildir> {
    const held: Folder[] = [await openBase(base, owner)]
    try {
      for (const name of path) held.push(await openChild(held[held.length - 1]!, name, owner))
      const home = held[held.length - 1]!
      const enter = async (name: string) => {
        const folder = await openChild(home, name, owner)
        held.push(folder)
        await allowed(folder, owner, SEARCH | WRITE, folder.path)
        return folder
      }
      const [tmp, fresh] = [await enter('tmp'), await enter('new')]
      // nothing is written there, but a maildir without it is none
      if (fresh.made) await enter('cur')
      const identity = identityOf(await fstat(fresh.fd))
      for (const folder of held) if (folder !== tmp && folder !== fresh) close(folder.fd)
      return new Maildir(tmp, fresh, identity)
    } catch (error) {
      for (const folder of held) close(folder.fd)
      throw error
    }
  }

  /** Does its path still lead here? A mailbox may be moved or restored under a running server. */
  async isCurrent(): Promise<boolean> {
    const now = await stat(this.fresh.path).catch(() => undefined)
    return now !== undefined && identityOf(now) === this.#identity
  }
  /** Files renamed into `new` before this call are there after a power cut. Calls that wait together share one sync. */
  sync(): Promise<void> {
    if (!this.#syncing) {
      this.#syncing = doing(`sync ${this.fresh.path}`, fsync(this.fresh.fd)).finally(() => (this.#syncing = undefined))
      return this.#syncing
    }
    // the sync under way may have begun before the caller's rename
    this.#next ??= this.#syncing
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined
        return this.sync()
      })
    return this.#next
  }

  get idle(): boolean {
    return this.#users === 0
  }
  use(): void {
    this.#users++
  }
  release(): void {
    this.#users--
    this.#settle()
  }
  /** Closes its folders when the last delivery is done. */
  close(): void {
    this.#closed = true
    this.#settle()
  }
  #settle(): void {
    if (!this.#closed || this.#users > 0 || !this.#open) return
    this.#open = false
    close(this.tmp.fd)
    close(this.fresh.fd)
  }
}

const identityOf = (s: { dev: number; ino: number }): string => `${s.dev}.${s.ino}`
