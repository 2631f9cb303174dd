/**
 * Files that are filled with zeros ahead of their use as segments: two are kept ready, so that what ends mail can be
 * recorded on a full disk, and a segment that went becomes the next spare as it is. Two that went are kept: where much mail
 * comes the next segment is full before all mail of the last one has left.
 */
import fs from 'node:fs'
import { rename, stat, unlink } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import { syncFully, systemFiles, writeFully } from './io.ts'
import type { FileCalls, Io } from './io.ts'
import type { Logger } from '@postern/core'

const SLICE = 1024 * 1024
/** statfs types: btrfs, zfs */
const COPYING = new Set([0x9123683e, 0x2fc12fc1])
const SPARE_NAMES = ['spare', 'spare2']
const SPARES = SPARE_NAMES.length
const RECYCLED = ['recycled', 'recycled2']
/** ms after which a spare in the making that makes no progress is not waited for any longer: the pool may be blocked */
const PATIENCE = 2000

export class Spares {
  readonly size: number
  readonly #folder: string
  readonly #io: Io
  readonly #files: FileCalls
  readonly #log: Logger
  /** the file system writes everything to a new place: zeros and spares promise nothing there */
  readonly #copies: boolean
  #short: Error | undefined
  #maker: Promise<void> | undefined
  /** slices written by the maker; the one that was waited for in vain */
  #progress = 0
  #stuck: Promise<void> | undefined
  #recount = false
  #count = 0
  #closed = false

  /** `folder`: that of the segments; `size`: bytes of one */
  constructor(folder: string, size: number, io: Io, log: Logger) {
    this.#folder = folder
    this.size = size
    this.#io = io
    this.#files = io.files ?? systemFiles
    this.#log = log
    this.#copies = COPYING.has(fs.statfsSync(folder).type)
    if (this.#copies) log.info('queue.noReserve', { folder, reason: 'a file system that copies on write' })
  }

  /** Why there is none, if there should be one. */
  get short(): string | undefined {
    return this.#short && !this.complete ? `no room for spare segments: ${this.#short.message}` : undefined
  }
  get complete(): boolean {
    return this.#count >= SPARES
  }
  /** A spare; it is the caller's. `undefined`: there is none, and none can be waited for. */
  async take(): Promise<string | undefined> {
    for (let seen = -1; ;) {
      const found = await this.#find()
      const maker = this.#maker
      if (found || !maker || maker === this.#stuck) return found
      if (seen === this.#progress) this.#stuck = maker
      else {
        seen = this.#progress
        const ended = new AbortController()
        await Promise.race([maker, sleep(PATIENCE, undefined, ended).catch(() => undefined)])
        ended.abort()
      }
    }
  }
  async #find(): Promise<string | undefined> {
    for (const name of this.#maker ? SPARE_NAMES : [...SPARE_NAMES, ...RECYCLED]) {
      const path = join(this.#folder, name)
      if ((await this.#files.size(path)) !== this.size) continue
      if (SPARE_NAMES.includes(name)) this.#count = Math.max(0, this.#count - 1)
      // a maker at work may have counted it
      this.#recount = this.#maker !== undefined
      return path
    }
    return undefined
  }
  /** Makes what is missing of the spares, one maker at a time. */
  restock(): void {
    if (this.#maker) return
    this.#recount = false
    this.#maker = this.#make()
      .then(
        () => (this.#short = undefined),
        (error: unknown) => {
          if (!this.#short && !this.#closed) this.#log.warn('queue.spare', { error })
          this.#short = error as Error
        },
      )
      .then(() => {
        this.#maker = undefined
        if (this.#recount && !this.#closed) this.restock()
      })
  }
  async #make(): Promise<void> {
    let spares = 0
    for (const name of SPARE_NAMES) {
      const path = join(this.#folder, name)
      if (!(await this.#fits(path))) await this.#makeOne(path)
      this.#count = Math.max(this.#count, ++spares)
    }
    this.#count = spares
  }
  async #makeOne(path: string): Promise<void> {
    for (const name of RECYCLED) {
      const gone = join(this.#folder, name)
      if (await this.#fits(gone)) return await rename(gone, path)
    }
    await this.fill(path + '.new', this.size, 'spare')
    await rename(path + '.new', path)
  }
  /** A segment that went: kept as long as there is a place for it. */
  async recycle(path: string): Promise<void> {
    for (const name of RECYCLED) {
      const kept = join(this.#folder, name)
      if (!(await this.#fits(kept))) return await rename(path, kept)
    }
    await unlink(path)
  }
  /** Spares that could not be made are tried again; `false`: they cannot be made. */
  async tend(): Promise<boolean> {
    await this.#maker
    if (!this.complete && !this.#closed) this.restock()
    await this.#maker
    return this.complete
  }
  async #fits(path: string): Promise<boolean> {
    return (await stat(path).catch(() => undefined))?.size === this.size
  }
  /** Zeros are written and synced: space that was only promised (fallocate) costs a journal transaction at each sync. */
  async fill(path: string, size: number, purpose: 'fill' | 'spare'): Promise<void> {
    const fd = await (purpose === 'fill' ? this.#files : systemFiles).create(path)
    try {
      const zeros = Buffer.alloc(Math.min(SLICE, size))
      if (this.#copies) fs.ftruncateSync(fd, size)
      for (let at = this.#copies ? size : 0; at < size && !this.#closed; at += zeros.length) {
        await writeFully(this.#io, fd, zeros.subarray(0, Math.min(zeros.length, size - at)), at, purpose)
        if (purpose === 'spare') this.#progress++
      }
      if (this.#closed) throw new Error('closed')
      await syncFully(this.#io, fd, purpose)
    } finally {
      fs.closeSync(fd)
    }
  }
  /** Makes no more; resolves when none is in the making. */
  close(): Promise<void> | undefined {
    this.#closed = true
    return this.#maker?.catch(() => undefined)
  }
}
