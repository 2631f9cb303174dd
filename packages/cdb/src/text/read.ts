/** A table's text as entries, in bounded memory, in turns that others share the thread with. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { BigIntStats } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { parseEntry } from './entry.ts'
import type { Entry, TextFormat, Tell } from './entry.ts'
import { BadText, Lines } from './lines.ts'

/** Bytes between two turns of the event loop: a few milliseconds of work. */
const PIECE = 64 * 1024

export interface ReadText {
  readonly format: TextFormat
  readonly entry: (entry: Entry, line: number) => void
  readonly problem: Tell
  /** awaited between pieces */
  readonly pause?: () => Promise<void>
}

/** Which text it was that was read: compare with a later stat. */
export interface Stamp {
  readonly dev: bigint
  readonly ino: bigint
  readonly size: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
}
export const stampOf = (s: BigIntStats): Stamp => ({
  dev: s.dev,
  ino: s.ino,
  size: s.size,
  mtimeNs: s.mtimeNs,
  ctimeNs: s.ctimeNs,
})
export const sameStamp = (a: Stamp, b: Stamp): boolean =>
  a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.size === b.size && a.ino === b.ino && a.dev === b.dev

/**
 * Reads a file from its start to its end. Throws `BadText` when it is no regular file, has a NUL (a binary table has
 * them all over), has a line without end or is larger than `maxBytes`; the system's errors, and when it changes meanwhile.
 */
export async function readTextFile(path: string, options: ReadText & { readonly maxBytes?: number }): Promise<Stamp> {
  // O_NONBLOCK: opening a FIFO must not wait for a writer
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const before = await file.stat({ bigint: true })
    if (!before.isFile()) throw new BadText('not a regular file')
    const { maxBytes } = options
    if (maxBytes !== undefined && before.size > maxBytes) throw new BadText(`larger than ${maxBytes} bytes`)
    const pieces = new Pieces(options)
    const buffer = Buffer.allocUnsafe(PIECE)
    for (let at = 0; ;) {
      const { bytesRead } = await file.read(buffer, 0, PIECE, at)
      if (bytesRead === 0) break
      at += bytesRead
      pieces.push(buffer.subarray(0, bytesRead))
      await options.pause?.()
    }
    pieces.end()
    const stamp = stampOf(await file.stat({ bigint: true }))
    if (!sameStamp(stamp, stampOf(before))) throw new Error('changed while it was read')
    return stamp
  } finally {
    await file.close()
  }
}
/** The same of bytes in memory. */
export async function readText(bytes: Buffer, options: ReadText): Promise<void> {
  const pieces = new Pieces(options)
  for (let at = 0; at < bytes.length; at += PIECE) {
    if (at > 0) await turn()
    pieces.push(bytes.subarray(at, at + PIECE))
  }
  pieces.end()
}

/** Cuts at line ends what comes cut anywhere. */
class Pieces {
  readonly #lines: Lines
  /** the begin of a physical line whose end has not come */
  #rest: Buffer[] = []

  constructor({ format, entry, problem }: ReadText) {
    this.#lines = new Lines((line) => {
      const parsed = parseEntry(format, line, problem)
      if (parsed) entry(parsed, line.line)
    }, problem)
  }
  push(bytes: Buffer): void {
    if (bytes.includes(0)) throw new BadText('not a text file')
    const last = bytes.lastIndexOf(10)
    if (last >= 0) {
      this.#lines.push(Buffer.concat([...this.#rest, bytes.subarray(0, last + 1)]))
      this.#rest = []
    }
    // a copy: the caller reads into the same bytes again
    if (last + 1 < bytes.length) this.#rest.push(Buffer.from(bytes.subarray(last + 1)))
    if (this.#rest.length > MOST_PIECES) throw new BadText('a line without end')
  }
  end(): void {
    if (this.#rest.length > 0) this.#lines.push(Buffer.concat(this.#rest))
    this.#lines.end()
  }
}
const MOST_PIECES = (16 * 1024 * 1024) / PIECE
