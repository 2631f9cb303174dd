/** The unprivileged user that workers run as, where the primary was started as root. */
import { execFileSync } from 'node:child_process'
import process from 'node:process'
import type { AsRoot } from './bind.ts'

export interface User {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
}

/** Node has no getpwnam: the system's `getent` is asked. Throws when there is no such user, and for uid 0. */
export function findUser(name: string): User {
  const line = passwdLine(name)
  const [found, , uid, gid, , home] = line.split(':')
  if (!found || !/^\d+$/.test(uid ?? '') || !/^\d+$/.test(gid ?? '')) throw new Error(`there is no user "${name}"`)
  if (Number(uid) === 0) throw new Error(`workers cannot run as "${name}": that is root`)
  return { name: found, uid: Number(uid), gid: Number(gid), home: home || '/' }
}
function passwdLine(name: string): string {
  try {
    return execFileSync('getent', ['passwd', '--', name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch (cause) {
    // getent(1): 2 is "not found"
    if ((cause as { status?: number }).status === 2) throw new Error(`there is no user "${name}"`, { cause })
    throw new Error(`the user "${name}" cannot be looked up with getent`, { cause })
  }
}

/**
 * The command that becomes `command` as the user, with the user's supplementary groups and nobody else's. It replaces
 * itself by `command`: the process id and the channel stay.
 */
export const asUser = (user: User): { readonly command: string; readonly args: readonly string[] } => ({
  command: 'setpriv',
  args: [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--init-groups', '--'],
})

/**
 * From here on this process acts as the user: whatever it does in folders which the user may write cannot be turned
 * against root. The function that comes back takes root's rights for as long as `fn` runs, and no longer.
 */
export function actAs(user: User): AsRoot {
  process.setegid!(user.gid)
  process.seteuid!(user.uid)
  return (fn) => {
    process.seteuid!(0)
    try {
      return fn()
    } finally {
      process.seteuid!(user.uid)
    }
  }
}
/** Runs `fn` as the user, from a process that is root. */
export function actingAs<T>(user: User, fn: () => T): T {
  process.setegid!(user.gid)
  process.seteuid!(user.uid)
  try {
    return fn()
  } finally {
    process.seteuid!(0)
    process.setegid!(0)
  }
}
export const isRoot = (): boolean => process.getuid?.() === 0
