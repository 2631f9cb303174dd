/** Opens a mailbox file: only a regular one with one name that is the recipient's own. All with the user's rights. */
import * as fs from 'node:fs'
import path from 'node:path'
import type { UserRequest } from '@postern/core'
import type { Account } from './accounts.ts'
import { codeOf } from './faults.ts'
import { inside, isRootsLink } from './folders.ts'
import type { Folder } from './folders.ts'

const { O_WRONLY, O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = fs.constants
/** what has no reader or is a device must not make us wait */
const APPEND = O_WRONLY | O_APPEND | O_NONBLOCK

type Opened = { readonly fd: number } | { readonly problem: string }

/** Made with mode 0600 when it is missing. Throws the system's errors. */
export function openMailbox(folder: Folder, name: string, account: Account): Opened {
  const at = inside(folder, name)
  const there = fs.lstatSync(at, { throwIfNoEntry: false })
  if (!there) {
    try {
      return { fd: fs.openSync(at, APPEND | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600) }
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return { problem: 'file status changed unexpectedly' }
      throw error
    }
  }
  if (there.isSymbolicLink() && !isRootsLink(there)) return { problem: 'file is a symbolic link' }
  if (!there.isSymbolicLink() && !there.isFile()) return { problem: 'destination is not a regular file' }
  const fd = fs.openSync(at, APPEND | (there.isSymbolicLink() ? 0 : O_NOFOLLOW))
  const problem = problemOf(fs.fstatSync(fd), there, account)
  if (problem === undefined) return { fd }
  fs.closeSync(fd)
  return { problem }
}
/** What is open is looked at, not what the name led to before. */
function problemOf(opened: fs.Stats, before: fs.Stats, account: Account): string | undefined {
  if (!opened.isFile()) return 'destination is not a regular file'
  if (!before.isSymbolicLink() && !isSame(opened, before)) return 'file status changed unexpectedly'
  if (opened.nlink !== 1) return `file has ${opened.nlink} hard links`
  if (opened.uid !== account.uid) return 'destination is not owned by recipient'
  return undefined
}
const isSame = (a: fs.Stats, b: fs.Stats): boolean => a.dev === b.dev && a.ino === b.ino

/** Does the name still lead to the open file, and no other name? */
export function sameStill(folder: Folder, name: string, fd: number): boolean {
  const opened = fs.fstatSync(fd)
  const there = fs.statSync(inside(folder, name), { throwIfNoEntry: false })
  return opened.nlink === 1 && there !== undefined && isSame(opened, there)
}

const SPOOLS = ['/var/mail', '/var/spool/mail']
/**
 * Where the system's mail spool is its group's to write, lock files and new mailboxes need that group: the user's own file
 * there, and nothing else, is reached with it (Postfix's local(8)).
 */
export function spoolGroup(folder: Folder, file: string, account: Account): number | undefined {
  return isSpoolFile(file, account) ? groupThatWrites(fs.fstatSync(folder.fd)) : undefined
}
/** The same for a process that will have that group from its start. Throws the system's errors. */
export function spoolGroupOf(request: UserRequest, account: Account): number | undefined {
  if (request.kind !== 'mbox' || request.file.below !== 'root' || !isSpoolFile(request.file.path, account))
    return undefined
  return groupThatWrites(fs.statSync(path.dirname(request.file.path)))
}
const isSpoolFile = (file: string, account: Account): boolean =>
  path.basename(file) === account.name && SPOOLS.includes(path.dirname(file))
const groupThatWrites = ({ mode, gid }: fs.Stats): number | undefined =>
  (mode & 0o002) === 0 && (mode & 0o020) !== 0 ? gid : undefined
