/** Who runs the command, and who may submit mail (Postfix's authorized_submit_users). */
import { userInfo } from 'node:os'
import { EX, Fatal } from './fatal.ts'

export interface User {
  readonly login: string
  readonly uid: number
}
/** Throws Fatal (71) for a user id that has no name. */
export function currentUser(): User {
  const uid = process.getuid!()
  try {
    return { login: userInfo().username, uid }
  } catch {
    throw new Fatal(`no login name found for user ID ${uid}`, EX.OSERR)
  }
}

/** Login names, user ids, `static:anyone` (whatever the word), each with `!` before it for "not"; the first that fits counts, else no. */
export function isAuthorized(list: readonly string[], login: string, uid: number): boolean {
  for (const entry of list) {
    const not = entry.startsWith('!')
    const name = not ? entry.slice(1) : entry
    if (name.startsWith('static:') || name === login || name === String(uid)) return !not
  }
  return false
}
