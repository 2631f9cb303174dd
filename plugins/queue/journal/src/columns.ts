/** 65,536 rows in one block of memory: a queue of millions is a few hundred objects for the collector. */
export const CHUNK_ROWS = 65_536

/** name and bytes of each column, the widest first so that each is aligned */
const LAYOUT = [
  ['low', 4],
  ['high', 4],
  ['segment', 4],
  ['offset', 4],
  ['length', 4],
  ['lastSegment', 4],
  ['lastOffset', 4],
  ['age', 4],
  ['nextLow', 4],
  ['size', 4],
  ['states', 4],
  ['nextHigh', 2],
  ['attempts', 2],
  ['flags', 2],
  ['count', 1],
] as const
export const ROW_BYTES = LAYOUT.reduce((sum, [, bytes]) => sum + bytes, 0)

export class Columns {
  readonly buffer = new ArrayBuffer(ROW_BYTES * CHUNK_ROWS)
  readonly low: Uint32Array
  readonly high: Uint32Array
  /** where its COMMIT or STATE stands; segment 0: nowhere yet */
  readonly segment: Uint32Array
  readonly offset: Uint32Array
  /** of that frame */
  readonly length: Uint32Array
  /** its latest record */
  readonly lastSegment: Uint32Array
  readonly lastOffset: Uint32Array
  /** ms that the envelope is older than the id; what does not fit stands in the extra */
  readonly age: Int32Array
  readonly nextLow: Uint32Array
  readonly nextHigh: Uint16Array
  readonly size: Uint32Array
  /** of up to eight recipients, a nibble each */
  readonly states: Uint32Array
  readonly attempts: Uint16Array
  readonly flags: Uint16Array
  /** recipients; 255: in the extra */
  readonly count: Uint8Array

  constructor() {
    let at = 0
    const next = (bytes: number) => (at += bytes * CHUNK_ROWS) - bytes * CHUNK_ROWS
    const u32 = () => new Uint32Array(this.buffer, next(4), CHUNK_ROWS)
    const u16 = () => new Uint16Array(this.buffer, next(2), CHUNK_ROWS)
    this.low = u32()
    this.high = u32()
    this.segment = u32()
    this.offset = u32()
    this.length = u32()
    this.lastSegment = u32()
    this.lastOffset = u32()
    this.age = new Int32Array(this.buffer, next(4), CHUNK_ROWS)
    this.nextLow = u32()
    this.size = u32()
    this.states = u32()
    this.nextHigh = u16()
    this.attempts = u16()
    this.flags = u16()
    this.count = new Uint8Array(this.buffer, next(1), CHUNK_ROWS)
  }
  /** Rows from `from` on, column by column. */
  copy(from: number, rows: number): Buffer {
    const out = Buffer.allocUnsafe(ROW_BYTES * rows)
    this.#each(from, rows, (own, at) => out.set(own, at))
    return out
  }
  fill(from: number, rows: number, bytes: Buffer): void {
    this.#each(from, rows, (own, at) => own.set(bytes.subarray(at, at + own.length)))
  }
  #each(from: number, rows: number, what: (own: Uint8Array, at: number) => void): void {
    let column = 0
    let at = 0
    for (const [, bytes] of LAYOUT) {
      what(new Uint8Array(this.buffer, column + from * bytes, bytes * rows), at)
      column += bytes * CHUNK_ROWS
      at += bytes * rows
    }
  }
}
