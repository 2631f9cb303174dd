/** The system's mail spools: folders in which users have mailbox files, and may not always make files themselves. */
import * as fs from 'node:fs'
import path from 'node:path'
import type { Account } from './accounts.ts'
import type { MboxRequest } from './mailbox-file.ts'
import { rights } from './rights.ts'
import type { Settings } from './target.ts'

/** How a lock file and a new mailbox are made in a spool; absent: as the user. */
export interface SpoolRights {
  /** the group that may write there */
  readonly gid?: number
  /** nobody but root may: then the mailbox is given to its owner */
  readonly root?: boolean
  readonly owner?: Account
}
/**
 * As Postfix's local(8): in a folder that everybody may write to, with the user's own rights; in one that is its group's to
 * write, with that group; otherwise as root. It goes for the user's own file in a spool, and for nothing else.
 */
export function spoolRights(request: MboxRequest, account: Account, settings: Settings): SpoolRights | undefined {
  if (!isSpoolFile(request, account, settings)) return undefined
  const there = fs.statSync(path.dirname(request.file.path), { throwIfNoEntry: false })
  if (!there) return undefined
  const gid = groupThatWrites(there)
  if (gid !== undefined) return { gid }
  const rootOnly = (there.mode & 0o022) === 0 && there.uid === 0 && account.uid !== 0
  return rootOnly && rights.root ? { root: true, owner: account } : undefined
}
/** The same for a process that will have that group from its start, and can never be root. Throws the system's errors. */
export function spoolGroupOf(request: MboxRequest, account: Account, settings: Settings): number | undefined {
  if (!isSpoolFile(request, account, settings)) return undefined
  return groupThatWrites(fs.statSync(path.dirname(request.file.path)))
}
export const isSpoolFile = ({ file, owner }: MboxRequest, account: Account, { mailSpools }: Settings): boolean =>
  owner === undefined &&
  file.below === 'root' &&
  path.basename(file.path) === account.name &&
  mailSpools.includes(path.dirname(file.path))
const groupThatWrites = ({ mode, gid }: fs.Stats): number | undefined =>
  (mode & 0o002) === 0 && (mode & 0o020) !== 0 ? gid : undefined
