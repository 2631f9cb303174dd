/** The index from disk alone: all segments in order, each record applied to its row. */
import fs from 'node:fs'
import { join } from 'node:path'
import { PosternError } from '@postern/core'
import { COMMIT, ABORT, ADMIN, ATTEMPT, EXPAND, HEADER, OUTCOME, PAD, PAGE, envelopeOf } from './frame.ts'
import { decodeCommit, decodeCommitFixed, decodeRecord } from './commit.ts'
import { applyAdmin, applyAttempt, applyExpand, applyOutcome, isDone, newRow } from './row.ts'
import { formatId } from './ids.ts'
import { keepDamaged } from './damage.ts'
import { payloadHolds, scanSegment } from './scan.ts'
import { MAJOR, Segment, decodeSegmentHeader, segmentName } from './segment.ts'
import type { AdminData, AttemptData, ExpandData, OutcomeData, Row } from './row.ts'
import type { FoundFrame, Scan } from './scan.ts'
import type { Logger } from '@postern/core'
import type { Previous } from './frame.ts'
import type { SegmentHeader } from './segment.ts'

export interface RecoverOptions {
  readonly folder: string
  /** 32 hexadecimal digits */
  readonly uuid: string
  /** look only: nothing is copied, synced or removed */
  readonly readOnly: boolean
  readonly log: Logger
  /** an id seen */
  seen(hi: number, lo: number): void
}
export interface Recovered {
  /** messages that still have something to do */
  readonly rows: Map<string, Row>
  readonly segments: readonly Segment[]
  readonly highest: number
  readonly previous: Previous
  readonly batch: number
  readonly problems: string[]
}
interface Opened {
  readonly segment: Segment
  readonly header: SegmentHeader | undefined
}

export async function recover(options: RecoverOptions): Promise<Recovered> {
  const recovery = new Recovery(options)
  try {
    return await recovery.run()
  } catch (error) {
    recovery.close()
    throw error
  }
}

class Recovery {
  readonly #o: RecoverOptions
  readonly #rows = new Map<string, Row>()
  readonly #opened: Opened[] = []
  /** what later segments say of a segment */
  readonly #successors = new Map<number, Previous>()
  /** segments with records of messages that nobody knows: their home is gone, or damaged */
  readonly #strangers = new Set<Segment>()
  readonly #problems: string[] = []
  #buffer = Buffer.alloc(0)
  #previous: Previous = { number: 0, mark: 0, sealed: false }
  #batch = 0

  constructor(options: RecoverOptions) {
    this.#o = options
  }
  close(): void {
    for (const { segment } of this.#opened) segment.close()
  }

  async run(): Promise<Recovered> {
    const seg = join(this.#o.folder, 'seg')
    const names = fs.readdirSync(seg).filter((name) => /^\d{8,}$/.test(name))
    const numbers = names.map(Number).sort((a, b) => a - b)
    for (const number of numbers) this.#open(number, join(seg, segmentName(number)))
    for (const opened of this.#opened) await this.#hearPrevious(opened)
    const segments: Segment[] = []
    for (const opened of this.#opened) if (await this.#segment(opened)) segments.push(opened.segment)
    this.#countLive(segments)
    const highest = numbers.at(-1) ?? 0
    return {
      rows: this.#rows,
      segments,
      highest,
      previous: this.#previous,
      batch: this.#batch,
      problems: this.#problems,
    }
  }

  #open(number: number, path: string): void {
    const fd = fs.openSync(path, this.#o.readOnly ? 'r' : 'r+')
    const page = Buffer.alloc(PAGE)
    const read = fs.readSync(fd, page, 0, PAGE, 0)
    // a recycled segment that was never synced still has the header of its former life
    const decoded = decodeSegmentHeader(page.subarray(0, read))
    const header = decoded?.number === number ? decoded : undefined
    const segment = new Segment(number, header?.epoch ?? 0, fs.fstatSync(fd).size, path, fd)
    segment.active = false
    this.#opened.push({ segment, header })
    if (!header) return
    if (header.major !== MAJOR)
      throw new PosternError(
        'PN_STORE',
        `${path} has format ${header.major}.${header.minor}; this version reads ${MAJOR}`,
      )
    if (header.part !== this.#o.uuid)
      throw new PosternError('PN_STORE', `${path} belongs to another part (${header.part})`)
  }
  async #hearPrevious({ segment, header }: Opened): Promise<void> {
    const pad = header ?? scanSegment(await this.#read(segment), segment.number, undefined).pad
    if (!pad?.previous.number) return
    // it says that the tail of the other is to be ignored: it may not go first
    if (pad.previous.sealed) segment.needs.add(pad.previous.number)
    const known = this.#successors.get(pad.previous.number)
    this.#successors.set(pad.previous.number, {
      number: pad.previous.number,
      mark: Math.max(known?.mark ?? 0, pad.previous.mark),
      sealed: pad.previous.sealed || (known?.sealed ?? false),
    })
  }
  async #read(segment: Segment): Promise<Buffer> {
    if (this.#buffer.length !== segment.size) this.#buffer = Buffer.allocUnsafeSlow(segment.size)
    const buffer = this.#buffer
    for (let at = 0; at < segment.size;) {
      const length = Math.min(segment.size - at, 8 * 1024 * 1024)
      const read = await new Promise<number>((resolve, reject) =>
        fs.read(segment.fd, buffer, at, length, at, (error, n) => (error ? reject(error) : resolve(n))),
      )
      if (read === 0) return buffer.subarray(0, at)
      at += read
    }
    return buffer
  }

  /** `false`: nothing was ever written to it. */
  async #segment({ segment, header }: Opened): Promise<boolean> {
    const buffer = await this.#read(segment)
    const scan = scanSegment(buffer, segment.number, header?.epoch)
    const after = this.#successors.get(segment.number)
    const mark = Math.max(scan.mark, after?.mark ?? 0)
    if (scan.frames.length === 0 && scan.gaps.length === 0 && mark <= PAGE) return this.#unused(segment)
    if (header) this.#o.seen(header.lastHigh, header.lastLow)
    else if (mark > 0) this.#damaged(segment, buffer, 0, PAGE)
    // the header page is lost: the frames tell the epoch
    if (!header) segment.epoch = scan.frames[0]?.header.epoch ?? 0
    const cut = after?.sealed ? after.mark : Infinity
    for (const gap of scan.gaps)
      if (gap.at < Math.min(mark, cut)) this.#damaged(segment, buffer, gap.at, Math.min(gap.end, mark), gap.id)
    if (scan.end < Math.min(mark, cut)) this.#damaged(segment, buffer, scan.end, mark)
    for (const frame of scan.frames) if (frame.at < cut) this.#frame(segment, buffer, frame, mark)
    if (!this.#o.readOnly && scan.end > scan.mark && cut === Infinity) fs.fdatasyncSync(segment.fd)
    this.#batch = Math.max(this.#batch, scan.pad?.batch ?? 0)
    this.#previous = {
      number: segment.number,
      mark: cut === Infinity ? durableEnd(scan, mark) : cut,
      sealed: cut !== Infinity,
    }
    if (cut !== Infinity) segment.failed = true
    return true
  }
  #unused(segment: Segment): false {
    segment.close()
    if (!this.#o.readOnly) fs.unlinkSync(segment.path)
    return false
  }
  #damaged(segment: Segment, buffer: Buffer, at: number, end: number, id?: string): void {
    segment.damaged = true
    this.#problems.push(
      `segment ${segment.number}: ${end - at} bytes at ${at} are damaged${id ? `, message ${id}` : ''}`,
    )
    if (!this.#o.readOnly) keepDamaged(this.#o.folder, segment.number, at, buffer.subarray(at, end))
    this.#o.log.error('queue.damaged', { segment: segment.number, offset: at, length: end - at, message: id })
  }

  #frame(segment: Segment, buffer: Buffer, frame: FoundFrame, mark: number): void {
    const { header } = frame
    if (header.type === PAD) return
    this.#o.seen(header.high, header.low)
    const id = formatId(header.high, header.low)
    const row = this.#rows.get(id)
    if (row) segment.refer(row.home)
    const envelope = envelopeOf(buffer, frame.at, header)
    if (header.type === COMMIT) return this.#commit(segment, buffer, frame, mark, id)
    if (!row) return void this.#strangers.add(segment)
    if (header.type === ATTEMPT) applyAttempt(row, decodeRecord<AttemptData>(envelope))
    else if (header.type === OUTCOME) applyOutcome(row, decodeRecord<OutcomeData>(envelope))
    else if (header.type === EXPAND) applyExpand(row, decodeRecord<ExpandData>(envelope))
    else if (header.type === ADMIN) applyAdmin(row, decodeRecord<AdminData>(envelope))
    else if (header.type === ABORT) row.pending = 0
  }
  #commit(segment: Segment, buffer: Buffer, frame: FoundFrame, mark: number, id: string): void {
    const whole = payloadHolds(buffer, frame)
    // its header reached the disk and its body did not: never acknowledged
    if (!whole && frame.at >= mark) return
    const envelope = envelopeOf(buffer, frame.at, frame.header)
    const data = decodeCommit(envelope)
    const fixed = decodeCommitFixed(envelope)
    const row: Row = {
      ...newRow(id, data.e.created, fixed.headerLength + fixed.bodyLength, data.r.length, data.f),
      home: segment,
      offset: frame.at,
      length: HEADER + frame.header.envelopeLength + frame.header.payloadLength,
      held: data.h,
    }
    this.#rows.set(id, row)
    if (whole) return
    this.#damaged(segment, buffer, frame.at, frame.end, id)
    row.held = { by: 'queue', reason: 'stored message is damaged', at: Date.now() }
  }

  #countLive(segments: readonly Segment[]): void {
    for (const row of this.#rows.values()) {
      if (isDone(row)) this.#rows.delete(row.id)
      else row.home!.live++
    }
    // a message that cannot be read today may be readable tomorrow: what ended it stays as long as it does
    const damaged = segments.filter((s) => s.damaged)
    for (const segment of this.#strangers) for (const other of damaged) segment.refer(other)
  }
}

/** Up to where everything holds: what is invalid below it later is damage. */
function durableEnd(scan: Scan, mark: number): number {
  const torn = scan.gaps.find((gap) => gap.at >= mark)
  return Math.max(mark, torn ? torn.at : scan.end)
}
