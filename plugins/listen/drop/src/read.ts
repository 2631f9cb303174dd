/** Reads one file that somebody else has made, and may still be changing. */
import { constants } from 'node:fs'
import { lstat, open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { readDrop } from '@postern/sendmail'
import type { DropFile } from '@postern/sendmail'

export type Found =
  | { readonly kind: 'mail'; readonly file: DropFile; readonly uid: number; readonly inode: bigint }
  /** a regular file that is no mail: somebody may want to look at it */
  | { readonly kind: 'corrupt'; readonly why: string; readonly uid: number }
  /** no regular file of its own: the name is removed, nothing is read */
  | { readonly kind: 'junk'; readonly why: string; readonly uid: number; readonly folder: boolean }
  | { readonly kind: 'gone' }

/** `limit`: bytes the file may have. Rejects when the system fails (EIO, EMFILE). */
export async function readFile(path: string, limit: number): Promise<Found> {
  const seen = await lstat(path, { bigint: true }).catch(gone)
  if (!seen) return { kind: 'gone' }
  const uid = Number(seen.uid)
  const junk = (why: string): Found => ({ kind: 'junk', why, uid, folder: seen.isDirectory() })
  if (!seen.isFile()) return junk('not a regular file')
  if (seen.nlink !== 1n) return junk(`file has ${seen.nlink} links`)
  let handle: FileHandle
  try {
    // whatever has taken the name meanwhile: no link is followed, and opening a FIFO does not wait
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return { kind: 'gone' }
    if (code === 'EACCES' || code === 'EPERM') return { kind: 'corrupt', why: 'it may not be read', uid }
    if (code === 'ELOOP' || code === 'ENXIO') return junk('not a regular file')
    throw error
  }
  try {
    const opened = await handle.stat({ bigint: true })
    if (!opened.isFile() || opened.ino !== seen.ino || opened.dev !== seen.dev) return junk('it was exchanged')
    const bytes = await readUpTo(handle, Number(opened.size), limit)
    if (!bytes) return { kind: 'corrupt', why: `larger than ${limit} bytes`, uid }
    // from here on only these bytes count: what the owner does to the file changes nothing
    const file = readDrop(bytes, crc32)
    if (!file) return { kind: 'corrupt', why: 'not a finished file of the sendmail command', uid }
    return { kind: 'mail', file, uid: Number(opened.uid), inode: opened.ino }
  } finally {
    await handle.close()
  }
}

/** What it holds at the end of reading; `undefined` when that is more than `limit`. */
async function readUpTo(handle: FileHandle, size: number, limit: number): Promise<Buffer | undefined> {
  if (size > limit) return undefined
  const bytes = Buffer.allocUnsafe(size)
  let at = 0
  while (at < size) {
    const { bytesRead } = await handle.read(bytes, at, size - at, at)
    if (bytesRead === 0) break
    at += bytesRead
  }
  return bytes.subarray(0, at)
}
const gone = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== 'ENOENT') throw error
}
