import { deferred } from '@postern/core'
import type { Deferred } from '@postern/core'
import type { Stats } from 'node:fs'

/** The user and group that a mailbox belongs to. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

const MISCONFIGURED = 'mail system configuration error'
export const misconfigured = (cause: string): Deferred => deferred('4.3.5', MISCONFIGURED, { cause })

/** Why mail cannot be delivered as this owner; `undefined` when it can. Postfix's rules: root's mail is nobody's to write. */
export function ownerProblem(owner: Owner, minimumUid: number): Deferred | undefined {
  if (owner.uid < minimumUid || owner.uid === 0) return misconfigured(`bad uid ${owner.uid}: below virtualMinimumUid`)
  if (owner.gid <= 0) return misconfigured(`bad gid ${owner.gid}`)
  const [uid, gid] = [process.geteuid?.() ?? -1, process.getegid?.() ?? -1]
  if (uid === 0) return undefined
  if (uid !== owner.uid) {
    return deferred('4.3.5', `cannot deliver as user id ${owner.uid}: this process runs as ${uid}, not as root`)
  }
  const mine = gid === owner.gid || (process.getgroups?.() ?? []).includes(owner.gid)
  return mine ? undefined : deferred('4.3.5', `cannot deliver as group id ${owner.gid}: this process is not a member`)
}

/** Does a new file or folder need another owner than this process gives it? */
export const needsChown = (owner: Owner | undefined): owner is Owner =>
  owner !== undefined && (process.geteuid?.() !== owner.uid || process.getegid?.() !== owner.gid)

export const WRITE = 2
export const SEARCH = 1
/**
 * May the owner do this in that folder? Root asks, because root may do everything: without it, mail would be written
 * where its owner could neither write nor read it, and one user's folder could be made to receive another's mail.
 */
export function permits(folder: Stats, owner: Owner | undefined, bits: number): boolean {
  if (owner === undefined) return true
  const shift = folder.uid === owner.uid ? 6 : folder.gid === owner.gid ? 3 : 0
  return ((folder.mode >> shift) & bits) === bits
}
