/** The spool folder, given to the user that workers run as. */
import { chownSync, closeSync, constants, fstatSync, mkdirSync, openSync, readdirSync } from 'node:fs'
import type { Stats } from 'node:fs'
import path from 'node:path'
import type { User } from './user.ts'

/**
 * Makes the folder if it is not there and gives it, with all that is in it, to the user; once: a folder that is the user's
 * already is left alone, since there the user could lead root to other files by hard links. What others have put into a
 * folder that everybody may write to (the drop folder) stays theirs, since the owner is who submits; the user's group may
 * read it. Links and devices stay as they are. Needs root and /proc. Throws for a symbolic link in the spool's
 * place, and for a file in a folder of its own that has a second name elsewhere.
 */
export function prepareSpool(spool: string, user: User): void {
  mkdirSync(spool, { recursive: true, mode: 0o700 })
  opened(spool, spool, (folder) => {
    if (!folder.stats.isDirectory()) throw new Error(`${spool} is not a folder`)
    if (folder.stats.uid !== user.uid) give(folder, folder.stats.uid, user)
  })
}

interface Entry {
  /** leads to this very file, whatever has its name meanwhile */
  readonly path: string
  /** for people */
  readonly name: string
  readonly stats: Stats
}
/** The folder itself last: until then the user cannot reach into it. One that everybody writes to first: what comes then is right. */
function give(folder: Entry, former: number, user: User): void {
  const shared = (folder.stats.mode & 0o002) !== 0
  if (shared) chownSync(folder.path, user.uid, user.gid)
  for (const name of readdirSync(folder.path))
    opened(path.join(folder.path, name), path.join(folder.name, name), (entry) => {
      const { stats } = entry
      if (stats.isDirectory()) {
        if (!shared || stats.uid === former) give(entry, former, user)
      } else if (stats.isFile()) giveFile(entry, shared, user)
      else if (stats.isSocket() && !shared) chownSync(entry.path, user.uid, user.gid)
    })
  if (!shared) chownSync(folder.path, user.uid, user.gid)
}
function giveFile({ path, name, stats }: Entry, shared: boolean, user: User): void {
  if (stats.nlink === 1) chownSync(path, shared ? stats.uid : user.uid, user.gid)
  else if (!shared) throw new Error(`${name} has another name elsewhere: not given to ${user.name}`)
}

/** open(2): the file is not opened, only held */
const O_PATH = 0o10000000
/** Nothing is done where it has gone. A link is not followed. */
function opened(file: string, name: string, fn: (entry: Entry) => void): void {
  let fd: number
  try {
    fd = openSync(file, O_PATH | constants.O_NOFOLLOW)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  try {
    fn({ path: `/proc/self/fd/${fd}`, name, stats: fstatSync(fd) })
  } finally {
    closeSync(fd)
  }
}
