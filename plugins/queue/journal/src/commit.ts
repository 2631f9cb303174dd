/** The envelope area of a COMMIT: fixed fields for what is needed to check and cut the payload, then JSON. */
import type { Envelope, RecipientSeed } from '@postern/core'
import type { Held } from './row.ts'

/** version of an envelope area; another encoding (TLV) gets another number */
export const JSON_ENCODING = 1
/** bytes before a COMMIT's JSON */
export const COMMIT_FIXED = 32

export interface CommitData {
  readonly e: Envelope
  readonly r: readonly RecipientSeed[]
  readonly h?: Held
  /** name in `body/` of a body of its own */
  readonly f?: string
}
export interface CommitFixed {
  readonly headerLength: number
  readonly headerCrc: number
  readonly bodyLength: number
  readonly bodyCrc: number
  /** the body stands in a file of its own */
  readonly apart: boolean
}

export function encodeCommitFixed(buffer: Buffer, at: number, fixed: CommitFixed): void {
  buffer[at] = JSON_ENCODING
  buffer[at + 1] = fixed.apart ? 1 : 0
  buffer.writeUInt16LE(0, at + 2)
  buffer.writeUInt32LE(fixed.headerLength, at + 4)
  buffer.writeUInt32LE(fixed.headerCrc, at + 8)
  buffer.writeUInt32LE(fixed.bodyCrc, at + 12)
  buffer.writeUInt32LE(fixed.bodyLength % 2 ** 32, at + 16)
  buffer.writeUInt32LE(Math.floor(fixed.bodyLength / 2 ** 32), at + 20)
  buffer.writeUInt32LE(0, at + 24)
  buffer.writeUInt32LE(0, at + 28)
}
export const decodeCommitFixed = (envelope: Buffer): CommitFixed => ({
  apart: envelope[1] === 1,
  headerLength: envelope.readUInt32LE(4),
  headerCrc: envelope.readUInt32LE(8),
  bodyCrc: envelope.readUInt32LE(12),
  bodyLength: envelope.readUInt32LE(16) + envelope.readUInt32LE(20) * 2 ** 32,
})

function checkEncoding(envelope: Buffer): void {
  if (envelope[0] !== JSON_ENCODING) throw new Error(`record encoding ${envelope[0]} is not known to this version`)
}
export function decodeCommit(envelope: Buffer): CommitData {
  checkEncoding(envelope)
  return JSON.parse(envelope.toString('utf8', COMMIT_FIXED)) as CommitData
}
/** The JSON of all other records. */
export function decodeRecord<T>(envelope: Buffer): T {
  checkEncoding(envelope)
  return JSON.parse(envelope.toString('utf8', 1)) as T
}
