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

/** Why mail is delivered as this owner by nobody; `undefined` when it may be. Postfix's rules: root's mail is nobody's to write. */
export function ownerProblem(owner: Owner, minimumUid: number): Deferred | undefined {
  if (owner.uid < minimumUid || owner.uid === 0) return misconfigured(`bad uid ${owner.uid}: below virtualMinimumUid`)
  return owner.gid <= 0 ? misconfigured(`bad gid ${owner.gid}`) : undefined
}
/** Can this process write as that owner, or must it ask the helper for users? */
export function isOurs(owner: Owner | undefined): boolean {
  const [uid, gid] = [process.geteuid?.() ?? -1, process.getegid?.() ?? -1]
  if (owner === undefined || uid === 0) return true
  return uid === owner.uid && (gid === owner.gid || (process.getgroups?.() ?? []).includes(owner.gid))
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
