/** What must be known before the first new message: the segments there are, the highest id, where the last log ended. */
import fs from 'node:fs'
import { join } from 'node:path'
import { PosternError } from '@postern/core'
import { PAD, PAGE, decodePad } from './frame.ts'
import { MAJOR, Segment, decodeSegmentHeader, segmentName } from './segment.ts'
import { hop } from './hop.ts'
import type { Pad, Previous } from './frame.ts'
import type { SegmentHeader } from './segment.ts'

export interface Opened {
  readonly segment: Segment
  readonly header: SegmentHeader | undefined
}
export interface Look {
  /** in order, without those to which nothing was ever written */
  readonly opened: Opened[]
  /** what later segments say of a segment */
  readonly successors: ReadonlyMap<number, Previous>
  /** highest number in use */
  readonly highest: number
  /** the last segment with records, and how far it is durable */
  readonly previous: Previous
  readonly batch: number
  /** attempts in segments before this one are no crashes */
  readonly voidBefore: number
}
export interface LookOptions {
  readonly folder: string
  /** 32 hexadecimal digits */
  readonly uuid: string
  readonly readOnly: boolean
  /** an id seen */
  seen(hi: number, lo: number): void
}

export async function look(options: LookOptions): Promise<Look> {
  const seg = join(options.folder, 'seg')
  const names = fs.readdirSync(seg).filter((name) => /^\d{8,}$/.test(name))
  const numbers = names.map(Number).sort((a, b) => a - b)
  const opened: Opened[] = []
  try {
    for (const number of numbers) opened.push(openSegment(number, join(seg, segmentName(number)), options))
    const successors = new Map<number, Previous>()
    for (const one of opened) await hearPrevious(one, successors)
    const end = await lastUsed(opened, successors, options)
    for (const { segment } of opened) segment.mark = successors.get(segment.number)?.mark ?? Infinity
    const last = opened.at(-1)?.segment
    if (last?.number === end.previous.number) last.mark = end.previous.mark
    const highest = numbers.at(-1) ?? 0
    const known = Math.max(0, ...opened.map(({ header }) => header?.voidBefore ?? 0))
    return { opened, successors, highest, ...end, voidBefore: end.clean ? highest + 1 : known }
  } catch (error) {
    for (const { segment } of opened) segment.close()
    throw error
  }
}
function openSegment(number: number, path: string, { readOnly, uuid }: LookOptions): Opened {
  const fd = fs.openSync(path, readOnly ? 'r' : 'r+')
  const page = Buffer.alloc(PAGE)
  const read = fs.readSync(fd, page, 0, PAGE, 0)
  // a recycled segment that was never synced still has the header of its former life
  const decoded = decodeSegmentHeader(page.subarray(0, read))
  const header = decoded?.number === number ? decoded : undefined
  const segment = new Segment(number, header?.epoch ?? 0, fs.fstatSync(fd).size, path, fd)
  segment.active = false
  if (!header) return { segment, header }
  if (header.major !== MAJOR)
    throw new PosternError(
      'PN_STORE',
      `${path} has format ${header.major}.${header.minor}; this version reads ${MAJOR}`,
    )
  if (header.part !== uuid) throw new PosternError('PN_STORE', `${path} belongs to another part (${header.part})`)
  return { segment, header }
}
async function hearPrevious({ segment, header }: Opened, successors: Map<number, Previous>): Promise<void> {
  const previous = header ? header.previous : (await survey(segment, undefined)).pad?.previous
  if (!previous?.number) return
  // it says that the tail of the other is to be ignored: it may not go first
  if (previous.sealed) segment.guards.add(previous.number)
  const known = successors.get(previous.number)
  successors.set(previous.number, {
    number: previous.number,
    mark: Math.max(known?.mark ?? 0, previous.mark),
    sealed: previous.sealed || (known?.sealed ?? false),
  })
}

interface Survey {
  readonly mark: number
  readonly end: number
  readonly pad: Pad | undefined
  readonly used: boolean
  /** its last record says that the process stopped in order */
  readonly clean: boolean
  readonly gaps: readonly number[]
}
async function survey(
  segment: Segment,
  epoch: number | undefined,
  seen?: (hi: number, lo: number) => void,
): Promise<Survey> {
  let mark = 0
  let pad: Pad | undefined
  let used = false
  let clean = false
  const gaps: number[] = []
  const { end } = await hop(segment, {
    number: segment.number,
    epoch,
    frame: (_at, _end, header, envelope) => {
      used = true
      clean = false
      seen?.(header.high, header.low)
      if (header.type !== PAD) return
      pad = decodePad(envelope)
      clean = pad.clean
      mark = Math.max(mark, pad.syncedUpTo)
      seen?.(pad.lastHigh, pad.lastLow)
    },
    gap: (at) => void gaps.push(at),
  })
  return { mark, end, pad, used: used || gaps.length > 0, clean, gaps }
}
/** Segments behind the last one with records were opened and never written to: they go. */
async function lastUsed(
  opened: Opened[],
  successors: ReadonlyMap<number, Previous>,
  options: LookOptions,
): Promise<Pick<Look, 'previous' | 'batch'> & { clean: boolean }> {
  for (let last = opened.at(-1); last; last = opened.at(-1)) {
    const { segment, header } = last
    if (header) options.seen(header.lastHigh, header.lastLow)
    const found = await survey(segment, header?.epoch, options.seen)
    const after = successors.get(segment.number)
    const mark = Math.max(found.mark, after?.mark ?? 0)
    if (found.used || mark > PAGE) {
      if (after?.sealed)
        return {
          previous: { number: segment.number, mark: after.mark, sealed: true },
          batch: found.pad?.batch ?? 0,
          clean: false,
        }
      // what was written and not synced counts from now on
      if (!options.readOnly && found.end > found.mark) fs.fdatasyncSync(segment.fd)
      const torn = found.gaps.find((at) => at >= mark)
      // a header that was lost with what it was written with is no damage then: it may not be said to have been durable
      const headless = !header && mark <= PAGE
      const durable = headless ? mark : Math.max(mark, torn ?? found.end)
      return {
        previous: { number: segment.number, mark: durable, sealed: false },
        batch: found.pad?.batch ?? 0,
        clean: found.clean,
      }
    }
    opened.pop()
    segment.close()
    if (!options.readOnly) fs.unlinkSync(segment.path)
  }
  return { previous: { number: 0, mark: 0, sealed: false }, batch: 0, clean: false }
}
