/** Messages read back from their segments, every checksum checked. */
import fs from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { BodyDamaged } from '@postern/core'
import { HEADER, decodeHeader, envelopeHolds, envelopeOf } from './frame.ts'
import { decodeCommit, decodeCommitFixed } from './commit.ts'
import { formatId } from './ids.ts'
import { keepDamaged, keepDamagedFile } from './damage.ts'
import { readChecked } from './body.ts'
import type { BodySource, Logger } from '@postern/core'
import type { CommitData } from './commit.ts'
import type { Row } from './row.ts'

export interface StoredMessage {
  readonly data: CommitData
  readonly header: Buffer
  readonly body: BodySource
}
export class Reader {
  readonly #part: string
  readonly #log: Logger
  readonly #problems: string[]

  readonly #readOnly: boolean

  constructor(part: string, log: Logger, problems: string[], readOnly = false) {
    this.#readOnly = readOnly
    this.#part = part
    this.#log = log
    this.#problems = problems
  }

  /** Throws BodyDamaged when envelope or header cannot be read as written. */
  async read(row: Row): Promise<StoredMessage> {
    const frame = await readAt(row, row.length)
    const { data, fixed, end } = this.#check(row, frame)
    const header = frame.subarray(end, end + fixed.headerLength)
    if (crc32(header) !== fixed.headerCrc) throw this.#damaged(row, frame, 'the header is damaged')
    if (fixed.apart) return { data, header, body: this.#file(row, fixed.bodyLength, fixed.bodyCrc) }
    const bytes = frame.subarray(end + fixed.headerLength)
    if (crc32(bytes) === fixed.bodyCrc) return { data, header, body: new MemoryBody(bytes) }
    return { data, header, body: new DamagedBody(fixed.bodyLength, this.#damaged(row, frame, 'the body is damaged')) }
  }
  /** Envelope and recipients only. */
  async envelope(row: Row): Promise<CommitData> {
    const frame = await readAt(row, Math.min(row.length, HEADER + 4096))
    const length = HEADER + (decodeHeader(frame, 0)?.envelopeLength ?? 0)
    return this.#check(row, frame.length >= length ? frame : await readAt(row, row.length)).data
  }
  #check(row: Row, frame: Buffer) {
    const header = decodeHeader(frame, 0)
    if (
      !header ||
      header.epoch !== row.home!.epoch ||
      formatId(header.high, header.low) !== row.id ||
      !envelopeHolds(frame, 0, header)
    )
      throw this.#damaged(row, frame, 'the envelope is damaged')
    const envelope = envelopeOf(frame, 0, header)
    return { data: decodeCommit(envelope), fixed: decodeCommitFixed(envelope), end: HEADER + header.envelopeLength }
  }
  #damaged(row: Row, frame: Buffer, what: string): BodyDamaged {
    const { damaged, number } = row.home!
    row.home!.damaged = true
    if (!damaged) this.#problems.push(`message ${row.id}: ${what}`)
    this.#keep(() => keepDamaged(this.#part, number, row.offset, frame))
    this.#log.error('queue.damaged', {
      segment: number,
      offset: row.offset,
      length: frame.length,
      message: row.id,
      what,
    })
    return new BodyDamaged(`${row.id}: ${what}`)
  }
  #keep(keep: () => void): void {
    if (this.#readOnly) return
    try {
      keep()
    } catch (error) {
      this.#log.warn('queue.keepDamaged', { error })
    }
  }
  #file(row: Row, size: number, crc: number): BodySource {
    const file = row.file!
    const damaged = (what: string) => {
      this.#problems.push(`message ${row.id}: body file ${file}: ${what}`)
      this.#keep(() => keepDamagedFile(this.#part, file))
      this.#log.error('queue.damaged', { file, message: row.id, what })
      return new BodyDamaged(`${row.id}: ${what}`)
    }
    return { size, stream: () => readChecked(join(this.#part, 'body', file), size, crc, damaged) }
  }
}

/** The segment may not be recycled under a read. */
async function readAt(row: Row, length: number): Promise<Buffer> {
  const segment = row.home!
  const buffer = Buffer.allocUnsafeSlow(length)
  segment.pins++
  try {
    const read = await new Promise<number>((resolve, reject) =>
      fs.read(segment.fd, buffer, 0, length, row.offset, (error, n) => (error ? reject(error) : resolve(n))),
    )
    return buffer.subarray(0, read)
  } finally {
    segment.pins--
  }
}

class MemoryBody implements BodySource {
  readonly size: number
  readonly bytes: readonly Uint8Array[]
  constructor(bytes: Uint8Array) {
    this.size = bytes.length
    this.bytes = [bytes]
  }
  async *stream(): AsyncIterable<Uint8Array> {
    yield* this.bytes
  }
}
class DamagedBody implements BodySource {
  readonly size: number
  readonly #error: BodyDamaged
  constructor(size: number, error: BodyDamaged) {
    this.size = size
    this.#error = error
  }
  async *stream(): AsyncIterable<Uint8Array> {
    throw this.#error
  }
}
