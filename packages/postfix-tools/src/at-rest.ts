/** The queue of a daemon that is down. */
import { accessSync, constants, statSync } from 'node:fs'
import { queueOnDisk } from '@postern/cli/queue'
import type { Place, PublicEntry } from '@postern/sendmail/queue'
import { foundAt } from './place.ts'

/** For a listing: `undefined` where the caller may not read it. Throws where the store can be read by a daemon alone. */
export async function atRest(place: Place): Promise<AsyncIterable<PublicEntry> | undefined> {
  if (!isReadable(place.spool)) return undefined
  return queueOnDisk(await foundAt(place))
}
function isReadable(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** What root writes in the queue would keep the daemon from it: root becomes whose it is, for the rest of the program. */
export function becomeOwner(spool: string): void {
  const owner = statSync(spool, { throwIfNoEntry: false })
  if (process.getuid!() !== 0 || !owner || owner.uid === 0) return
  process.setgroups!([owner.gid])
  process.setgid!(owner.gid)
  process.setuid!(owner.uid)
}
