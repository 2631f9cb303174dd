/** The drop folder: everybody may put a file into it, only the daemon may list it. */
import { chmod, chown, lstat, mkdir, readdir, rename, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Logger } from '@postern/core'
import type { SiteFacts } from '@postern/sendmail'

/** sticky: nobody removes another's file; set-group-ID: files have the daemon's group, which may read them */
const MODE = 0o3733

export interface DropFolder {
  readonly path: string
  /** files that are no mail are kept here */
  readonly corrupt: string
}

/** Makes what is missing. Rejects when the folder belongs to somebody else: its owner could take the mail away. */
export async function prepare(spool: string, facts: SiteFacts, log: Logger): Promise<DropFolder> {
  const path = join(spool, 'drop')
  const corrupt = join(path, 'corrupt')
  await mkdir(spool, { recursive: true, mode: 0o700 })
  await own(path)
  await own(corrupt)
  await chmod(corrupt, 0o700)
  await shareWithGroup(path)
  await chmod(path, MODE)
  await letIn(spool, log)
  const told = join(spool, 'drop.json')
  await writeFile(`${told}.new`, JSON.stringify(facts, null, 2) + '\n', { mode: 0o644 })
  await chmod(`${told}.new`, 0o644)
  await rename(`${told}.new`, told)
  return { path, corrupt }
}

/** How many files are kept already. */
export const countCorrupt = async (folder: DropFolder): Promise<number> => (await readdir(folder.corrupt)).length

async function own(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  const there = await lstat(path)
  if (!there.isDirectory()) throw new Error(`${path} is there and is not a folder: move it away`)
  const uid = process.geteuid!()
  if (there.uid !== uid)
    throw new Error(`${path} belongs to user id ${there.uid}; it must belong to the daemon's, which is ${uid}`)
}
async function shareWithGroup(path: string): Promise<void> {
  const gid = process.getegid!()
  if ((await stat(path)).gid === gid) return
  // a folder below a set-group-ID one has that one's group
  await chown(path, process.geteuid!(), gid)
}
/** Others must be able to walk through the spool to the folder; they may still not list it. */
async function letIn(spool: string, log: Logger): Promise<void> {
  const { mode, uid } = await stat(spool)
  if ((mode & 0o011) !== 0o011 && uid === process.geteuid!()) await chmod(spool, (mode & 0o7777) | 0o011)
  for (let at = spool; ; at = dirname(at)) {
    if (((await stat(at)).mode & 1) === 0) {
      log.warn('drop.unreachable', { folder: at, why: 'other users may not enter it: they cannot submit mail' })
      return
    }
    if (at === dirname(at)) return
  }
}
