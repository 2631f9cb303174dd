/** Records in the form in which they are written, and who waits for them. Kept until synced: a failed sync replays it. */
import { COMMIT, HEADER, PAD_ROOM, aligned, encodeHeader, sealHeader } from './frame.ts'
import { JSON_ENCODING } from './commit.ts'
import { highHalf, lowHalf } from './ids.ts'
import type { Row } from './row.ts'
import type { Segment } from './segment.ts'

export interface Waiter {
  resolve(): void
  reject(error: Error): void
}
const FIRST_SIZE = 64 * 1024

export class Batch {
  buffer: Buffer
  /** bytes of records; the PAD is not counted */
  length = 0
  /** one per frame, in order */
  readonly rows: Row[] = []
  readonly waiters: (Waiter | undefined)[] = []
  /** messages that this batch brings, and those that its records end */
  readonly commits: Row[] = []
  readonly ended: Row[] = []
  readonly written: (() => void)[] = []
  /** somebody waits for the sync */
  durable = false
  /** in the segment, PAD included */
  end = 0

  constructor(buffer?: Buffer) {
    this.buffer = buffer ?? Buffer.allocUnsafeSlow(FIRST_SIZE)
  }

  /** Room for a frame with `bytes` of envelope and payload; gives its place. */
  begin(bytes: number): number {
    const need = this.length + HEADER + bytes + 8 + PAD_ROOM
    if (need > this.buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(need, this.buffer.length * 2))
      this.buffer.copy(larger, 0, 0, this.length)
      this.buffer = larger
    }
    return this.length
  }
  finish(type: number, row: Row, envelopeLength: number, payloadLength: number, waiter?: Waiter): void {
    const at = this.length
    encodeHeader(this.buffer, at, type, highHalf(row.id), lowHalf(row.id), envelopeLength, payloadLength)
    const end = at + HEADER + envelopeLength + payloadLength
    this.length = aligned(end)
    this.buffer.fill(0, end, this.length)
    this.rows.push(row)
    this.waiters.push(waiter)
    if (type === COMMIT) this.commits.push(row)
  }
  /** A record without payload. */
  json(type: number, row: Row, data: unknown, waiter?: Waiter): void {
    const text = JSON.stringify(data)
    const at = this.begin(1 + text.length * 3) + HEADER
    this.buffer[at] = JSON_ENCODING
    this.finish(type, row, 1 + this.buffer.write(text, at + 1), 0, waiter)
  }
  /** A frame of another batch. */
  adopt(from: Batch, frame: Frame): void {
    const size = frame.end - frame.at
    const at = this.begin(size)
    from.buffer.copy(this.buffer, at, frame.at, frame.end)
    this.length += size
    this.rows.push(frame.row)
    this.waiters.push(frame.waiter)
  }

  *frames(): Generator<Frame> {
    for (let at = 0, i = 0; at < this.length; i++) {
      const lengths = this.buffer.readUInt32LE(at + 8) + this.buffer.readUInt32LE(at + 12)
      const end = at + aligned(HEADER + lengths)
      yield { type: this.buffer[at + 4]!, at, end, row: this.rows[i]!, waiter: this.waiters[i] }
      at = end
    }
  }

  /** Gives all frames their place: epoch and number in the headers, homes in the rows, references in the segment. */
  place(segment: Segment, offset: number): void {
    for (let at = 0, i = 0; at < this.length; i++) {
      const { buffer } = this
      const size = HEADER + buffer.readUInt32LE(at + 8) + buffer.readUInt32LE(at + 12)
      const row = this.rows[i]!
      sealHeader(buffer, at, segment.epoch, segment.number)
      segment.refer(row.home)
      if (buffer[at + 4] === COMMIT) {
        if (row.home) row.home.live--
        segment.live++
        row.home = segment
        row.offset = offset + at
        row.length = size
      }
      at += aligned(size)
    }
  }
}
export interface Frame {
  readonly type: number
  readonly at: number
  readonly end: number
  readonly row: Row
  readonly waiter: Waiter | undefined
}
