/** A file is replaced as a whole: who opens it sees the old one or the new one. */
import { constants } from 'node:fs'
import { open, rename, stat, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'

/** ms after which a new file that nobody writes to any more was left behind by a process that died */
const LEFT = 60_000

/** Somebody else is writing the same file. */
export class Busy extends Error {}

export interface Owner {
  readonly mode: number | bigint
  readonly uid: number | bigint
  readonly gid: number | bigint
}
/**
 * Fills `temporary`, which must be in the folder of `path`, syncs it, renames it to `path` and syncs the folder. The new
 * file is readable for whom `like` is; `fill`'s handle is closed. Throws `Busy` while another does the same, and the
 * system's errors; nothing of it stays then.
 */
export async function replaceFile<T>(
  path: string,
  temporary: string,
  like: Owner,
  fill: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await create(temporary)
  let done = false
  try {
    await shareAs(file, like)
    const result = await fill(file)
    await file.sync()
    if (!(await isAt(file, temporary))) throw new Busy(`${temporary} was taken over by another process`)
    await rename(temporary, path)
    done = true
    await syncFolder(dirname(path))
    return result
  } finally {
    if (!done && (await isAt(file, temporary))) await unlink(temporary).catch(() => undefined)
    await file.close()
  }
}
async function create(path: string): Promise<FileHandle> {
  for (let again = false; ; again = true) {
    try {
      return await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const there = await stat(path).catch(() => undefined)
      if (again || (there && Date.now() - there.mtimeMs < LEFT))
        throw new Busy(`${path} is there: another process writes it`, { cause: error })
      await unlink(path).catch(() => undefined)
    }
  }
}
/** Nobody may read the new file who could not read the old one. */
async function shareAs(file: FileHandle, like: Owner): Promise<void> {
  const [mode, uid, gid] = [Number(like.mode), Number(like.uid), Number(like.gid)]
  const own = await file.stat()
  let same = own.uid === uid && own.gid === gid
  if (!same) {
    same = await file.chown(process.geteuid?.() === 0 ? uid : own.uid, gid).then(
      () => true,
      () => false,
    )
  }
  // of another group: only what everybody may
  await file.chmod(same || (mode & 0o004) !== 0 ? mode & 0o666 : mode & 0o600)
}
async function isAt(file: FileHandle, path: string): Promise<boolean> {
  const [own, there] = await Promise.all([
    file.stat({ bigint: true }),
    stat(path, { bigint: true }).catch(() => undefined),
  ])
  return there !== undefined && own.ino === there.ino && own.dev === there.dev
}
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
