/** The index from disk: a checkpoint if there is one, then the segments in order, each record applied to its row. */
import { crc32 } from 'node:zlib'
import {
  ABORT,
  ADMIN,
  ATTEMPT,
  COMMIT,
  CRASH,
  ENDS,
  EXPAND,
  FOLD,
  HEADER,
  MUST_UNDERSTAND,
  OUTCOME,
  PAD,
  PAGE,
  STATE,
  decodePad,
  isHome,
} from './frame.ts'
import { TRYING } from './flags.ts'
import {
  applyAdmin,
  applyAttempt,
  applyCrash,
  applyExpand,
  applyFold,
  applyOutcome,
  isDone,
  notePlace,
} from './state.ts'
import { decodeExpand, decodeFold, decodeHome, decodeHomeFixed, decodeRecord } from './envelope.ts'
import { hop, readInto } from './hop.ts'
import { keepDamaged } from './damage.ts'
import type { AdminData, AttemptData, CrashData, HomeData, OutcomeData } from './envelope.ts'
import type { FrameHeader } from './frame.ts'
import type { Logger } from '@postern/core'
import type { Look } from './look.ts'
import type { Position } from './log-end.ts'
import type { Rows } from './rows.ts'
import type { Segment } from './segment.ts'

/** ms of the event loop that one slice of work may take */
const SLICE = 4

export interface RecoverOptions {
  readonly folder: string
  /** look only: nothing is copied */
  readonly readOnly: boolean
  readonly log: Logger
  readonly rows: Rows
  readonly found: Look
  readonly problems: string[]
  /** what stands before is in the rows already: a checkpoint was read */
  readonly from?: Position
  /** an id seen */
  seen(hi: number, lo: number): void
}
export interface Recovered {
  /** messages that were in delivery when the process ended without order */
  readonly tried: ReadonlySet<number>
}

/** Rows of messages that still have something to do, and the segments' references, when it resolves. */
export async function recover(options: RecoverOptions): Promise<Recovered> {
  const recovery = new Recovery(options)
  await recovery.run()
  return { tried: recovery.tried }
}

class Recovery {
  readonly #o: RecoverOptions
  readonly #rows: Rows
  readonly tried = new Set<number>()
  #turn = performance.now()

  constructor(options: RecoverOptions) {
    this.#o = options
    this.#rows = options.rows
  }

  async run(): Promise<void> {
    const { found, from } = this.#o
    if (from) for (let slot = 0; slot < this.#rows.top; slot++) this.#noteTrying(slot, from.segment)
    for (const { segment, header } of found.opened) {
      if (header) this.#o.seen(header.lastHigh, header.lastLow)
      if (from && segment.number < from.segment) continue
      const resumed = from?.segment === segment.number
      await this.#segment(segment, header?.epoch, resumed ? from.offset : PAGE)
    }
    await this.#countLive()
  }
  /** `segment`: where the attempt stands, or before. */
  #noteTrying(slot: number, segment: number): void {
    if (segment < this.#o.found.voidBefore) this.#rows.setFlag(slot, TRYING, false)
    if (this.#rows.has(slot, TRYING)) this.tried.add(slot)
    else if (this.tried.size > 0) this.tried.delete(slot)
  }

  async #segment(segment: Segment, epoch: number | undefined, from: number): Promise<void> {
    const after = this.#o.found.successors.get(segment.number)
    const cut = after?.sealed ? after.mark : Infinity
    const scan = new SegmentScan(segment, Math.max(after?.mark ?? 0, from === PAGE ? 0 : from))
    // it failed before its header was durable: nothing is missed; neither where nothing says that it was
    const unborn = cut <= PAGE
    if (epoch === undefined && scan.mark > PAGE && !unborn) this.#damaged(segment, 0, PAGE)
    const done = await hop(segment, {
      number: segment.number,
      epoch,
      from,
      to: cut,
      frame: (at, end, header, envelope) => {
        // the header page is lost: the frames tell the epoch
        if (epoch === undefined) segment.epoch = header.epoch
        return this.#frame(scan, at, end, header, envelope)
      },
      gap: (at, end, id) => void scan.gaps.push({ at, end, id }),
      breathe: () => this.#breathe(),
    })
    for (const gap of scan.gaps)
      if (gap.at < Math.min(scan.mark, cut)) this.#damaged(segment, gap.at, Math.min(gap.end, scan.mark), gap.id)
    if (done.end < Math.min(scan.mark, cut)) this.#damaged(segment, done.end, scan.mark)
    if (epoch === undefined && scan.mark > PAGE && !unborn && !segment.damaged) this.#damaged(segment, 0, PAGE)
    for (const commit of scan.unsure) await this.#dropTorn(segment, commit)
    if (cut !== Infinity) segment.failed = true
  }
  async #breathe(): Promise<void> {
    if (performance.now() - this.#turn < SLICE) return
    await new Promise((resolve) => setImmediate(resolve))
    this.#turn = performance.now()
  }
  #damaged(segment: Segment, at: number, end: number, id?: string): void {
    const { problems, readOnly, folder, log } = this.#o
    segment.damaged = true
    problems.push(`segment ${segment.number}: ${end - at} bytes at ${at} are damaged${id ? `, message ${id}` : ''}`)
    if (!readOnly) keepDamaged(folder, segment.number, at, segment.bytes(at, end))
    log.error('queue.damaged', { segment: segment.number, offset: at, length: end - at, message: id })
  }

  #frame(scan: SegmentScan, at: number, end: number, header: FrameHeader, envelope: Buffer): Promise<void> | undefined {
    if (header.type === PAD) return void this.#pad(scan, envelope)
    this.#o.seen(header.high, header.low)
    scan.segment.refer(header.home)
    if (isHome(header.type)) return this.#home(scan, at, end, header, envelope)
    const slot = this.#rows.find(header.high, header.low)
    if (slot === -1) return undefined
    this.#apply(slot, scan.segment.number, at, header, envelope)
    this.#rows.setLast(slot, scan.segment.number, at)
    this.#noteTrying(slot, scan.segment.number)
    // of the outcomes before it some may have been dropped: the flag is what counts
    if ((header.flags & ENDS) !== 0 || isDone(this.#rows, slot)) this.#end(slot)
    return undefined
  }
  #pad(scan: SegmentScan, envelope: Buffer): void {
    const pad = decodePad(envelope)
    this.#o.seen(pad.lastHigh, pad.lastLow)
    scan.durable(pad.syncedUpTo)
    if (!pad.clean) return
    for (const slot of this.tried) this.#rows.setFlag(slot, TRYING, false)
    this.tried.clear()
  }
  #end(slot: number): void {
    this.tried.delete(slot)
    this.#rows.free(slot)
  }
  #apply(slot: number, segment: number, at: number, header: FrameHeader, envelope: Buffer): void {
    const rows = this.#rows
    if (header.type === ATTEMPT) applyAttempt(rows, slot, decodeRecord<AttemptData>(envelope))
    else if (header.type === OUTCOME) applyOutcome(rows, slot, decodeRecord<OutcomeData>(envelope))
    else if (header.type === EXPAND) applyExpand(rows, slot, decodeExpand(envelope), { segment, offset: at })
    else if (header.type === ADMIN) applyAdmin(rows, slot, decodeRecord<AdminData>(envelope), header.at)
    else if (header.type === CRASH) applyCrash(rows, slot, decodeRecord<CrashData>(envelope))
    else if (header.type === ABORT) rows.states.settleAll(slot)
    else if (header.type === FOLD) {
      const { first, count } = decodeExpand(envelope)
      applyFold(rows, slot, decodeFold(envelope), first + count)
      delete rows.extras.get(slot)?.expands
      if (count > 0) notePlace(rows, slot, first, { segment, offset: at })
    } else checkKnown(header)
  }

  #home(scan: SegmentScan, at: number, end: number, header: FrameHeader, envelope: Buffer): Promise<void> | undefined {
    const fixed = decodeHomeFixed(envelope)
    const detailed = header.type === STATE || fixed.held || fixed.apart || fixed.replaces
    const data = detailed ? decodeHome(envelope) : undefined
    const settle = () => this.#settle(scan.segment, at, header, fixed, data)
    if (end <= scan.mark) return void settle()
    // it would take the place of something that is whole: its payload is looked at first
    if (header.type === STATE || fixed.replaces)
      return payloadHolds(scan.segment, at, header, fixed).then((whole) => (whole ? settle() : undefined))
    scan.unsure.push({ at, end, header, fixed })
    return void settle()
  }
  #settle(segment: Segment, at: number, header: FrameHeader, fixed: Fixed, data: HomeData | undefined): void {
    const rows = this.#rows
    const { high, low } = header
    const size = fixed.headerLength + fixed.bodyLength
    const { created, recipients } = fixed
    const row = { high, low, created, size, recipients, file: data?.f, held: data?.h }
    let slot = rows.find(high, low)
    if (slot === -1) rows.insert((slot = rows.make(row)))
    else rows.reset(slot, row)
    rows.setHome(slot, segment.number, at, HEADER + header.envelopeLength + header.payloadLength)
    rows.setLast(slot, segment.number, at)
    if (data?.s) applyFold(rows, slot, data.s, recipients)
    this.#noteTrying(slot, segment.number)
    if (!data?.x) return
    const old = rows.named(data.x)
    if (old !== -1) this.#end(old)
  }
  /** Its header reached the disk and its body did not: never acknowledged. */
  async #dropTorn(segment: Segment, { at, header, fixed }: Unsure): Promise<void> {
    const slot = this.#rows.find(header.high, header.low)
    if (slot === -1 || this.#rows.segment(slot) !== segment.number || this.#rows.offset(slot) !== at) return
    if (!(await payloadHolds(segment, at, header, fixed))) this.#end(slot)
  }

  async #countLive(): Promise<void> {
    const rows = this.#rows
    const last = this.#o.found.highest
    const segments = new Map(this.#o.found.opened.map(({ segment }) => [segment.number, segment]))
    for (let slot = 0; slot < rows.top; slot++) {
      if (slot % 16_384 === 0) await this.#breathe()
      // younger ones were counted when they were written
      if (rows.segment(slot) === 0 || rows.segment(slot) > last) continue
      const home = segments.get(rows.segment(slot))
      if (home) home.enter(rows.length(slot))
      // of a checkpoint, and ended since: only what nobody needs is dropped
      else this.#end(slot)
    }
  }
}
type Fixed = ReturnType<typeof decodeHomeFixed>
interface Unsure {
  readonly at: number
  readonly end: number
  readonly header: FrameHeader
  readonly fixed: Fixed
}
class SegmentScan {
  readonly segment: Segment
  /** durable up to here */
  mark: number
  readonly gaps: { readonly at: number; readonly end: number; readonly id: string | undefined }[] = []
  /** COMMITs above the mark */
  unsure: Unsure[] = []

  constructor(segment: Segment, mark: number) {
    this.segment = segment
    this.mark = mark
  }
  durable(upTo: number): void {
    this.mark = Math.max(this.mark, upTo)
    if (this.unsure.length > 0) this.unsure = this.unsure.filter(({ end }) => end > this.mark)
  }
}
export function checkKnown({ type, flags }: FrameHeader): void {
  const known = type >= COMMIT && type <= CRASH && type !== 7
  if (!known && flags & MUST_UNDERSTAND)
    throw new Error(`the journal holds records of type ${type}, which this version does not know`)
}
/** Do header and body in a payload hold their checksums? A body of its own is checked when it is read. */
export async function payloadHolds(segment: Segment, at: number, header: FrameHeader, fixed: Fixed): Promise<boolean> {
  const payload = Buffer.allocUnsafeSlow(header.payloadLength)
  const start = at + HEADER + header.envelopeLength
  if ((await readInto(segment.fd, payload, payload.length, start)) < payload.length) return false
  if (crc32(payload.subarray(0, fixed.headerLength)) !== fixed.headerCrc) return false
  return fixed.apart || crc32(payload.subarray(fixed.headerLength)) === fixed.bodyCrc
}
