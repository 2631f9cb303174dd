import { readFileSync } from 'node:fs'
import { FileFault } from './faults.ts'
import { Maildir } from './maildir.ts'
import type { Owner } from './owner.ts'

/**
 * Maildirs held open, two descriptors each: an eighth of what the process may have, sessions need the rest. To open one
 * again costs more than the delivery.
 */
const MAX_OPEN = Math.min(4096, Math.max(64, Math.floor(descriptors() / 16)))
/** ms after which a held maildir is compared with its path again */
const RECHECK = 1000

interface Entry {
  readonly maildir: Promise<Maildir>
  /** the same, once it is there */
  opened?: Maildir
  checked: number
}

/** The maildirs that were delivered to last, held open; the rest is opened when needed. */
export class Maildirs {
  readonly #base: string
  readonly #now: () => number
  readonly #entries = new Map<string, Entry>()

  constructor(base: string, now: () => number) {
    this.#base = base
    this.#now = now
  }

  /** Runs `fn` with the maildir open. */
  async with<T>(path: readonly string[], owner: Owner | undefined, fn: (maildir: Maildir) => Promise<T>): Promise<T> {
    const key = `${owner?.uid}:${owner?.gid}:${path.join('/')}`
    for (let last = false; ; last = true) {
      const maildir = await this.#acquire(key, path, owner)
      try {
        return await fn(maildir)
      } catch (error) {
        // a folder was removed after it was opened: make it anew, once
        if (last || codeOf(error) !== 'ENOENT') throw error
        this.#drop(key, maildir)
      } finally {
        maildir.release()
      }
    }
  }
  /** Lets go of all; deliveries that are under way end first. */
  close(): void {
    for (const entry of this.#entries.values()) void entry.maildir.then((m) => m.close()).catch(() => undefined)
    this.#entries.clear()
  }

  async #acquire(key: string, path: readonly string[], owner: Owner | undefined): Promise<Maildir> {
    for (;;) {
      const entry = this.#entries.get(key) ?? this.#enter(key, path, owner)
      const maildir = await entry.maildir.catch((error: unknown) => {
        // sessions need descriptors more than we do
        if (codeOf(error) === 'EMFILE' || codeOf(error) === 'ENFILE') this.close()
        throw error
      })
      maildir.use()
      if (this.#entries.get(key) !== entry) {
        // dropped while we waited
        maildir.release()
        continue
      }
      this.#entries.delete(key)
      this.#entries.set(key, entry)
      if (this.#now() - entry.checked < RECHECK) return maildir
      entry.checked = this.#now()
      if (await maildir.isCurrent()) return maildir
      this.#drop(key, maildir)
      maildir.release()
    }
  }
  #enter(key: string, path: readonly string[], owner: Owner | undefined): Entry {
    const entry: Entry = { maildir: Maildir.open(this.#base, path, owner), checked: this.#now() }
    this.#entries.set(key, entry)
    entry.maildir.then(
      (maildir) => (entry.opened = maildir),
      () => this.#entries.get(key) === entry && this.#entries.delete(key),
    )
    this.#evict(key)
    return entry
  }
  /** The longest unused go first. */
  #evict(keep: string): void {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size <= MAX_OPEN) return
      if (key === keep) continue
      this.#entries.delete(key)
      void entry.maildir.then((m) => m.close()).catch(() => undefined)
    }
  }
  #drop(key: string, maildir: Maildir): void {
    // another delivery may have dropped it before, and opened a new one
    if (this.#entries.get(key)?.opened === maildir) this.#entries.delete(key)
    maildir.close()
  }
}

/** Files that the process may have open; 8192 where the system does not say. */
function descriptors(): number {
  try {
    return Number(/^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? 8192)
  } catch {
    return 8192
  }
}
const codeOf = (error: unknown): string | undefined => (error instanceof FileFault ? error.code : undefined)
