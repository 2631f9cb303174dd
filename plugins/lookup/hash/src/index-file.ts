/** The index of a text: a cdb file with a trailer, beside the text, or without a name in the system's temporary folder. */
import { constants } from 'node:fs'
import { open, stat, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { CdbFile, compile, replaceFile, shapeOf } from '@postern/cdb'
import type { Compiled, Stamp } from '@postern/cdb'
import type { Snapshot } from './snapshot.ts'
import type { Source } from './source.ts'
import { TRAILER, decode, encode, fits } from './trailer.ts'

const HEADER = 2048
const PIECE = 256 * 1024

export const indexPath = (path: string): string => `${path}.index`

/** Makes the index beside the text. Throws `Busy` when another process does, and the system's errors. */
export async function writeIndex(source: Source, go?: () => void): Promise<Compiled> {
  const target = indexPath(source.path)
  const like = await stat(source.path)
  return replaceFile(target, `${target}.new`, like, (file) => fill(source, file, go))
}
/** An index for this process alone: nobody else sees it, and it goes with the process. */
export async function privateIndex(source: Source, go?: () => void) {
  const path = join(tmpdir(), `postern-index-${randomUUID()}`)
  const file = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
  try {
    await unlink(path)
    const { stamp, problems } = await fill(source, file, go)
    return { snapshot: await snapshotOf(file, stamp), problems }
  } catch (error) {
    await file.close()
    throw error
  }
}
const fill = (source: Source, file: FileHandle, go?: () => void) =>
  compile(source.path, file, {
    format: source.format,
    go,
    trailer: ({ stamp, entries }, crc) => encode({ stamp, format: source.format, entries, crc }),
  })

/** The index beside the text when it is one of this text and whole; `undefined` when there is none. Throws the system's errors. */
export async function openIndex(source: Source, text: { stamp: Stamp; uid: bigint }): Promise<Snapshot | undefined> {
  const file = await openThere(indexPath(source.path))
  if (!file) return undefined
  try {
    const own = await file.stat()
    // who may not write the text must not slip in another one
    const trusted = [0, process.geteuid?.() ?? 0, Number(text.uid)].includes(own.uid)
    if (own.isFile() && trusted && (await isWhole(file, own.size, source, text.stamp)))
      return await snapshotOf(file, text.stamp)
  } catch (error) {
    await file.close()
    throw error
  }
  await file.close()
  return undefined
}
async function openThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  } catch (error) {
    if (['ENOENT', 'ELOOP'].includes((error as NodeJS.ErrnoException).code!)) return undefined
    throw error
  }
}
async function isWhole(file: FileHandle, size: number, source: Source, stamp: Stamp): Promise<boolean> {
  if (size < HEADER + TRAILER) return false
  const end = size - TRAILER
  const { buffer } = await file.read(Buffer.alloc(TRAILER), 0, TRAILER, end)
  const trailer = decode(buffer)
  return trailer !== undefined && fits(trailer, stamp, source.format) && (await crcOf(file, end)) === trailer.crc
}
/** As `CdbWriter.finish` has it: the header comes last. */
async function crcOf(file: FileHandle, end: number): Promise<number> {
  const piece = Buffer.allocUnsafe(PIECE)
  let crc = 0
  for (let at = HEADER; at < end;) {
    const { bytesRead } = await file.read(piece, 0, Math.min(PIECE, end - at), at)
    if (bytesRead === 0) break
    crc = crc32(piece.subarray(0, bytesRead), crc)
    at += bytesRead
    await turn()
  }
  await file.read(piece, 0, HEADER, 0)
  return crc32(piece.subarray(0, HEADER), crc)
}

async function snapshotOf(file: FileHandle, stamp: Stamp): Promise<Snapshot> {
  const cdb = new CdbFile(file, await shapeOf(file), true)
  return {
    stamp,
    entries: cdb.entries,
    indexed: true,
    get: (key) => cdb.find(Buffer.from(key))?.toString(),
    async *list() {
      for await (const [key, value] of cdb.records()) yield [key.toString(), value.toString()] as const
    },
    close: () => cdb.close(),
  }
}
