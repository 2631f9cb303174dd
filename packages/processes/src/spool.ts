/** The spool folder, given to the user that workers run as. */
import { lchownSync, lstatSync, mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import type { User } from './user.ts'

/**
 * Makes the folder if it is not there and gives it, with all that is in it, to the user; once: a folder that is the user's
 * already is left alone, since there the user could lead root to other files by hard links. Needs root. Throws for a
 * symbolic link in its place, and for a file in it that has a second name elsewhere.
 */
export function prepareSpool(spool: string, user: User): void {
  mkdirSync(spool, { recursive: true, mode: 0o700 })
  const there = lstatSync(spool)
  if (!there.isDirectory()) throw new Error(`${spool} is not a folder`)
  if (there.uid === user.uid) return
  give(spool, user)
}
/** The folder itself last: until then the user cannot reach into it. */
function give(folder: string, user: User): void {
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name)
    const there = lstatSync(file)
    if (there.isDirectory()) give(file, user)
    else if (there.isFile() && there.nlink > 1)
      throw new Error(`${file} has another name elsewhere: not given to ${user.name}`)
    else lchownSync(file, user.uid, user.gid)
  }
  lchownSync(folder, user.uid, user.gid)
}
