/** Frames and messages read back from their segments, every checksum checked. */
import fs from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { BodyDamaged } from '@postern/core'
import { HEADER, decodeHeader, envelopeHolds, envelopeOf, isHome } from './frame.ts'
import { decodeHome, decodeHomeFixed } from './envelope.ts'
import { formatId } from './ids.ts'
import { keepDamaged, keepDamagedFile } from './damage.ts'
import { placeBefore } from './torn.ts'
import { readChecked } from './body.ts'
import type { BodySource, Logger } from '@postern/core'
import type { FrameHeader } from './frame.ts'
import type { HomeData, HomeFixed } from './envelope.ts'
import type { Place } from './extra.ts'
import type { Rows } from './rows.ts'
import type { Segment } from './segment.ts'

/** most envelopes fit in */
const GUESS = HEADER + 2048
/** records of a message are small */
const RECORD_GUESS = 512

export interface ReadFrame {
  readonly place: Place
  readonly header: FrameHeader
  readonly envelope: Buffer
}
export interface Outline {
  readonly data: HomeData
  readonly fixed: HomeFixed
  readonly envelope: Buffer
  readonly payload: Buffer
}
export interface StoredMessage extends Outline {
  readonly header: Buffer
  readonly body: BodySource
}
export interface ReaderOptions {
  readonly part: string
  readonly rows: Rows
  /** one that stays for now: not those that are about to go */
  readonly segment: (number: number) => Segment | undefined
  /** resolves when everything that has its place in the log can be read from the file */
  readonly written?: () => Promise<void> | undefined
  readonly log: Logger
  readonly problems: string[]
  /** nothing is kept or changed */
  readonly readOnly?: boolean
}

export class Reader {
  readonly #o: ReaderOptions

  constructor(options: ReaderOptions) {
    this.#o = options
  }

  /** The whole message; throws BodyDamaged when envelope or header cannot be read as written. */
  async read(slot: number): Promise<StoredMessage> {
    const { id, place, bytes, ...outline } = await this.#whole(slot)
    const { data, fixed, payload } = outline
    const header = payload.subarray(0, fixed.headerLength)
    if (crc32(header) !== fixed.headerCrc) throw this.#damaged(id, place, bytes, 'the header is damaged')
    if (fixed.apart) return { ...outline, header, body: this.#file(id, data.f!, fixed.bodyLength, fixed.bodyCrc) }
    const body = payload.subarray(fixed.headerLength)
    if (crc32(body) === fixed.bodyCrc) return { ...outline, header, body: new MemoryBody(body) }
    const error = this.#damaged(id, place, bytes, 'the body is damaged')
    return { ...outline, header, body: new DamagedBody(fixed.bodyLength, error) }
  }
  /** The message with its payload, which holds: to be written again. Throws BodyDamaged. */
  async copy(slot: number): Promise<Outline> {
    const { id, place, bytes, ...outline } = await this.#whole(slot)
    const { fixed, payload } = outline
    const holds =
      crc32(payload.subarray(0, fixed.headerLength)) === fixed.headerCrc &&
      (fixed.apart || crc32(payload.subarray(fixed.headerLength)) === fixed.bodyCrc)
    if (!holds) throw this.#damaged(id, place, bytes, 'the message is damaged')
    return outline
  }
  async #whole(slot: number) {
    const { rows } = this.#o
    const id = rows.id(slot)
    const place = { segment: rows.segment(slot), offset: rows.offset(slot) }
    const length = rows.length(slot)
    const {
      bytes,
      header: frame,
      envelope,
    } = await this.#pinned(this.#stay(place), async (segment) => {
      const all = await readAt(segment, place.offset, length)
      return { bytes: all, ...this.#home(id, place, all, segment) }
    })
    const start = HEADER + frame.envelopeLength
    const payload = bytes.subarray(start, start + frame.payloadLength)
    return { id, place, bytes, envelope, payload, fixed: decodeHomeFixed(envelope), data: decodeHome(envelope) }
  }
  /** The message without its payload. */
  async outline(slot: number): Promise<Outline> {
    const { envelope } = await this.envelope(slot)
    return { envelope, fixed: decodeHomeFixed(envelope), data: decodeHome(envelope), payload: Buffer.alloc(0) }
  }
  /** The COMMIT's or STATE's envelope only. */
  async envelope(slot: number): Promise<ReadFrame> {
    const { rows } = this.#o
    const id = rows.id(slot)
    const place = { segment: rows.segment(slot), offset: rows.offset(slot) }
    const length = rows.length(slot)
    return this.#pinned(this.#stay(place), async (segment) => {
      let bytes = await readAt(segment, place.offset, Math.min(length, GUESS))
      const needed = HEADER + (decodeHeader(bytes, 0)?.envelopeLength ?? 0)
      if (needed > bytes.length && needed <= length) bytes = await readAt(segment, place.offset, needed)
      return this.#home(id, place, bytes, segment)
    })
  }
  /** As the COMMIT has it. */
  async bodyCrc(slot: number): Promise<number> {
    return decodeHomeFixed((await this.envelope(slot)).envelope).bodyCrc
  }
  #home(id: string, place: Place, bytes: Buffer, segment: Segment): ReadFrame {
    const found = this.#check(id, place, bytes, segment)
    if (!found || !isHome(found.header.type)) throw this.#damaged(id, place, bytes, 'the envelope is damaged')
    return found
  }
  /** A record of message `id`; `undefined` when it is gone or was never whole, throws BodyDamaged when it cannot be read. */
  async record(id: string, place: Place): Promise<ReadFrame | undefined> {
    // a record has its place before it is in the file
    if (this.#o.segment(place.segment)?.active) await this.#o.written?.()
    const segment = this.#o.segment(place.segment)
    if (!segment) return undefined
    return this.#pinned(segment, async () => {
      let bytes = await readAt(segment, place.offset, RECORD_GUESS)
      const header = decodeHeader(bytes, 0)
      if (header && HEADER + header.envelopeLength > bytes.length)
        bytes = await readAt(segment, place.offset, HEADER + header.envelopeLength)
      const found = this.#check(id, place, bytes, segment)
      if (!found && place.offset < segment.mark)
        throw this.#damaged(id, place, bytes.subarray(0, HEADER), 'a record is damaged')
      return found
    })
  }
  #check(id: string, place: Place, bytes: Buffer, { epoch }: Segment): ReadFrame | undefined {
    const header = decodeHeader(bytes, 0)
    const holds =
      header?.segment === place.segment &&
      header.epoch === epoch &&
      formatId(header.high, header.low) === id &&
      envelopeHolds(bytes, 0, header)
    return holds ? { place, header, envelope: envelopeOf(bytes, 0, header) } : undefined
  }
  /**
   * The message's records, the latest first, back to its COMMIT or STATE; what is gone ends the walk. Around a record that a
   * power failure took out of a tail, which one behind it names, the walk goes on.
   */
  async *chain(slot: number): AsyncGenerator<ReadFrame> {
    const { rows } = this.#o
    const id = rows.id(slot)
    let place: Place = { segment: rows.lastSegment(slot), offset: rows.lastOffset(slot) }
    while (place.segment !== 0) {
      let frame = await this.record(id, place)
      const around = frame ? undefined : await placeBefore(slot, place, this.#o)
      if (around) frame = await this.record(id, around)
      if (!frame) return
      yield frame
      const { prevSegment, prevOffset } = frame.header
      place = { segment: prevSegment, offset: prevOffset }
    }
  }

  #stay({ segment }: Place): Segment {
    const found = this.#o.segment(segment)
    if (!found) throw new BodyDamaged(`segment ${segment} is gone`)
    return found
  }
  /** A segment may not be dropped and recycled under a read, nor between two reads of a frame. */
  async #pinned<T>(segment: Segment, read: (segment: Segment) => Promise<T>): Promise<T> {
    segment.pins++
    try {
      return await read(segment)
    } finally {
      segment.pins--
    }
  }
  #damaged(id: string, { segment, offset }: Place, bytes: Buffer, what: string): BodyDamaged {
    const { part, log, problems } = this.#o
    const home = this.#o.segment(segment)
    if (home) home.damaged = true
    const problem = `message ${id}: ${what}`
    if (!problems.includes(problem)) problems.push(problem)
    this.#keep(() => keepDamaged(part, segment, offset, bytes))
    log.error('queue.damaged', { segment, offset, length: bytes.length, message: id, what })
    return new BodyDamaged(`${id}: ${what}`)
  }
  #keep(keep: () => void): void {
    if (this.#o.readOnly) return
    try {
      keep()
    } catch (error) {
      this.#o.log.warn('queue.keepDamaged', { error })
    }
  }
  #file(id: string, file: string, size: number, crc: number): BodySource {
    const { part, log, problems } = this.#o
    const damaged = (what: string) => {
      problems.push(`message ${id}: body file ${file}: ${what}`)
      this.#keep(() => keepDamagedFile(part, file))
      log.error('queue.damaged', { file, message: id, what })
      return new BodyDamaged(`${id}: ${what}`)
    }
    return { size, stream: () => readChecked(join(part, 'body', file), size, crc, damaged) }
  }
}

async function readAt({ fd }: Segment, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(length)
  const read = await new Promise<number>((resolve, reject) =>
    fs.read(fd, buffer, 0, length, offset, (error, n) => (error ? reject(error) : resolve(n))),
  )
  return buffer.subarray(0, read)
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
