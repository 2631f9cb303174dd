/**
 * What goes over the socket between a worker and the helper, both ways: a length (u32, big-endian), a type (u8), the bytes.
 * A request, chunks, an end; then one answer. For a program its turn before that.
 */
export const REQUEST = 1
export const CHUNK = 2
/** length of the content (u64) and its crc32 (u32): without it, or with a wrong one, nothing is delivered */
export const END = 3
export const ANSWER = 4
/** a program's turn has come: says nothing, and tells the helper whether anybody is there */
export const TURN = 5

/** bytes of one chunk that is sent */
export const CHUNK_SIZE = 64 * 1024
const HEAD = 5
const LONGEST: Readonly<Record<number, number>> = {
  [REQUEST]: 256 * 1024,
  [CHUNK]: CHUNK_SIZE,
  [END]: 12,
  [ANSWER]: 64 * 1024,
  [TURN]: 0,
}
export interface Frame {
  readonly type: number
  readonly bytes: Buffer
}
/** The other side does not speak this. */
export class BadFrame extends Error {}

export function headOf(type: number, length: number): Buffer {
  const head = Buffer.allocUnsafe(HEAD)
  head.writeUInt32BE(length, 0)
  head[4] = type
  return head
}
export const jsonFrame = (type: number, value: unknown): Buffer => {
  const bytes = Buffer.from(JSON.stringify(value))
  return Buffer.concat([headOf(type, bytes.length), bytes])
}
export function endFrame(length: number, crc: number): Buffer {
  const bytes = Buffer.allocUnsafe(12)
  bytes.writeBigUInt64BE(BigInt(length), 0)
  bytes.writeUInt32BE(crc, 8)
  return Buffer.concat([headOf(END, bytes.length), bytes])
}
export const isEnd = (bytes: Buffer, length: number, crc: number): boolean =>
  bytes.length === 12 && bytes.readBigUInt64BE(0) === BigInt(length) && bytes.readUInt32BE(8) === crc

/** Cuts what arrives into frames. */
export class Frames {
  #held: Buffer = Buffer.alloc(0)

  /** Throws BadFrame for a type that there is not, and for one that is too long. */
  push(bytes: Buffer): Frame[] {
    let rest = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes])
    const frames: Frame[] = []
    while (rest.length >= HEAD) {
      const length = rest.readUInt32BE(0)
      const type = rest[4]!
      if (length > (LONGEST[type] ?? -1)) throw new BadFrame(`a frame of type ${type} with ${length} bytes`)
      if (rest.length < HEAD + length) break
      frames.push({ type, bytes: rest.subarray(HEAD, HEAD + length) })
      rest = rest.subarray(HEAD + length)
    }
    this.#held = rest
    return frames
  }
}
