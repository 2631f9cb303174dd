/** A message at the end of a user's mbox, locked as Postfix's local(8) does it; a failed write is cut off again. */
import * as fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { UserOutcome, UserRequest } from '@postern/core'
import type { Account } from './accounts.ts'
import { deferredBy, doing } from './faults.ts'
import { startOf, walk } from './folders.ts'
import type { Folder } from './folders.ts'
import { FromQuote, withFromLine } from './from-lines.ts'
import { DotLock, FcntlLock } from './locks.ts'
import { openMailbox, sameStill, spoolGroup } from './mailbox-file.ts'
import { quietly } from './maildir.ts'
import { rights } from './rights.ts'
import { tooLarge, writeAll } from './target.ts'
import type { Settings, Target } from './target.ts'

type Request = UserRequest & { readonly kind: 'mbox' }

export class MboxTarget implements Target {
  readonly #request: Request
  readonly #account: Account
  readonly #settings: Settings
  readonly #path: string
  readonly #name: string
  readonly #prefix: string
  readonly #quote = new FromQuote()
  readonly #fcntl = new FcntlLock()
  #folder: Folder | undefined
  #gid: number | undefined
  #dotLock: DotLock | undefined
  #fd: number | undefined
  /** where this message begins; `undefined` until the file is locked */
  #end: number | undefined
  /** bytes of this message that were tried */
  #tried = 0

  constructor(request: Request, account: Account, settings: Settings) {
    this.#request = request
    this.#account = account
    this.#settings = settings
    const { from, names } = startOf(request.file, account)
    this.#path = join(from, ...names)
    this.#name = names[names.length - 1]!
    this.#prefix = `cannot update mailbox ${this.#path} for user ${account.name}`
  }
  async begin(): Promise<void> {
    this.#as(() => {
      const { from, names } = startOf(this.#request.file, this.#account)
      this.#folder = this.#doing('open its folder', () => walk(from, names.slice(0, -1), false))
      this.#gid = spoolGroup(this.#folder, this.#path, this.#account)
    })
    // before the locks, as Postfix does: what is no mailbox gets no lock file beside it
    const opened = this.#as(() => this.#doing('open file', () => openMailbox(this.#folder!, this.#name, this.#account)))
    if ('problem' in opened) throw deferredBy('4.2.0', `${this.#prefix}: ${opened.problem}`)
    this.#fd = opened.fd
    for (const lock of this.#request.locks) await (lock === 'dotlock' ? this.#takeDotLock() : this.#takeFcntl())
    this.#as(() => {
      // readers that make a new file and rename it do not wait for the one who has opened the old one
      if (!sameStill(this.#folder!, this.#name, this.#fd!))
        throw deferredBy('4.2.0', `${this.#prefix}: target file status changed unexpectedly`)
      this.#end = fs.fstatSync(this.#fd!).size
      this.#append(Buffer.from(withFromLine(this.#request.above)))
    })
  }
  async #takeDotLock(): Promise<void> {
    const { lockAttempts, lockDelay, staleLock } = this.#settings
    const lock = new DotLock(this.#folder!, this.#name)
    for (let n = 1; ; n++) {
      if (this.#as(() => this.#doing('create lock file', () => lock.take(staleLock)))) break
      if (n >= lockAttempts) throw deferredBy('4.2.0', `${this.#prefix}: unable to create lock file: File exists`)
      await sleep(lockDelay)
    }
    this.#dotLock = lock
  }
  async #takeFcntl(): Promise<void> {
    const problem = await this.#fcntl.take(this.#fd!, this.#account, this.#settings)
    if (problem !== undefined) throw deferredBy('4.2.0', `${this.#prefix}: ${problem}`)
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
    this.#as(() => {
      this.#append(Buffer.concat([this.#quote.push(bytes), this.#quote.end()]))
      this.#doing('error writing message', () => fs.fsyncSync(this.#fd!))
      this.#close()
    })
    return { kind: 'delivered', esc: '2.0.0', text: 'delivered to mailbox' }
  }
  abort(): void {
    quietly(() => this.#cutOff())
    this.#close()
  }
  /** What a program without our locks has appended since is its mail: then all is left as it is. */
  #cutOff(): void {
    if (this.#fd === undefined || this.#end === undefined) return
    const { size } = fs.fstatSync(this.#fd)
    if (size > this.#end && size <= this.#end + this.#tried) fs.ftruncateSync(this.#fd, this.#end)
  }
  #close(): void {
    this.#as(() => {
      if (this.#fd !== undefined) fs.closeSync(this.#fd)
      this.#fd = undefined
      this.#fcntl.release()
      if (this.#dotLock) quietly(() => this.#dotLock!.release())
      if (this.#folder) fs.closeSync(this.#folder.fd)
      this.#dotLock = this.#folder = undefined
    })
  }
  #as<T>(work: () => T): T {
    return rights.as(this.#account, work, this.#gid)
  }
  #doing<T>(what: string, step: () => T): T {
    return doing(this.#prefix, what, step)
  }
}
