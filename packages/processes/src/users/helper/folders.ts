/**
 * The way to a file, one folder after the other, each reached through the one before: nobody can swap a part of it between
 * look and use. Everything here runs with the user's rights.
 */
import * as fs from 'node:fs'
import { join } from 'node:path'
import type { UserPath } from '@postern/core'
import { namesOf } from '../request.ts'
import type { Account } from './accounts.ts'
import { codeOf } from '@postern/mailboxes/strerror'

export interface Folder {
  readonly fd: number
  readonly path: string
}
const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = fs.constants
/** open(2): a place in the tree, for which no right to read is needed. Node does not name it. */
const O_PATH = 0o10000000
const PLACE = O_PATH | O_DIRECTORY

/** openat(2), as far as Node can say it. */
export const inside = (folder: Folder, name: string): string => `/proc/self/fd/${folder.fd}/${name}`

/** The names of a path, and the folder that they begin in. The home itself may be a link, as the operator likes it. */
export function startOf(
  path: UserPath,
  account: Account,
): { readonly from: string; readonly names: readonly string[] } {
  return { from: path.below === 'root' ? '/' : account.home, names: namesOf(path.path) }
}
/** Opens the last of the folders; `make`: those that are missing are made, with mode 0700. */
export function walk(from: string, names: readonly string[], make: boolean): Folder {
  let at: Folder = { fd: fs.openSync(from, PLACE), path: from }
  for (const name of names) {
    try {
      const next = step(at, name, make)
      fs.closeSync(at.fd)
      at = next
    } catch (error) {
      fs.closeSync(at.fd)
      throw error
    }
  }
  return at
}
export function step(parent: Folder, name: string, make: boolean): Folder {
  const path = join(parent.path, name)
  try {
    return { fd: enter(parent, name), path }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || !make) throw error
  }
  try {
    fs.mkdirSync(inside(parent, name), { mode: 0o700 })
    sync(parent)
  } catch (error) {
    // another delivery was faster
    if (codeOf(error) !== 'EEXIST') throw error
  }
  return { fd: enter(parent, name), path }
}
function enter(parent: Folder, name: string): number {
  const at = inside(parent, name)
  try {
    return fs.openSync(at, PLACE | O_NOFOLLOW)
  } catch (error) {
    // with O_PATH a link is no folder; root's links are the operator's
    if (codeOf(error) !== 'ENOTDIR' && codeOf(error) !== 'ELOOP') throw error
    if (!isRootsLink(fs.lstatSync(at))) throw error
    return fs.openSync(at, PLACE)
  }
}
export const isRootsLink = (there: fs.Stats): boolean => there.isSymbolicLink() && there.uid === 0

/** What was made or renamed in it is there after a power cut. A folder that may not be read cannot be synced. */
export function sync(folder: Folder): void {
  let fd: number
  try {
    fd = fs.openSync(inside(folder, '.'), O_RDONLY | O_DIRECTORY)
  } catch (error) {
    if (codeOf(error) === 'EACCES') return
    throw error
  }
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}
