/** One file in a user's maildir: written in tmp, synced, renamed into new, and that synced. Names as deliver-maildir's. */
import * as fs from 'node:fs'
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { UserOutcome, UserRequest } from '@postern/core'
import type { Account } from './accounts.ts'
import { doing } from './faults.ts'
import { inside, startOf, step, sync, walk } from './folders.ts'
import type { Folder } from './folders.ts'
import { rights } from './rights.ts'
import { tooLarge, writeAll } from './target.ts'
import type { Target } from './target.ts'

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants
const PREFIX = 'maildir delivery failed: '
const HOST = hostname().replaceAll('/', '\\057').replaceAll(':', '\\072')
const TAG = `P${process.pid}R${randomBytes(4).toString('hex')}`
let count = 0

export class MaildirTarget implements Target {
  readonly #request: UserRequest & { readonly kind: 'maildir' }
  readonly #account: Account
  #folders: { readonly tmp: Folder; readonly fresh: Folder } | undefined
  #file: { readonly fd: number; readonly name: string; readonly micros: number } | undefined
  #written = 0

  constructor(request: UserRequest & { readonly kind: 'maildir' }, account: Account) {
    this.#request = request
    this.#account = account
  }
  begin(): void {
    rights.as(this.#account, () => {
      const { from, names } = startOf(this.#request.folder, this.#account)
      const path = join(from, ...names)
      const micros = Math.floor((performance.timeOrigin + performance.now()) * 1000)
      const name = `${Math.floor(micros / 1e6)}.${TAG}Q${++count}.${HOST}`
      const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
      const open = () => {
        this.#folders = openMaildir(from, names)
        return fs.openSync(inside(this.#folders.tmp, name), flags, 0o600)
      }
      this.#file = { fd: this.#doing(`create maildir file ${join(path, 'tmp', name)}`, open), name, micros }
      this.write(Buffer.from(this.#request.above))
    })
  }
  write(bytes: Buffer): void {
    this.#written += bytes.length
    const { limit } = this.#request
    if (limit && this.#written > limit) throw tooLarge(PREFIX)
    rights.as(this.#account, () => this.#doing('error writing message', () => writeAll(this.#file!.fd, bytes)))
  }
  finish(bytes: Buffer): UserOutcome {
    rights.as(this.#account, () => {
      if (!this.#file) this.begin()
      this.write(bytes)
      this.#commit()
    })
    return { kind: 'delivered', esc: '2.0.0', text: 'delivered to maildir' }
  }
  #commit(): void {
    const { fd, name, micros } = this.#file!
    const { tmp, fresh } = this.#folders!
    this.#doing('error writing message', () => fs.fsyncSync(fd))
    const s = fs.fstatSync(fd, { bigint: true })
    const final = `${Math.floor(micros / 1e6)}.V${s.dev.toString(16)}I${s.ino.toString(16)}M${micros % 1e6}.${HOST}`
    // not link and unlink: no other file that exists has this device and inode, so there is none to overwrite
    this.#doing(`create maildir file ${join(fresh.path, final)}`, () =>
      fs.renameSync(inside(tmp, name), inside(fresh, final)),
    )
    if (this.#request.syncFolder !== false) this.#syncOrTakeBack(fresh, final)
    this.#close()
  }
  /** It will be delivered again; a reader who was quick has it twice, which is better than not at all. */
  #syncOrTakeBack(fresh: Folder, final: string): void {
    try {
      this.#doing(`sync ${fresh.path}`, () => sync(fresh))
    } catch (error) {
      quietly(() => fs.unlinkSync(inside(fresh, final)))
      throw error
    }
  }
  abort(): void {
    const [file, folders] = [this.#file, this.#folders]
    if (file && folders) rights.as(this.#account, () => quietly(() => fs.unlinkSync(inside(folders.tmp, file.name))))
    this.#close()
  }
  #doing<T>(what: string, step: () => T): T {
    return doing(PREFIX, what, step, this.#request)
  }
  #close(): void {
    for (const open of [this.#file, this.#folders?.tmp, this.#folders?.fresh]) if (open) fs.closeSync(open.fd)
    this.#file = undefined
    this.#folders = undefined
  }
}
function openMaildir(from: string, names: readonly string[]) {
  const home = walk(from, names, true)
  const held: Folder[] = []
  try {
    for (const name of ['tmp', 'new', 'cur']) held.push(step(home, name, true))
    const [tmp, fresh, cur] = held as [Folder, Folder, Folder]
    fs.closeSync(cur.fd)
    return { tmp, fresh }
  } catch (error) {
    for (const { fd } of held) fs.closeSync(fd)
    throw error
  } finally {
    fs.closeSync(home.fd)
  }
}
/** What cannot be cleared away is left; the delivery has failed already. */
export function quietly(work: () => void): void {
  try {
    work()
  } catch {
    // see above
  }
}
