/** One segment: its file, its header page, and what the rule for dropping needs to know. */
import fs from 'node:fs'
import { crc32 } from 'node:zlib'
import { PAGE } from './frame.ts'
import type { Previous } from './frame.ts'

const MAGIC = 'PNJSEG\r\n'
export const MAJOR = 2
export const MINOR = 0

export const segmentName = (number: number): string => String(number).padStart(8, '0')

export class Segment {
  readonly number: number
  epoch: number
  readonly size: number
  readonly path: string
  readonly fd: number
  /** messages whose COMMIT or STATE stands here and whose end is not yet durable; bytes of those */
  live = 0
  liveBytes = 0
  /** segments that records in here speak of: this one may not go before them, unless compaction has written anew what counts */
  readonly needs = new Set<number>()
  /** failed segments before this one, which it tells to be ignored: it may never go before them */
  readonly guards = new Set<number>()
  /** reads under way */
  pins = 0
  /** it is on its way out: no read may begin */
  dropping = false
  /** a write or sync failed: never recycled */
  failed = false
  damaged = false
  /** known to be durable up to here: what cannot be read behind it was never acknowledged */
  mark = Infinity
  /** written to, or to be written to */
  active = true
  /** ms (monotonic) since when nothing more is written here, or the start */
  sealedAt = 0
  #closed = false

  constructor(number: number, epoch: number, size: number, path: string, fd: number) {
    this.number = number
    this.epoch = epoch
    this.size = size
    this.path = path
    this.fd = fd
  }

  /** `home`: number of a segment; 0: none */
  refer(home: number): void {
    if (home !== 0 && home !== this.number) this.needs.add(home)
  }
  /** A message's COMMIT or STATE of so many bytes stands here; it does not any more. */
  enter(bytes: number): void {
    this.live++
    this.liveBytes += bytes
  }
  leave(bytes: number): void {
    this.live--
    this.liveBytes -= bytes
  }
  /** As they stand in the file. */
  bytes(at: number, end: number): Buffer {
    const bytes = Buffer.alloc(Math.max(0, end - at))
    return bytes.subarray(0, fs.readSync(this.fd, bytes, 0, bytes.length, at))
  }
  close(): void {
    if (!this.#closed) fs.closeSync(this.fd)
    this.#closed = true
  }
}

export interface SegmentHeader {
  readonly major: number
  readonly minor: number
  /** 32 hexadecimal digits */
  readonly part: string
  readonly number: number
  readonly epoch: number
  readonly created: number
  readonly previous: Previous
  readonly lastHigh: number
  readonly lastLow: number
  /** attempts in segments before this one are no crashes: the process stopped in order behind them */
  readonly voidBefore: number
}
export function encodeSegmentHeader(h: SegmentHeader): Buffer {
  const page = Buffer.alloc(PAGE)
  page.write(MAGIC, 0, 'latin1')
  page.writeUInt16LE(h.major, 8)
  page.writeUInt16LE(h.minor, 10)
  page.writeUInt32LE(h.epoch, 12)
  page.write(h.part, 16, 'hex')
  page.writeBigUInt64LE(BigInt(h.number), 32)
  page.writeBigUInt64LE(BigInt(h.created), 40)
  page.writeUInt32LE(h.previous.number, 48)
  page.writeUInt32LE(h.previous.mark, 52)
  page.writeUInt32LE(h.previous.sealed ? 1 : 0, 56)
  page.writeUInt32LE(h.lastLow, 64)
  page.writeUInt32LE(h.lastHigh, 68)
  page.writeUInt32LE(h.voidBefore, 72)
  page.writeUInt32LE(crc32(page.subarray(0, PAGE - 4)), PAGE - 4)
  return page
}
/** `undefined` when the checksum does not hold. */
export function decodeSegmentHeader(page: Buffer): SegmentHeader | undefined {
  if (page.length < PAGE || page.toString('latin1', 0, 8) !== MAGIC) return undefined
  if (crc32(page.subarray(0, PAGE - 4)) !== page.readUInt32LE(PAGE - 4)) return undefined
  return {
    major: page.readUInt16LE(8),
    minor: page.readUInt16LE(10),
    epoch: page.readUInt32LE(12),
    part: page.toString('hex', 16, 32),
    number: Number(page.readBigUInt64LE(32)),
    created: Number(page.readBigUInt64LE(40)),
    previous: {
      number: page.readUInt32LE(48),
      mark: page.readUInt32LE(52),
      sealed: (page.readUInt32LE(56) & 1) === 1,
    },
    lastLow: page.readUInt32LE(64),
    lastHigh: page.readUInt32LE(68),
    voidBefore: page.readUInt32LE(72),
  }
}
