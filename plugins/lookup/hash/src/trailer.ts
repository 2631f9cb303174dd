/** What stands behind an index: which text it is of, and a checksum of all of it. */
import { FORMATS } from '@postern/cdb'
import type { Stamp, TextFormat } from '@postern/cdb'

/** Another number: the index is of another version and is made again (keys folded or parsed in another way). */
const MAGIC = Buffer.from('PNindex1')
export const TRAILER = 64

export interface Trailer {
  readonly stamp: Omit<Stamp, 'dev'>
  readonly format: TextFormat
  readonly entries: number
  readonly crc: number
}

/** magic, inode, size, mtime, ctime (u64, ns), entries, format, crc (u32), 0; little endian */
export function encode({ stamp, format, entries, crc }: Trailer): Buffer {
  const bytes = Buffer.alloc(TRAILER)
  MAGIC.copy(bytes)
  const numbers = [stamp.ino, stamp.size, stamp.mtimeNs, stamp.ctimeNs]
  numbers.forEach((n, i) => bytes.writeBigUInt64LE(BigInt.asUintN(64, n), 8 + i * 8))
  bytes.writeUInt32LE(entries, 40)
  bytes.writeUInt32LE(FORMATS.indexOf(format), 44)
  bytes.writeUInt32LE(crc, 48)
  return bytes
}
/** `undefined`: it is none, or of another version. */
export function decode(bytes: Buffer): Trailer | undefined {
  const format =
    bytes.length === TRAILER && bytes.subarray(0, 8).equals(MAGIC) ? FORMATS[bytes.readUInt32LE(44)] : undefined
  if (format === undefined) return undefined
  const [ino, size, mtimeNs, ctimeNs] = [8, 16, 24, 32].map((at) => bytes.readBigInt64LE(at)) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ]
  return {
    stamp: { ino, size, mtimeNs, ctimeNs },
    format,
    entries: bytes.readUInt32LE(40),
    crc: bytes.readUInt32LE(48),
  }
}
/** The device is left out: its number may be another after a restart of the system. */
export const fits = (trailer: Trailer, stamp: Stamp, format: TextFormat): boolean =>
  trailer.format === format &&
  trailer.stamp.ino === stamp.ino &&
  trailer.stamp.size === stamp.size &&
  trailer.stamp.mtimeNs === stamp.mtimeNs &&
  trailer.stamp.ctimeNs === stamp.ctimeNs
