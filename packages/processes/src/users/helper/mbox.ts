/** A message at the end of an mbox, locked as Postfix's local(8) and virtual(8) do it; a failed write is cut off again. */
import * as fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { UserOutcome } from '@postern/core'
import type { Account } from './accounts.ts'
import { deferredBy, doing, mendable } from './faults.ts'
import { startOf, walk } from './folders.ts'
import type { Folder } from './folders.ts'
import { FromQuote, withFromLine } from './from-lines.ts'
import { DotLock, KernelLock } from './locks.ts'
import { joint, openMailbox, sameStill } from './mailbox-file.ts'
import type { MboxRequest } from './mailbox-file.ts'
import { quietly } from './maildir.ts'
import { rights } from './rights.ts'
import { spoolRights } from './spool.ts'
import type { SpoolRights } from './spool.ts'
import { tooLarge, writeAll } from './target.ts'
import type { Settings, Target } from './target.ts'

/** ms of waiting for a lock after which others are served meanwhile */
const PATIENCE = 100

/** What a delivery that has to wait tells whoever serves it. */
export interface Waiting {
  /** others may be served beside this one */
  stepAside(): void
  /** rejects when nobody waits for the answer any more */
  present(): Promise<void>
}
export class MboxTarget implements Target {
  readonly #request: MboxRequest
  readonly #account: Account
  readonly #settings: Settings
  readonly #waiting: Waiting
  readonly #path: string
  readonly #name: string
  /** stands in front of every reason */
  readonly #prefix: string
  readonly #quote = new FromQuote()
  readonly #kernelLock = new KernelLock()
  #folder: Folder | undefined
  #spool: SpoolRights | undefined
  #dotLock: DotLock | undefined
  #fd: number | undefined
  /** where this message begins; `undefined` until the file is locked */
  #end: number | undefined
  /** bytes of this message that were tried */
  #tried = 0

  constructor(request: MboxRequest, account: Account, settings: Settings, waiting: Waiting) {
    this.#request = request
    this.#account = account
    this.#settings = settings
    this.#waiting = waiting
    const { from, names } = startOf(request.file, account)
    this.#path = join(from, ...names)
    this.#name = names[names.length - 1]!
    this.#prefix = request.owner
      ? `delivery failed to mailbox ${this.#path}: `
      : `cannot update mailbox ${this.#path} for user ${account.name}. `
  }
  async begin(): Promise<void> {
    const { locks, file, above } = this.#request
    const dotLocked = locks.includes('dotlock')
    const { from, names } = startOf(file, this.#account)
    const what = dotLocked ? this.#lockFails : 'cannot open file'
    this.#spool = this.#doing(what, () => spoolRights(this.#request, this.#account, this.#settings))
    this.#folder = this.#asKeeper(() => this.#doing(what, () => walk(from, names.slice(0, -1), false)))
    await this.#inTurn(async () => {
      // Postfix's mbox_open(): the lock file, the file, the kernel's lock, in whatever order they are named
      if (dotLocked) await this.#takeDotLock()
      this.#open()
      await this.#takeKernelLocks(locks.filter((lock) => lock !== 'dotlock'))
    })
    this.#as(() => {
      // readers that make a new file and rename it do not wait for the one who has opened the old one
      if (!sameStill(this.#folder!, this.#name, this.#fd!))
        throw deferredBy('4.2.0', `${this.#prefix}target file status changed unexpectedly`)
      this.#end = fs.fstatSync(this.#fd!).size
      this.#append(Buffer.from(joint(this.#fd!, this.#end) + withFromLine(above)))
    })
  }
  /** Whoever waits long keeps nobody else waiting, and delivers nothing that nobody waits for. */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    let long = false
    const late = setTimeout(() => {
      long = true
      this.#waiting.stepAside()
    }, PATIENCE)
    await work().finally(() => clearTimeout(late))
    if (long) await this.#waiting.present()
  }
  get #lockFails(): string {
    return `unable to create lock file ${this.#path}.lock`
  }
  async #takeDotLock(): Promise<void> {
    const { lockAttempts, lockDelay, staleLock } = this.#settings
    const lock = new DotLock(this.#folder!, this.#name)
    for (let n = 1; ; n++) {
      if (this.#asKeeper(() => this.#doing(this.#lockFails, () => lock.take(staleLock)))) break
      if (n >= lockAttempts) throw deferredBy('4.2.0', `${this.#prefix}${this.#lockFails}: File exists`)
      await sleep(lockDelay)
    }
    this.#dotLock = lock
  }
  #open(): void {
    const make = this.#spool?.owner
    const opened = this.#asKeeper(() =>
      this.#doing('cannot open file', () => openMailbox(this.#folder!, this.#name, this.#path, this.#account, make)),
    )
    if ('fd' in opened) this.#fd = opened.fd
    else if (opened.passing) throw deferredBy('4.2.0', `${this.#prefix}${opened.problem}`)
    else throw mendable(`${this.#prefix}${opened.problem}`, this.#request)
  }
  async #takeKernelLocks(kinds: readonly ('fcntl' | 'flock')[]): Promise<void> {
    if (kinds.length === 0) return
    const problem = await this.#kernelLock.take(this.#fd!, kinds, this.#account, this.#settings)
    if (problem !== undefined) throw deferredBy('4.2.0', `${this.#prefix}${problem}`)
  }
  write(bytes: Buffer): void {
    this.#append(this.#quote.push(bytes))
  }
  #append(bytes: Buffer): void {
    const { limit } = this.#request
    if (limit && this.#end! + this.#tried + bytes.length > limit) throw tooLarge(this.#prefix)
    this.#tried += bytes.length
    this.#as(() => this.#doing('error writing message', () => writeAll(this.#fd!, bytes)))
  }
  async finish(bytes: Buffer): Promise<UserOutcome> {
    if (this.#end === undefined) await this.begin()
    this.#append(Buffer.concat([this.#quote.push(bytes), this.#quote.end()]))
    this.#as(() => this.#doing('error writing message', () => fs.fsyncSync(this.#fd!)))
    await this.#close()
    return { kind: 'delivered', esc: '2.0.0', text: 'delivered to mailbox' }
  }
  async abort(): Promise<void> {
    quietly(() => this.#cutOff())
    await this.#close()
  }
  /** What a program without our locks has appended since is its mail: then all is left as it is. */
  #cutOff(): void {
    if (this.#fd === undefined || this.#end === undefined) return
    const { size } = fs.fstatSync(this.#fd)
    if (size > this.#end && size <= this.#end + this.#tried) fs.ftruncateSync(this.#fd, this.#end)
  }
  async #close(): Promise<void> {
    if (this.#fd !== undefined) fs.closeSync(this.#fd)
    this.#fd = undefined
    await this.#kernelLock.release()
    if (this.#dotLock) quietly(() => this.#asKeeper(() => this.#dotLock!.release()))
    if (this.#folder) fs.closeSync(this.#folder.fd)
    this.#dotLock = this.#folder = undefined
  }
  #as<T>(work: () => T): T {
    return rights.as(this.#account, work)
  }
  /** With what the folder wants of whoever makes files in it. */
  #asKeeper<T>(work: () => T): T {
    const spool = this.#spool
    return spool?.root ? work() : rights.as(this.#account, work, spool?.gid)
  }
  #doing<T>(what: string, step: () => T): T {
    return doing(this.#prefix, what, step, this.#request)
  }
}
