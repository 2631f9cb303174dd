/** A checkpoint file: a header page, then sections, each with its checksum. FORMAT.md has the tables. */
import { crc32 } from 'node:zlib'
import { PAGE } from './frame.ts'
import { MAJOR, MINOR } from './segment.ts'
import { readLong, writeLong } from './envelope.ts'
import type { Extra, Place } from './extra.ts'
import type { Held } from './envelope.ts'
import type { Position } from './log-end.ts'

const MAGIC = 'PNJCKP\r\n'
export const SECTION_HEADER = 24
export const ROWS = 1
export const EXTRAS = 2
export const SEGMENTS = 3
/** the last one: `a` is the number of sections before it */
export const END = 4

export interface CheckpointHeader {
  /** 32 hexadecimal digits */
  readonly part: string
  readonly position: Position
  /** rows, free ones included */
  readonly top: number
  /** ms since 1970 */
  readonly created: number
}
export function encodeCheckpointHeader(h: CheckpointHeader): Buffer {
  const page = Buffer.alloc(PAGE)
  page.write(MAGIC, 0, 'latin1')
  page.writeUInt16LE(MAJOR, 8)
  page.writeUInt16LE(MINOR, 10)
  page.writeUInt32LE(h.position.epoch, 12)
  page.write(h.part, 16, 'hex')
  writeLong(page, 32, h.position.segment)
  writeLong(page, 40, h.position.offset)
  writeLong(page, 48, h.position.batch)
  writeLong(page, 56, h.created)
  page.writeUInt32LE(h.top, 64)
  page.writeUInt32LE(crc32(page.subarray(0, PAGE - 4)), PAGE - 4)
  return page
}
/** `undefined` when it is not one that this version wrote for this part. */
export function decodeCheckpointHeader(page: Buffer, part: string): CheckpointHeader | undefined {
  if (page.length < PAGE || page.toString('latin1', 0, 8) !== MAGIC) return undefined
  if (crc32(page.subarray(0, PAGE - 4)) !== page.readUInt32LE(PAGE - 4)) return undefined
  if (page.readUInt16LE(8) !== MAJOR || page.readUInt16LE(10) !== MINOR || page.toString('hex', 16, 32) !== part)
    return undefined
  return {
    part,
    position: {
      epoch: page.readUInt32LE(12),
      segment: readLong(page, 32),
      offset: readLong(page, 40),
      batch: readLong(page, 48),
    },
    created: readLong(page, 56),
    top: page.readUInt32LE(64),
  }
}
export interface Section {
  readonly type: number
  readonly a: number
  readonly b: number
  readonly payload: Buffer
}
export function encodeSection(type: number, a: number, b: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(SECTION_HEADER)
  header.writeUInt32LE(type, 0)
  header.writeUInt32LE(a, 4)
  header.writeUInt32LE(b, 8)
  header.writeUInt32LE(payload.length, 12)
  header.writeUInt32LE(crc32(payload), 16)
  header.writeUInt32LE(crc32(header.subarray(0, 20)), 20)
  return header
}
/** Length of the payload; `undefined` when the header does not hold. */
export const sectionLength = (header: Buffer): number | undefined =>
  header.length === SECTION_HEADER && crc32(header.subarray(0, 20)) === header.readUInt32LE(20)
    ? header.readUInt32LE(12)
    : undefined
export const decodeSection = (header: Buffer, payload: Buffer): Section | undefined =>
  crc32(payload) === header.readUInt32LE(16)
    ? { type: header.readUInt32LE(0), a: header.readUInt32LE(4), b: header.readUInt32LE(8), payload }
    : undefined

interface PackedExtra {
  readonly c?: number
  readonly z?: number
  readonly f?: string
  readonly h?: Held
  readonly s?: readonly [nibbles: string, count: number, pending: number]
  readonly x?: readonly (readonly [first: number, segment: number, offset: number])[]
}
export function packExtra({ created: c, size: z, file: f, held: h, states, expands }: Extra): PackedExtra {
  const s = states && ([Buffer.from(states.nibbles).toString('base64'), states.count, states.pending] as const)
  const x = expands && [...expands].map(([first, at]) => [first, at.segment, at.offset] as const)
  return { c, z, f, h, s, x }
}
export function unpackExtra({ c, z, f, h, s, x }: PackedExtra): Extra {
  const extra: Extra = {}
  if (c !== undefined) extra.created = c
  if (z !== undefined) extra.size = z
  if (f !== undefined) extra.file = f
  if (h) extra.held = h
  if (s) extra.states = { nibbles: new Uint8Array(Buffer.from(s[0], 'base64')), count: s[1], pending: s[2] }
  if (x) extra.expands = new Map(x.map(([first, segment, offset]): [number, Place] => [first, { segment, offset }]))
  return extra
}
export interface PackedSegment {
  readonly n: number
  readonly needs: readonly number[]
  readonly guards: readonly number[]
  readonly damaged: boolean
  readonly failed: boolean
}
