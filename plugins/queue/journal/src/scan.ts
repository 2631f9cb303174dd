/** Reading one segment: frames in order, and the gaps between them. */
import { crc32 } from 'node:zlib'
import { decodeCommitFixed } from './commit.ts'
import {
  COMMIT,
  HEADER,
  MAGIC_BYTES,
  MUST_UNDERSTAND,
  PAD,
  PAGE,
  REPORT,
  STATE,
  decodeHeader,
  decodePad,
  envelopeHolds,
  envelopeOf,
  frameSize,
} from './frame.ts'
import { formatId } from './ids.ts'
import type { FrameHeader, Pad } from './frame.ts'

export interface FoundFrame {
  readonly at: number
  readonly end: number
  readonly header: FrameHeader
}
/** Bytes that are no frames of this segment. */
export interface Gap {
  readonly at: number
  readonly end: number
  /** the message they spoke of, when the frame's header could be read */
  readonly id?: string
}
export interface Scan {
  readonly frames: readonly FoundFrame[]
  readonly gaps: readonly Gap[]
  /** what the segment says itself: durable up to here */
  readonly mark: number
  /** end of the last frame */
  readonly end: number
  readonly pad?: Pad
}

function known(header: FrameHeader): boolean {
  const { type, flags } = header
  if (type >= COMMIT && type <= PAD && type !== STATE && type !== REPORT) return true
  if (flags & MUST_UNDERSTAND)
    throw new Error(`the journal holds records of type ${type}, which this version does not know`)
  return false
}
/** The next 8-aligned place that begins with the magic. */
function nextMagic(buffer: Buffer, from: number): number {
  for (let at = buffer.indexOf(MAGIC_BYTES, from); at !== -1; at = buffer.indexOf(MAGIC_BYTES, at + 1))
    if (at % 8 === 0) return at
  return buffer.length
}
/** `epoch` undefined: any (the segment's header is lost); the first frame that names this segment tells it. */
export function scanSegment(buffer: Buffer, number: number, epoch: number | undefined): Scan {
  const frames: FoundFrame[] = []
  const gaps: Gap[] = []
  let mark = 0
  let pad: Pad | undefined
  let from = PAGE
  for (let at = PAGE; at < buffer.length;) {
    const header = decodeHeader(buffer, at)
    const size = header ? frameSize(header.envelopeLength, header.payloadLength) : 0
    const mine =
      header?.segment === number && (epoch === undefined || header.epoch === epoch) && at + size <= buffer.length
    if (!mine) {
      at = nextMagic(buffer, at + 8)
      continue
    }
    epoch ??= header.epoch
    if (from < at) gaps.push({ at: from, end: at })
    const end = at + size
    if (!envelopeHolds(buffer, at, header)) gaps.push({ at, end, id: formatId(header.high, header.low) })
    else if (known(header)) {
      frames.push({ at, end, header })
      if (header.type === PAD) {
        pad = decodePad(envelopeOf(buffer, at, header))
        mark = Math.max(mark, pad.syncedUpTo)
      }
    }
    from = at = end
  }
  return { frames, gaps, mark, end: from, pad }
}

/** Do header and body in a COMMIT's payload hold their checksums? A body of its own is checked when it is read. */
export function payloadHolds(buffer: Buffer, frame: FoundFrame): boolean {
  const fixed = decodeCommitFixed(envelopeOf(buffer, frame.at, frame.header))
  const start = frame.at + HEADER + frame.header.envelopeLength
  const cut = start + fixed.headerLength
  if (crc32(buffer.subarray(start, cut)) !== fixed.headerCrc) return false
  return fixed.apart || crc32(buffer.subarray(cut, start + frame.header.payloadLength)) === fixed.bodyCrc
}
