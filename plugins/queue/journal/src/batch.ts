/** Records in the form in which they are written, and who waits for them. Kept until synced: a failed sync replays it. */
import { COMMIT, ENDS, EXPAND, FOLD, HEADER, PAD_ROOM, STATE, aligned, encodeHeader, sealHeader } from './frame.ts'
import { Buffers, NO_BUFFER } from './buffers.ts'
import { LIST_FIXED, chunkRoom, chunksOf, encodeListFixed, writeChunks } from './envelope.ts'
import { notePlace } from './state.ts'
import type { ExpandData, Seed } from './envelope.ts'
import type { Rows } from './rows.ts'
import type { Segment } from './segment.ts'

export interface Waiter {
  resolve(): void
  reject(error: Error): void
}
/** The index and the segments, as far as placing a record concerns them. */
export interface Ledger {
  readonly rows: Rows
  segment(number: number): Segment | undefined
  /** ms since 1970 */
  now(): number
}
export class Batch {
  buffer = NO_BUFFER
  /** bytes of records; the PAD is not counted */
  length = 0
  /** slots, one per frame, in order */
  readonly rows: number[] = []
  readonly waiters: (Waiter | undefined)[] = []
  /** messages that this batch brings, and those that its records end */
  readonly commits: number[] = []
  readonly ended: number[] = []
  /** slots that only stood for a record */
  readonly freed: number[] = []
  /** frames of messages that get a new home, and those that take the place of an old message */
  readonly moves: { readonly at: number; readonly slot: number; offset: number; readonly length: number }[] = []
  readonly replaces: { readonly at: number; readonly old: number; readonly slot: number }[] = []
  /** told when the batch can be read from the file, whatever happens before */
  readonly written: (() => void)[] = []
  /** the same, and when it is synced; given up with the disk */
  readonly readable: Waiter[] = []
  readonly synced: Waiter[] = []
  /** ms (monotonic) when its write began */
  began = 0
  /** somebody waits for the sync */
  durable = false
  /** in the segment, PAD included */
  end = 0
  segment = 0
  readonly #ledger: Ledger
  readonly #buffers: Buffers

  constructor(ledger: Ledger, buffers = new Buffers()) {
    this.#ledger = ledger
    this.#buffers = buffers
  }

  /** Room for a frame with `bytes` of envelope and payload; gives its place. */
  begin(bytes: number): number {
    const need = this.length + HEADER + bytes + 8 + PAD_ROOM
    if (need > this.buffer.length) {
      const larger = this.#buffers.take(need)
      this.buffer.copy(larger, 0, 0, this.length)
      this.release()
      this.buffer = larger
    }
    return this.length
  }
  finish(
    type: number,
    slot: number,
    envelopeLength: number,
    payloadLength: number,
    more: { readonly flags: number; readonly waiter?: Waiter; readonly time?: number },
  ): void {
    const at = this.length
    const { rows } = this.#ledger
    const [high, low] = [rows.high(slot), rows.low(slot)]
    const time = more.time ?? this.#ledger.now()
    encodeHeader(this.buffer, at, type, more.flags, time, high, low, envelopeLength, payloadLength)
    const length = HEADER + envelopeLength + payloadLength
    this.length = aligned(at + length)
    this.buffer.fill(0, at + length, this.length)
    if (type === COMMIT) this.commits.push(slot)
    if (type === STATE) this.moves.push({ at: this.rows.length, slot, offset: 0, length })
    this.rows.push(slot)
    this.waiters.push(more.waiter)
    if (rows.watched === slot) rows.watched = -1
  }
  /** A record without payload. `time`: ms since 1970, where the index has it too; default: now. */
  json(type: number, slot: number, data: unknown, ends: boolean, waiter?: Waiter, time?: number): void {
    const text = JSON.stringify(data)
    const at = this.begin(text.length * 3) + HEADER
    this.finish(type, slot, this.buffer.write(text, at), 0, { flags: ends ? ENDS : 0, waiter, time })
  }
  /** A record with recipients: EXPAND, FOLD. */
  list(type: number, slot: number, data: ExpandData, json: string, seeds: readonly Seed[]): void {
    const chunks = chunksOf(seeds)
    const at = this.begin(LIST_FIXED + json.length * 3 + chunkRoom(chunks)) + HEADER
    const length = this.buffer.write(json, at + LIST_FIXED)
    encodeListFixed(this.buffer, at, data, length)
    const end = writeChunks(this.buffer, at + LIST_FIXED + length, chunks)
    this.finish(type, slot, end - at, 0, { flags: 0 })
  }
  /** A frame of another batch. */
  adopt(from: Batch, frame: Frame): void {
    const size = frame.end - frame.at
    const at = this.begin(size)
    from.buffer.copy(this.buffer, at, frame.at, frame.end)
    this.length += size
    this.rows.push(frame.slot)
    this.waiters.push(frame.waiter)
  }

  *frames(): Generator<Frame> {
    for (let at = 0, i = 0; at < this.length; i++) {
      const lengths = this.buffer.readUInt32LE(at + 8) + this.buffer.readUInt32LE(at + 12)
      const end = at + aligned(HEADER + lengths)
      yield { type: this.buffer[at + 4]!, at, end, slot: this.rows[i]!, waiter: this.waiters[i] }
      at = end
    }
  }

  /** Its bytes are not needed any more. */
  release(): void {
    this.#buffers.give(this.buffer)
    this.buffer = NO_BUFFER
  }
  isWritten(): void {
    for (const tell of this.written.splice(0)) tell()
    for (const waiter of this.readable.splice(0)) waiter.resolve()
  }

  /** Gives all frames their place: epoch, number and links in the headers, homes in the rows, references in the segment. */
  place(segment: Segment, offset: number): void {
    const { buffer } = this
    const { rows } = this.#ledger
    this.segment = segment.number
    let replace = 0
    let move = 0
    for (let at = 0, i = 0; at < this.length; i++) {
      const size = HEADER + buffer.readUInt32LE(at + 8) + buffer.readUInt32LE(at + 12)
      const slot = this.rows[i]!
      const type = buffer[at + 4]!
      const fresh = type === COMMIT
      // a new message stands nowhere yet; one that replaces another speaks of that one's home
      const subject = this.replaces[replace]?.at === i ? this.replaces[replace++]!.old : slot
      const home = rows.latest(subject)
      segment.refer(home)
      const link = {
        prevSegment: fresh ? 0 : rows.lastSegment(slot),
        prevOffset: fresh ? 0 : rows.lastOffset(slot),
        home,
      }
      sealHeader(buffer, at, segment.epoch, segment.number, link)
      rows.setLast(slot, segment.number, offset + at)
      if (fresh) this.#settleAt(segment, slot, offset + at, size)
      else if (type === STATE) {
        this.moves[move++]!.offset = offset + at
        rows.moving.set(slot, segment.number)
      } else if (type === EXPAND || type === FOLD) this.#noteList(type, slot, at, segment.number, offset + at)
      at += aligned(size)
    }
  }
  #settleAt(segment: Segment, slot: number, offset: number, size: number): void {
    const { rows } = this.#ledger
    const home = this.#ledger.segment(rows.segment(slot))
    if (home) home.leave(rows.length(slot))
    segment.enter(size)
    rows.setHome(slot, segment.number, offset, size)
  }
  #noteList(type: number, slot: number, at: number, segment: number, offset: number): void {
    const first = this.buffer.readUInt32LE(at + HEADER + 4)
    const count = this.buffer.readUInt32LE(at + HEADER + 8)
    const { rows } = this.#ledger
    if (type === FOLD) delete rows.extras.get(slot)?.expands
    if (count > 0) notePlace(rows, slot, first, { segment, offset })
  }
  /** The chains as they were before these frames had a place: they are to be written again. */
  unplace(): void {
    if (this.segment === 0) return
    for (const { type, slot, at } of [...this.frames()].reverse()) {
      const { buffer } = this
      if (type === STATE) this.#ledger.rows.moving.delete(slot)
      if (type === COMMIT) this.#ledger.rows.setLast(slot, 0, 0)
      else this.#ledger.rows.setLast(slot, buffer.readUInt32LE(at + 36), buffer.readUInt32LE(at + 40))
    }
    this.segment = 0
  }
}
export interface Frame {
  readonly type: number
  readonly at: number
  readonly end: number
  readonly slot: number
  readonly waiter: Waiter | undefined
}
