/** Envelope areas: what stands between a frame's header and its payload. FORMAT.md has the tables. */
import type { AdminAction, Envelope, RecipientSeed } from '@postern/core'

/** version of a home's envelope area; another encoding (TLV) gets another number */
const ENCODING = 1
/** bytes before the JSON of a COMMIT or STATE */
export const HOME_FIXED = 40
/** bytes before the recipients of an EXPAND or FOLD */
export const LIST_FIXED = 16
/** recipients in one chunk: a part of 100,000 is read without parsing the rest */
const CHUNK = 256

export interface Held {
  readonly by: string
  readonly reason: string
  readonly at: number
}
/** A recipient as it stands in COMMIT, STATE, EXPAND or FOLD; `p`: its parent. */
export interface Seed extends RecipientSeed {
  readonly p?: number
}
/** What the recipients were told last: state, code, text, then pairs of first number and count. */
export type Told = readonly [state: 'd' | 'f' | 't', esc: string, text: string, ...ranges: number[]]
export interface StateData {
  /** states of the recipients, a nibble each (rows.ts), in base64 */
  readonly s: string
  readonly o: readonly Told[]
  readonly a: number
  readonly t: number
  readonly h?: Held
  /** bits of `flags.ts` */
  readonly f: number
  readonly c: number
}
export interface HomeData {
  readonly e: Envelope
  /** name in `body/` of a body of its own */
  readonly f?: string
  /** only in a COMMIT */
  readonly h?: Held
  /** the message that this one replaces; the frame's home is that one's */
  readonly x?: string
  /** only in a STATE */
  readonly s?: StateData
}
export interface OutcomeData {
  readonly o: readonly Told[]
  /** next try */
  readonly t?: number
  /** the sender has been told of the delay */
  readonly w?: 1
}
export interface AttemptData {
  /** attempts so far, this one included: replaying the record changes nothing */
  readonly a: number
  /** pairs of first recipient and count */
  readonly r: readonly number[]
}
export interface ExpandData {
  readonly parent: number
  /** number of the first child: tells a replayed record from a second one */
  readonly first: number
  readonly count: number
}
export interface AdminData {
  readonly action: AdminAction
  readonly who: string
  readonly why: string
}
export interface CrashData {
  readonly c: number
}

export interface HomeFixed {
  readonly headerLength: number
  readonly headerCrc: number
  readonly bodyLength: number
  readonly bodyCrc: number
  /** bytes of JSON; the recipients follow */
  readonly json: number
  readonly recipients: number
  /** ms since 1970 */
  readonly created: number
  /** the body stands in a file of its own */
  readonly apart: boolean
  readonly held: boolean
  readonly replaces: boolean
}
const APART = 1
const HELD = 2
const REPLACES = 4

export function encodeHomeFixed(buffer: Buffer, at: number, fixed: HomeFixed): void {
  buffer[at] = ENCODING
  buffer[at + 1] = (fixed.apart ? APART : 0) | (fixed.held ? HELD : 0) | (fixed.replaces ? REPLACES : 0)
  buffer.writeUInt16LE(0, at + 2)
  buffer.writeUInt32LE(fixed.headerLength, at + 4)
  buffer.writeUInt32LE(fixed.headerCrc, at + 8)
  buffer.writeUInt32LE(fixed.bodyCrc, at + 12)
  writeLong(buffer, at + 16, fixed.bodyLength)
  buffer.writeUInt32LE(fixed.json, at + 24)
  buffer.writeUInt32LE(fixed.recipients, at + 28)
  writeLong(buffer, at + 32, fixed.created)
}
export function decodeHomeFixed(envelope: Buffer): HomeFixed {
  if (envelope[0] !== ENCODING) throw new Error(`record encoding ${envelope[0]} is not known to this version`)
  const bits = envelope[1]!
  return {
    apart: (bits & APART) !== 0,
    held: (bits & HELD) !== 0,
    replaces: (bits & REPLACES) !== 0,
    headerLength: envelope.readUInt32LE(4),
    headerCrc: envelope.readUInt32LE(8),
    bodyCrc: envelope.readUInt32LE(12),
    bodyLength: readLong(envelope, 16),
    json: envelope.readUInt32LE(24),
    recipients: envelope.readUInt32LE(28),
    created: readLong(envelope, 32),
  }
}
export function writeLong(buffer: Buffer, at: number, value: number): void {
  buffer.writeUInt32LE(value % 2 ** 32, at)
  buffer.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4)
}
export const readLong = (buffer: Buffer, at: number): number =>
  buffer.readUInt32LE(at) + buffer.readUInt32LE(at + 4) * 2 ** 32

export const decodeHome = (envelope: Buffer): HomeData =>
  JSON.parse(envelope.toString('utf8', HOME_FIXED, HOME_FIXED + envelope.readUInt32LE(24))) as HomeData
/** The JSON of records without recipients' addresses. */
export const decodeRecord = <T>(envelope: Buffer): T => JSON.parse(envelope.toString('utf8')) as T

export function encodeListFixed(buffer: Buffer, at: number, data: ExpandData, json: number): void {
  buffer.writeUInt32LE(data.parent, at)
  buffer.writeUInt32LE(data.first, at + 4)
  buffer.writeUInt32LE(data.count, at + 8)
  buffer.writeUInt32LE(json, at + 12)
}
export const decodeExpand = (envelope: Buffer): ExpandData => ({
  parent: envelope.readUInt32LE(0),
  first: envelope.readUInt32LE(4),
  count: envelope.readUInt32LE(8),
})
export const decodeFold = (envelope: Buffer): StateData =>
  JSON.parse(envelope.toString('utf8', LIST_FIXED, LIST_FIXED + envelope.readUInt32LE(12))) as StateData

/** Texts of the recipients' chunks, each written behind its length. */
export function chunksOf(seeds: readonly Seed[]): string[] {
  if (seeds.length <= CHUNK) return [JSON.stringify(seeds)]
  const chunks: string[] = []
  for (let at = 0; at < seeds.length; at += CHUNK) chunks.push(JSON.stringify(seeds.slice(at, at + CHUNK)))
  return chunks
}
export const chunkRoom = (chunks: readonly string[]): number => chunks.reduce((sum, c) => sum + 4 + c.length * 3, 0)
/** Gives the end in `buffer`. */
export function writeChunks(buffer: Buffer, at: number, chunks: readonly string[]): number {
  for (const chunk of chunks) {
    const length = buffer.write(chunk, at + 4)
    buffer.writeUInt32LE(length, at)
    at += 4 + length
  }
  return at
}
/** Recipients with the wanted indexes (ascending), from the chunks that start at `at`; told to `take`. */
export function readSeeds(
  envelope: Buffer,
  at: number,
  wanted: readonly number[],
  take: (index: number, seed: Seed) => void,
): void {
  let chunk = 0
  for (let i = 0; i < wanted.length;) {
    const length = envelope.readUInt32LE(at)
    const end = (chunk + 1) * CHUNK
    if (wanted[i]! < end) {
      const seeds = JSON.parse(envelope.toString('utf8', at + 4, at + 4 + length)) as Seed[]
      for (; i < wanted.length && wanted[i]! < end; i++) take(wanted[i]!, seeds[wanted[i]! - chunk * CHUNK]!)
    }
    at += 4 + length
    chunk++
  }
}
/** Where the chunks of a COMMIT or STATE begin; of an EXPAND or FOLD. */
export const homeSeedsAt = (envelope: Buffer): number => HOME_FIXED + envelope.readUInt32LE(24)
export const listSeedsAt = (envelope: Buffer): number => LIST_FIXED + envelope.readUInt32LE(12)

/** Numbers as pairs of first and count. */
export function rangesOf(numbers: readonly number[]): number[] {
  const ranges: number[] = []
  for (const n of numbers) {
    const last = ranges.length - 2
    if (last >= 0 && ranges[last]! + ranges[last + 1]! === n) ranges[last + 1]!++
    else ranges.push(n, 1)
  }
  return ranges
}
export function* numbersIn(ranges: readonly number[], from = 0): Generator<number> {
  for (let i = from; i + 1 < ranges.length; i += 2)
    for (let n = ranges[i]!; n < ranges[i]! + ranges[i + 1]!; n++) yield n
}
