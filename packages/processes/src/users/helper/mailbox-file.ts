/** Opens a mailbox file: only a regular one with one name that is the recipient's own. Words as Postfix's safe_open(). */
import * as fs from 'node:fs'
import type { UserRequest } from '@postern/core'
import type { Account } from './accounts.ts'
import { codeOf } from '@postern/mailboxes/strerror'
import { inside, isRootsLink } from './folders.ts'
import type { Folder } from './folders.ts'

export type MboxRequest = UserRequest & { readonly kind: 'mbox' }

const { O_WRONLY, O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = fs.constants
/** what has no reader or is a device must not make us wait */
const APPEND = O_WRONLY | O_APPEND | O_NONBLOCK

/** `passing`: another try may find it otherwise. */
type Opened = { readonly fd: number } | { readonly problem: string; readonly passing?: boolean }

/** Made with mode 0600 when it is missing, and given to `owner`. Throws the system's errors. */
export function openMailbox(folder: Folder, name: string, path: string, account: Account, owner?: Account): Opened {
  const at = inside(folder, name)
  const there = fs.lstatSync(at, { throwIfNoEntry: false })
  if (!there) return make(at, owner)
  if (there.isSymbolicLink() && !mayFollow(folder, there)) return { problem: 'file is a symbolic link' }
  if (there.isCharacterDevice() || there.isBlockDevice()) return { problem: notRegular(path) }
  const fd = fs.openSync(at, APPEND | (there.isSymbolicLink() ? 0 : O_NOFOLLOW))
  const problem = problemOf(fs.fstatSync(fd), there, path, account)
  if (problem === undefined) return { fd }
  fs.closeSync(fd)
  return problem
}
function make(at: string, owner: Account | undefined): Opened {
  let fd: number
  try {
    fd = fs.openSync(at, APPEND | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return { problem: 'file status changed unexpectedly', passing: true }
    throw error
  }
  if (!owner) return { fd }
  try {
    fs.fchownSync(fd, owner.uid, owner.gid)
  } catch (error) {
    fs.closeSync(fd)
    fs.unlinkSync(at)
    throw error
  }
  return { fd }
}
const notRegular = (path: string): string => `destination ${path} is not a regular file`
/** What is open is looked at, not what the name led to before. */
function problemOf(opened: fs.Stats, before: fs.Stats, path: string, account: Account) {
  if (opened.isFile() && opened.nlink !== 1) return { problem: `file has ${opened.nlink} hard links` }
  if (!before.isSymbolicLink() && !isSame(opened, before))
    return { problem: 'file status changed unexpectedly', passing: true }
  if (!opened.isFile()) return { problem: notRegular(path) }
  // strict_mailbox_ownership
  if (opened.uid !== account.uid) return { problem: `destination ${path} is not owned by recipient`, passing: true }
  return undefined
}
/** Root's own link, in a folder where only root could have made it. */
function mayFollow(folder: Folder, link: fs.Stats): boolean {
  const { uid, mode } = fs.fstatSync(folder.fd)
  return isRootsLink(link) && uid === 0 && (mode & 0o022) === 0
}
const isSame = (a: fs.Stats, b: fs.Stats): boolean => a.dev === b.dev && a.ino === b.ino

const LF = 10
/** What stands between the end of the file and a new message: nothing, unless somebody was killed in the middle of a line. */
export function joint(fd: number, size: number): string {
  if (size === 0) return ''
  const last = Buffer.alloc(1)
  let reader: number | undefined
  try {
    // the file is open for writing; who may not read it does not see it
    reader = fs.openSync(`/proc/self/fd/${fd}`, fs.constants.O_RDONLY | O_NONBLOCK)
    fs.readSync(reader, last, 0, 1, size - 1)
  } catch {
    return ''
  } finally {
    if (reader !== undefined) fs.closeSync(reader)
  }
  return last[0] === LF ? '' : '\n\n'
}

/** Does the name still lead to the open file, and no other name? */
export function sameStill(folder: Folder, name: string, fd: number): boolean {
  const opened = fs.fstatSync(fd)
  const there = fs.statSync(inside(folder, name), { throwIfNoEntry: false })
  return opened.nlink === 1 && there !== undefined && isSame(opened, there)
}
