/** Frames: layout, encoding, checks. FORMAT.md has the tables; numbers are little-endian. */
import { crc32 } from 'node:zlib'

export const PAGE = 4096
export const HEADER = 56
/** bytes that the header's own checksum covers */
const COVERED = HEADER - 4
const MAGIC = 0x464a4e50 // "PNJF"
export const MAGIC_BYTES = Buffer.from('PNJF', 'latin1')

export const COMMIT = 1
export const ATTEMPT = 2
export const OUTCOME = 3
export const EXPAND = 4
/** a message with all that is known of it: what a COMMIT and its records become when they are moved */
export const STATE = 5
export const ADMIN = 6
export const ABORT = 8
export const PAD = 9
/** all that is known of a message whose COMMIT or STATE stands elsewhere */
export const FOLD = 10
/** the process died while the message was in delivery */
export const CRASH = 11

/** a reader that does not know the type must not open the journal */
export const MUST_UNDERSTAND = 1
export const END_OF_BATCH = 2
/** the message, or the one that it replaces, is gone with this record */
export const ENDS = 4

export interface FrameHeader {
  readonly type: number
  readonly flags: number
  readonly envelopeLength: number
  readonly payloadLength: number
  readonly epoch: number
  readonly segment: number
  readonly high: number
  readonly low: number
  readonly envelopeCrc: number
  /** the message's record before this one; segment 0: none */
  readonly prevSegment: number
  readonly prevOffset: number
  /** segment of the message's COMMIT or STATE when this was written */
  readonly home: number
  /** ms since 1970 */
  readonly at: number
}
export const isHome = (type: number): boolean => type === COMMIT || type === STATE
export const aligned = (n: number): number => (n + 7) & ~7
/** bytes that a frame takes, with its alignment */
export const frameSize = (envelopeLength: number, payloadLength: number): number =>
  aligned(HEADER + envelopeLength + payloadLength)

/** Everything of a header that is known before the frame has its place. `time`: ms since 1970. */
export function encodeHeader(
  buffer: Buffer,
  at: number,
  type: number,
  flags: number,
  time: number,
  high: number,
  low: number,
  envelopeLength: number,
  payloadLength: number,
): void {
  buffer.writeUInt32LE(MAGIC, at)
  buffer[at + 4] = type
  buffer[at + 5] = flags | MUST_UNDERSTAND
  buffer.writeUInt16LE(Math.floor(time / 2 ** 32), at + 6)
  buffer.writeUInt32LE(envelopeLength, at + 8)
  buffer.writeUInt32LE(payloadLength, at + 12)
  buffer.writeUInt32LE(low, at + 24)
  buffer.writeUInt32LE(high, at + 28)
  buffer.writeUInt32LE(crc32(buffer.subarray(at + HEADER, at + HEADER + envelopeLength)), at + 32)
  buffer.writeUInt32LE(time % 2 ** 32, at + 48)
}
/** Where a frame hangs in its message's chain of records. */
export interface Link {
  readonly prevSegment: number
  readonly prevOffset: number
  readonly home: number
}
export const UNLINKED: Link = { prevSegment: 0, prevOffset: 0, home: 0 }
/** Binds a frame to a segment: a frame left over in a recycled segment has another epoch and number. */
export function sealHeader(buffer: Buffer, at: number, epoch: number, segment: number, link: Link): void {
  buffer.writeUInt32LE(epoch, at + 16)
  buffer.writeUInt32LE(segment, at + 20)
  buffer.writeUInt32LE(link.prevSegment, at + 36)
  buffer.writeUInt32LE(link.prevOffset, at + 40)
  buffer.writeUInt32LE(link.home, at + 44)
  buffer.writeUInt32LE(crc32(buffer.subarray(at, at + COVERED)), at + COVERED)
}
/** `undefined` when there is no frame header at `at` whose checksum holds. */
export function decodeHeader(buffer: Buffer, at: number): FrameHeader | undefined {
  if (at + HEADER > buffer.length || buffer.readUInt32LE(at) !== MAGIC) return undefined
  if (crc32(buffer.subarray(at, at + COVERED)) !== buffer.readUInt32LE(at + COVERED)) return undefined
  return {
    type: buffer[at + 4]!,
    flags: buffer[at + 5]!,
    envelopeLength: buffer.readUInt32LE(at + 8),
    payloadLength: buffer.readUInt32LE(at + 12),
    epoch: buffer.readUInt32LE(at + 16),
    segment: buffer.readUInt32LE(at + 20),
    high: buffer.readUInt32LE(at + 28),
    low: buffer.readUInt32LE(at + 24),
    envelopeCrc: buffer.readUInt32LE(at + 32),
    prevSegment: buffer.readUInt32LE(at + 36),
    prevOffset: buffer.readUInt32LE(at + 40),
    home: buffer.readUInt32LE(at + 44),
    at: buffer.readUInt16LE(at + 6) * 2 ** 32 + buffer.readUInt32LE(at + 48),
  }
}
export const envelopeOf = (buffer: Buffer, at: number, header: FrameHeader): Buffer =>
  buffer.subarray(at + HEADER, at + HEADER + header.envelopeLength)
export const envelopeHolds = (buffer: Buffer, at: number, header: FrameHeader): boolean =>
  crc32(envelopeOf(buffer, at, header)) === header.envelopeCrc

/** The segment before this one, and how far it is known to be durable. */
export interface Previous {
  /** 0: there is none */
  readonly number: number
  readonly mark: number
  /** what stands above the mark was written again elsewhere, after a failed sync: ignore it */
  readonly sealed: boolean
}
export interface Pad {
  readonly batch: number
  readonly start: number
  readonly length: number
  /** how far this segment was durable when the batch was written */
  readonly syncedUpTo: number
  readonly previous: Previous
  /** the highest id handed out so far */
  readonly lastHigh: number
  readonly lastLow: number
  /** the process stopped in order behind this */
  readonly clean: boolean
}
const PAD_ENVELOPE = 44
/** most that a PAD can take */
export const PAD_ROOM = 2 * PAGE

/**
 * Ends a batch at the next page: acknowledged bytes never share a page with bytes written later, which a torn sector could
 * take with it. `at` is where in `buffer` the PAD begins, `offset` where that is in the segment. Gives the end in `buffer`.
 */
export function encodePad(buffer: Buffer, at: number, offset: number, pad: Pad): number {
  const least = offset + HEADER + PAD_ENVELOPE
  const payload = Math.ceil(least / PAGE) * PAGE - least
  const e = at + HEADER
  buffer.writeUInt32LE(pad.batch % 2 ** 32, e)
  buffer.writeUInt32LE(Math.floor(pad.batch / 2 ** 32), e + 4)
  buffer.writeUInt32LE(pad.start, e + 8)
  buffer.writeUInt32LE(pad.length, e + 12)
  buffer.writeUInt32LE(pad.syncedUpTo, e + 16)
  buffer.writeUInt32LE(pad.previous.number, e + 20)
  buffer.writeUInt32LE(pad.previous.mark, e + 24)
  buffer.writeUInt32LE(pad.previous.sealed ? 1 : 0, e + 28)
  buffer.writeUInt32LE(pad.lastLow, e + 32)
  buffer.writeUInt32LE(pad.lastHigh, e + 36)
  buffer.writeUInt32LE(pad.clean ? 1 : 0, e + 40)
  buffer.fill(0, e + PAD_ENVELOPE, e + PAD_ENVELOPE + payload)
  encodeHeader(buffer, at, PAD, END_OF_BATCH, 0, 0, 0, PAD_ENVELOPE, payload)
  return e + PAD_ENVELOPE + payload
}
export const decodePad = (e: Buffer): Pad => ({
  batch: e.readUInt32LE(0) + e.readUInt32LE(4) * 2 ** 32,
  start: e.readUInt32LE(8),
  length: e.readUInt32LE(12),
  syncedUpTo: e.readUInt32LE(16),
  previous: { number: e.readUInt32LE(20), mark: e.readUInt32LE(24), sealed: (e.readUInt32LE(28) & 1) === 1 },
  lastLow: e.readUInt32LE(32),
  lastHigh: e.readUInt32LE(36),
  clean: e.readUInt32LE(40) === 1,
})
