/** The few file operations delivery needs, on bare descriptors: a FileHandle costs more than the call it wraps. */
import * as fs from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

export const open = promisify(fs.open) as (path: string, flags: number, mode?: number) => Promise<number>
export const fsync = promisify(fs.fsync)
export const rename = promisify(fs.rename)
export const unlink = promisify(fs.unlink)
export const mkdir = promisify(fs.mkdir)
export const stat = promisify(fs.stat) as (path: string) => Promise<fs.Stats>
export const fstat = promisify(fs.fstat) as (fd: number) => Promise<fs.Stats>
export const fchown = promisify(fs.fchown)
const writev = promisify(fs.writev)
/** At once: closing what is synced waits for nothing, and a trip through the thread pool costs more than the call. */
export const close = (fd: number): void => fs.closeSync(fd)

/** Writes all of it; a short write is a disk running full, and the next one says so. */
export async function writeAll(fd: number, parts: readonly Uint8Array[]): Promise<void> {
  let left = parts.filter((p) => p.length > 0)
  while (left.length > 0) {
    const { bytesWritten } = (await writev(fd, left)) as unknown as { bytesWritten: number }
    left = after(left, bytesWritten)
  }
}
function after(parts: Uint8Array[], written: number): Uint8Array[] {
  let skip = written
  for (let i = 0; i < parts.length; i++) {
    if (skip < parts[i]!.length) return [parts[i]!.subarray(skip), ...parts.slice(i + 1)]
    skip -= parts[i]!.length
  }
  return []
}

/** An open folder: what lies in it is reached through the descriptor, so that nobody can swap the way to it. */
export interface Folder {
  readonly fd: number
  readonly path: string
}
let byDescriptor: boolean | undefined
/** The path of `name` in an open folder: what openat(2) is, as far as Node can say it. Without /proc, the plain path. */
export function inside(folder: Folder, name: string): string {
  byDescriptor ??= process.platform === 'linux' && fs.existsSync('/proc/self/fd')
  return byDescriptor ? `/proc/self/fd/${folder.fd}/${name}` : join(folder.path, name)
}
export const FOLDER = fs.constants.O_RDONLY | fs.constants.O_DIRECTORY
export const NO_LINK = fs.constants.O_NOFOLLOW
export const NEW_FILE = fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_NOFOLLOW
