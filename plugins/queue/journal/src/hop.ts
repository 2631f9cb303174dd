/** One segment from frame to frame: headers and envelopes are read, payloads are hopped over where that saves reading. */
import fs from 'node:fs'
import { MAGIC_BYTES, HEADER, PAGE, decodeHeader, envelopeHolds, envelopeOf, frameSize } from './frame.ts'
import { formatId } from './ids.ts'
import type { FrameHeader } from './frame.ts'

const WINDOW = 256 * 1024
/** where messages are larger than this, only their beginnings are read */
const LARGE = 64 * 1024
const SMALL_WINDOW = 8 * 1024

export interface Source {
  readonly fd: number
  readonly size: number
}
export interface HopOptions {
  readonly number: number
  /** undefined: any (the segment's header is lost); the first frame that names this segment tells it */
  readonly epoch: number | undefined
  readonly from?: number
  /** frames that begin here or behind are not of interest */
  readonly to?: number
  /** Envelope bytes are only there during the call. What it returns is waited for. */
  frame(at: number, end: number, header: FrameHeader, envelope: Buffer): Promise<void> | void
  /** Bytes that are no frames of this segment; `id`: the message they spoke of, when the frame's header could be read. */
  gap(at: number, end: number, id?: string): void
  /** after each read, with the bytes that were read: a place to pause */
  breathe?(bytes: number): Promise<void> | void
}
/** Gives the end of the last frame, and the epoch. */
export async function hop(source: Source, options: HopOptions): Promise<{ end: number; epoch: number | undefined }> {
  const { number, frame, gap } = options
  const limit = Math.min(source.size, options.to ?? Infinity)
  const window = new Window(source, options.breathe)
  let { epoch } = options
  let end = options.from ?? PAGE
  for (let at = end; at < limit;) {
    await window.need(at, HEADER)
    const header = decodeHeader(window.buffer, at - window.start)
    const size = header ? frameSize(header.envelopeLength, header.payloadLength) : 0
    const mine =
      header?.segment === number && (epoch === undefined || header.epoch === epoch) && at + size <= source.size
    if (!mine) {
      at = await window.nextMagic(at + 8)
      continue
    }
    epoch ??= header.epoch
    await window.need(at, HEADER + header.envelopeLength)
    if (end < at) gap(end, at)
    const inside = at - window.start
    end = at + size
    if (envelopeHolds(window.buffer, inside, header)) {
      const waited = frame(at, end, header, envelopeOf(window.buffer, inside, header))
      if (waited) await waited
    } else gap(at, end, formatId(header.high, header.low))
    window.large = size > LARGE
    at = end
  }
  return { end, epoch }
}

class Window {
  buffer = Buffer.alloc(0)
  start = 0
  large = false
  readonly #source: Source
  readonly #breathe: HopOptions['breathe']
  #own = Buffer.alloc(0)

  constructor(source: Source, breathe: HopOptions['breathe']) {
    this.#source = source
    this.#breathe = breathe
  }
  /** So many bytes at `at` are in the buffer, or the file ends before. */
  async need(at: number, length: number): Promise<void> {
    const have = this.start + this.buffer.length
    if (at >= this.start && (at + length <= have || (have >= this.#source.size && at < have))) return
    const wish = Math.min(Math.max(length, this.large ? SMALL_WINDOW : WINDOW), Math.max(0, this.#source.size - at))
    if (wish > this.#own.length) this.#own = Buffer.allocUnsafeSlow(wish)
    const read = await readInto(this.#source.fd, this.#own, wish, at)
    this.buffer = this.#own.subarray(0, read)
    this.start = at
    await this.#breathe?.(read)
  }
  /** The next 8-aligned place at or behind `from` that begins with the magic, or the end. */
  async nextMagic(from: number): Promise<number> {
    this.large = false
    for (let at = from; at < this.#source.size;) {
      // a whole window is read when one is needed
      await this.need(at, Math.min(MAGIC_BYTES.length * 2, this.#source.size - at))
      if (this.buffer.length === 0) break
      const base = this.start
      for (let i = this.buffer.indexOf(MAGIC_BYTES, at - base); i !== -1; i = this.buffer.indexOf(MAGIC_BYTES, i + 1))
        if ((base + i) % 8 === 0) return base + i
      // a magic may begin in the last bytes: the next window starts before them
      const next = base + ((this.buffer.length - 4) & ~7)
      at = next > at ? next : base + this.buffer.length
    }
    return this.#source.size
  }
}
/** Fewer bytes only at the file's end. */
export async function readInto(fd: number, buffer: Buffer, length: number, position: number): Promise<number> {
  let have = 0
  while (have < length) {
    const read = await new Promise<number>((resolve, reject) =>
      fs.read(fd, buffer, have, length - have, position + have, (error, n) => (error ? reject(error) : resolve(n))),
    )
    if (read === 0) break
    have += read
  }
  return have
}
