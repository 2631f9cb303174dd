/** Goes through a cdb file from its start to its end, and says whether it hangs together. */
import type { FileHandle } from 'node:fs/promises'
import { setImmediate as turn } from 'node:timers/promises'
import { cdbHash } from './hash.ts'
import { Tally } from './tally.ts'
import { Damaged, Window } from './window.ts'
import { HEADER } from './writer.ts'

/** Records or slots between two turns of the event loop. */
const SLICE = 10_000
/** A longer key is no table's. */
const MAX_KEY = 1024 * 1024
/** A longer value is no table's; it would be read while others wait. */
export const MAX_VALUE = 16 * 1024 * 1024

export interface Checked {
  readonly entries: number
  readonly header: Buffer
  /** where records end and tables begin */
  readonly dataEnd: number
  readonly size: number
  readonly mtimeMs: number
  /** Postfix built with -N ends its keys with a NUL */
  readonly withNul: boolean
  readonly withoutNul: boolean
}

/**
 * Reads the whole file in turns, in constant memory. Cdb has no checksum, but each record must be where one slot of its
 * hash's table says, and be reached there: what is changed or cut anywhere but in a value is found. Throws `Damaged`.
 */
export async function checkCdb(file: FileHandle): Promise<Checked> {
  const shape = await shapeOf(file)
  const { header, dataEnd } = shape
  // an empty header over what was a table would be an empty table
  if (layout(header, shape.size).end !== shape.size) throw new Damaged('is damaged: bytes behind its tables')
  const records = new Tally()
  let withNul = false
  let withoutNul = false
  const window = new Window(file, shape.size)
  for (let position = HEADER; position < dataEnd;) {
    if (records.count % SLICE === SLICE - 1) await turn()
    const { key, length } = readyRecord(window, position, dataEnd) ?? (await recordAt(window, position, dataEnd))
    records.add(cdbHash(key), position)
    if (key.at(-1) === 0) withNul = true
    else withoutNul = true
    position += 8 + key.length + length
  }
  const slots = new Tally()
  for (let t = 0; t < 256; t++) await checkTable(window, header, t, slots)
  if (!records.equals(slots)) throw new Damaged('is damaged: its tables do not fit its records')
  const after = await file.stat()
  if (after.size !== shape.size || after.mtimeMs !== shape.mtimeMs) throw new Damaged('changed while it was read')
  return { ...shape, entries: records.count, withNul, withoutNul }
}
/** Only reads the header: for a file whose bytes are known to be those that `CdbWriter` wrote. Throws `Damaged`. */
export async function shapeOf(file: FileHandle): Promise<Checked> {
  const stats = await file.stat()
  if (!stats.isFile()) throw new Error('not a regular file')
  const { size, mtimeMs } = stats
  if (size < HEADER) throw new Damaged('is no cdb file: too short')
  const header = Buffer.alloc(HEADER)
  await file.read(header, 0, HEADER, 0)
  let entries = 0
  for (let t = 0; t < 256; t++) entries += header.readUInt32LE(t * 8 + 4) / 2
  return { entries, header, dataEnd: layout(header, size).first, size, mtimeMs, withNul: false, withoutNul: true }
}

/** Each record up to `dataEnd`. Throws `Damaged`. */
export async function* walk(file: FileHandle, dataEnd: number): AsyncGenerator<readonly [key: Buffer, value: Buffer]> {
  const window = new Window(file, dataEnd)
  for (let position = HEADER; position < dataEnd;) {
    const { key, length } = await recordAt(window, position, dataEnd)
    if (length > MAX_VALUE) throw new Error(`a value of ${length} bytes; more than ${MAX_VALUE} are not read`)
    const copy = Buffer.from(key)
    const start = position + 8 + copy.length
    yield [copy, Buffer.from(await window.at(start, length))]
    position = start + length
  }
}

/**
 * Tables lie behind the records, one after the other; an empty one is where the next one begins. Where they begin and end;
 * throws `Damaged`.
 */
function layout(header: Buffer, size: number): { first: number; end: number } {
  const first = header.readUInt32LE(0)
  let end = first
  for (let t = 0; t < 256; t++) {
    if (header.readUInt32LE(t * 8) !== end || end < HEADER)
      throw new Damaged('is damaged, or no cdb file: its tables do not follow each other')
    end += header.readUInt32LE(t * 8 + 4) * 8
    if (end > size) throw new Damaged('is cut short')
  }
  return { first, end }
}

interface Found {
  /** to be used at once: the bytes are read over */
  readonly key: Buffer
  /** of the value */
  readonly length: number
}
/** A record that the window holds already; `undefined`: it does not. Throws `Damaged`. */
function readyRecord(window: Window, position: number, dataEnd: number): Found | undefined {
  const head = window.ready(position, 8)
  if (!head) return undefined
  const { keyLength, length } = lengths(head, position, dataEnd)
  const key = window.ready(position + 8, keyLength)
  return key && { key, length }
}
async function recordAt(window: Window, position: number, dataEnd: number): Promise<Found> {
  if (position + 8 > dataEnd) throw new Damaged('is damaged: a record out of bounds')
  const { keyLength, length } = lengths(await window.at(position, 8), position, dataEnd)
  return { key: await window.at(position + 8, keyLength), length }
}
function lengths(head: Buffer, position: number, dataEnd: number) {
  const keyLength = head.readUInt32LE(0)
  const length = head.readUInt32LE(4)
  if (keyLength > MAX_KEY || position + 8 + keyLength + length > dataEnd)
    throw new Damaged('is damaged: a record out of bounds')
  return { keyLength, length }
}

/** Each slot in use is reached from where its hash begins to look, without an empty one between. */
async function checkTable(window: Window, header: Buffer, t: number, tally: Tally): Promise<void> {
  const at = header.readUInt32LE(t * 8)
  const slots = header.readUInt32LE(t * 8 + 4)
  let empty = -1
  /** the lowest begin of those that were pushed over the end to the start */
  let wrapped = Infinity
  for (let slot = 0; slot < slots; slot++) {
    if (slot % SLICE === SLICE - 1) await turn()
    const bytes = window.ready(at + slot * 8, 8) ?? (await window.at(at + slot * 8, 8))
    const position = bytes.readUInt32LE(4)
    if (position === 0) {
      empty = slot
      continue
    }
    const hash = bytes.readUInt32LE(0)
    const home = (hash >>> 8) % slots
    if ((hash & 255) !== t) throw new Damaged('is damaged: a slot in another table')
    if (home > slot && empty < 0) wrapped = Math.min(wrapped, home)
    else if (home > slot || home <= empty) throw new Damaged('is damaged: a slot that is not reached')
    tally.add(hash, position)
  }
  // a table that is full has no place where a search for what is not there would end
  if (slots > 0 && (empty < 0 || wrapped <= empty)) throw new Damaged('is damaged: a slot that is not reached')
}
