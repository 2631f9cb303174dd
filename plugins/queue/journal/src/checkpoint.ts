/**
 * Checkpoints: the index on disk, so that a start need not read the whole log. A cache, no more: without one, or with a
 * damaged one, a start takes longer. Fuzzy: rows are copied chunk by chunk while the queue lives on; what was recorded
 * meanwhile stands in the log behind the position, is applied again, and changes nothing that it has changed already.
 */
import fs from 'node:fs'
import { mkdir, open, readdir, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { CHUNK_ROWS, ROW_BYTES } from './columns.ts'
import { PAGE } from './frame.ts'
import {
  END,
  EXTRAS,
  ROWS,
  SECTION_HEADER,
  SEGMENTS,
  decodeCheckpointHeader,
  decodeSection,
  encodeCheckpointHeader,
  encodeSection,
  packExtra,
  sectionLength,
  unpackExtra,
} from './checkpoint-format.ts'
import { readInto } from './hop.ts'
import { syncFully, writeFully } from './io.ts'
import type { CheckpointHeader, PackedSegment, Section } from './checkpoint-format.ts'
import type { Extra } from './extra.ts'
import type { Rows } from './rows.ts'
import type { Io } from './io.ts'
import type { Opened } from './look.ts'
import type { Position } from './log-end.ts'
import type { Segment } from './segment.ts'
import type { Writer } from './writer.ts'

/** rows copied at a time: about a millisecond */
const STEP = 16_384
const EXTRAS_STEP = 500
const KEPT = 2
const LARGEST = 1024 * 1024 * 1024

export interface CheckpointWriterOptions {
  /** the part's folder */
  readonly folder: string
  readonly uuid: string
  readonly io: Io
  readonly rows: Rows
  readonly writer: Writer
  readonly segments: () => Iterable<Segment>
  /** ms since 1970 */
  readonly now: () => number
}
/** Writes one. Rejects when it cannot; what there was before is still there then. */
export async function writeCheckpoint(options: CheckpointWriterOptions): Promise<void> {
  const { folder, uuid, io, rows, writer, now } = options
  const dir = join(folder, 'ckpt')
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const { position } = writer
  const { top } = rows
  const temporary = join(dir, 'new')
  const file = await open(temporary, 'w', 0o600)
  try {
    const header: CheckpointHeader = { part: uuid, position, top, created: now() }
    const out = new Output(io, file.fd)
    await out.raw(encodeCheckpointHeader(header))
    // rows above were made since: they stand in the log behind the position
    for (let from = 0; from < top; from += STEP) await rowsOf(rows, from, Math.min(STEP, top - from), out)
    await extrasOf(rows, out)
    // what was copied may speak of records that are not durable yet
    await writer.flush()
    await out.section(SEGMENTS, 0, 0, Buffer.from(JSON.stringify([...options.segments()].map(packSegment))))
    await out.section(END, out.sections, 0, Buffer.alloc(0))
    await syncFully(io, file.fd, 'checkpoint')
  } catch (error) {
    await file.close()
    await unlink(temporary).catch(() => undefined)
    throw error
  }
  await file.close()
  const known = await checkpointNames(dir)
  const name = String(Number(known.at(-1) ?? 0) + 1).padStart(8, '0')
  await rename(temporary, join(dir, name))
  await syncFolder(io, dir)
  for (const old of known.slice(0, Math.max(0, known.length + 1 - KEPT))) await unlink(join(dir, old))
}
async function rowsOf(rows: Rows, from: number, count: number, out: Output): Promise<void> {
  const chunk = Math.floor(from / CHUNK_ROWS)
  await out.section(ROWS, chunk, from % CHUNK_ROWS, rows.chunks[chunk]!.copy(from % CHUNK_ROWS, count))
}
async function extrasOf(rows: Rows, out: Output): Promise<void> {
  const some: [number, ReturnType<typeof packExtra>][] = []
  const flush = () => out.section(EXTRAS, 0, 0, Buffer.from(JSON.stringify(some.splice(0))))
  for (const [slot, extra] of rows.extras) {
    some.push([slot, packExtra(extra)])
    if (some.length >= EXTRAS_STEP) await flush()
  }
  if (some.length > 0) await flush()
}
const packSegment = ({ number, needs, guards, damaged, failed }: Segment): PackedSegment => ({
  n: number,
  needs: [...needs],
  guards: [...guards],
  damaged,
  failed,
})
class Output {
  sections = 0
  #at = 0
  readonly #io: Io
  readonly #fd: number
  constructor(io: Io, fd: number) {
    this.#io = io
    this.#fd = fd
  }
  async section(type: number, a: number, b: number, payload: Buffer): Promise<void> {
    this.sections++
    await this.raw(Buffer.concat([encodeSection(type, a, b, payload), payload]))
  }
  async raw(bytes: Buffer): Promise<void> {
    await writeFully(this.#io, this.#fd, bytes, this.#at, 'checkpoint')
    this.#at += bytes.length
  }
}
async function syncFolder(io: Io, path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await syncFully(io, folder.fd, 'folder')
  } finally {
    await folder.close()
  }
}
async function checkpointNames(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return names.filter((name) => /^\d{8,}$/.test(name)).sort((a, b) => Number(a) - Number(b))
}

export interface FoundCheckpoint {
  readonly path: string
  readonly header: CheckpointHeader
}
/** Checkpoints whose header holds and whose place in the log is still that of this log; the latest first. */
export async function findCheckpoints(
  folder: string,
  uuid: string,
  opened: readonly Opened[],
): Promise<FoundCheckpoint[]> {
  const dir = join(folder, 'ckpt')
  const found: FoundCheckpoint[] = []
  for (const name of (await checkpointNames(dir)).reverse()) {
    const path = join(dir, name)
    const header = await withFile(path, async (fd) => {
      const page = Buffer.alloc(PAGE)
      return decodeCheckpointHeader(page.subarray(0, await readInto(fd, page, PAGE, 0)), uuid)
    }).catch(() => undefined)
    if (header && fits(header, opened)) found.push({ path, header })
  }
  return found
}
function fits({ position }: CheckpointHeader, opened: readonly Opened[]): boolean {
  const same = opened.find(({ segment }) => segment.number === position.segment)
  if (same) return same.header?.epoch === position.epoch
  // its last segment was dropped since, or nothing was ever written to it
  return true
}
/**
 * The latest checkpoint that holds, put into the rows that were reserved; what of those it does not use is free. Gives its
 * place in the log.
 */
export async function restoreCheckpoint(
  checkpoints: readonly FoundCheckpoint[],
  rows: Rows,
  reserved: number,
  opened: readonly Opened[],
): Promise<Position | undefined> {
  let used: FoundCheckpoint | undefined
  for (const checkpoint of checkpoints)
    if (await readCheckpoint(checkpoint, rows, opened)) {
      used = checkpoint
      break
    }
  for (let from = 0; from < reserved; from += STEP) {
    rows.restore(from, Math.min(from + STEP, reserved))
    await new Promise((resolve) => setImmediate(resolve))
  }
  return used?.header.position
}
/** Fills the rows that were reserved; `false` when it does not hold: they are empty then. */
async function readCheckpoint(
  { path, header }: FoundCheckpoint,
  rows: Rows,
  opened: readonly Opened[],
): Promise<boolean> {
  const extras: [number, Extra][] = []
  let segments: readonly PackedSegment[] | undefined
  const complete = await eachSection(path, (section) => {
    const { type, a: chunk, b: from, payload } = section
    if (type === ROWS) {
      if (chunk * CHUNK_ROWS + from + payload.length / ROW_BYTES > header.top) return false
      rows.chunks[chunk]!.fill(from, payload.length / ROW_BYTES, payload)
    } else if (type === EXTRAS) {
      const some = JSON.parse(payload.toString()) as [number, Parameters<typeof unpackExtra>[0]][]
      for (const [slot, packed] of some) extras.push([slot, unpackExtra(packed)])
    } else if (type === SEGMENTS) segments = JSON.parse(payload.toString()) as PackedSegment[]
    return true
  }).catch(() => false)
  if (!complete || !segments) {
    for (let from = 0; from < header.top; from += CHUNK_ROWS)
      rows.chunks[from / CHUNK_ROWS]!.flags.fill(0, 0, Math.min(CHUNK_ROWS, header.top - from))
    return false
  }
  for (const [slot, extra] of extras) if (slot < header.top) rows.extras.set(slot, extra)
  const byNumber = new Map(opened.map(({ segment }) => [segment.number, segment]))
  for (const packed of segments) {
    const segment = byNumber.get(packed.n)
    if (!segment) continue
    for (const n of packed.needs) segment.needs.add(n)
    for (const n of packed.guards) segment.guards.add(n)
    segment.damaged ||= packed.damaged
    segment.failed ||= packed.failed
  }
  return true
}
/** `false` when a section does not hold, is refused, or the end is missing. */
export async function eachSection(path: string, what: (section: Section) => boolean): Promise<boolean> {
  return withFile(path, async (fd, size) => {
    let sections = 0
    for (let at = PAGE; ;) {
      const head = Buffer.alloc(SECTION_HEADER)
      if ((await readInto(fd, head, SECTION_HEADER, at)) < SECTION_HEADER) return false
      const length = sectionLength(head)
      if (length === undefined || length > LARGEST || at + SECTION_HEADER + length > size) return false
      const payload = Buffer.allocUnsafeSlow(length)
      if ((await readInto(fd, payload, length, at + SECTION_HEADER)) < length) return false
      const section = decodeSection(head, payload)
      if (!section) return false
      if (section.type === END) return section.a === sections
      if (!what(section)) return false
      sections++
      at += SECTION_HEADER + length
    }
  })
}
async function withFile<T>(path: string, what: (fd: number, size: number) => Promise<T>): Promise<T> {
  const file = await open(path, 'r')
  try {
    return await what(file.fd, fs.fstatSync(file.fd).size)
  } finally {
    await file.close()
  }
}
