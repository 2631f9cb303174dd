/** Looks keys up in a cdb file: two reads a lookup, whatever its size. */
import { fstatSync, readSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { cdbHash } from './hash.ts'
import { HEADER } from './writer.ts'
import { MAX_VALUE, walk } from './walk.ts'
import type { Checked } from './walk.ts'
import { Damaged } from './window.ts'

/** A record and its table's slots are read this many bytes at a time: most records are shorter. */
const GUESS = 512
const SLOTS = 128

/**
 * An open cdb file whose structure has been checked (`checkCdb`). Lookups are synchronous: what is looked up often is in the
 * system's cache, and what comes from there costs less than a turn of the event loop.
 */
export class CdbFile {
  readonly #file: FileHandle
  readonly #checked: Checked
  readonly #scratch = Buffer.allocUnsafe(GUESS)
  readonly #slots = Buffer.allocUnsafe(SLOTS)
  readonly #settled: boolean
  #users = 1

  /**
   * Takes the file over: `close` closes it. `settled`: nobody writes it in place any more, so that need not be looked for
   * at each lookup.
   */
  constructor(file: FileHandle, checked: Checked, settled = false) {
    this.#file = file
    this.#checked = checked
    this.#settled = settled
  }
  get entries(): number {
    return this.#checked.entries
  }
  get checked(): Checked {
    return this.#checked
  }
  /** Throws `Damaged` when the file is not what was checked, and the system's errors. */
  find(key: Buffer): Buffer | undefined {
    const hash = cdbHash(key)
    const { header } = this.#checked
    const at = header.readUInt32LE((hash & 255) * 8)
    const slots = header.readUInt32LE((hash & 255) * 8 + 4)
    let value: Buffer | undefined
    let slot = slots === 0 ? 0 : (hash >>> 8) % slots
    for (let seen = 0, bytes: Buffer | undefined, i = 0; seen < slots; seen++, i += 8) {
      if (!bytes || i >= bytes.length) {
        bytes = this.#read(this.#slots, at + slot * 8, Math.min(SLOTS, (slots - slot) * 8))
        i = 0
      }
      const position = bytes.readUInt32LE(i + 4)
      if (position === 0) break
      if (bytes.readUInt32LE(i) === hash && (value = this.#record(position, key))) break
      if (++slot === slots) [slot, bytes] = [0, undefined]
    }
    if (!this.#settled) this.#confirm()
    return value
  }
  /** Each record, in the order of the file. */
  async *records(): AsyncGenerator<readonly [key: Buffer, value: Buffer]> {
    this.#users++
    try {
      yield* walk(this.#file, this.#checked.dataEnd)
    } finally {
      await this.close()
    }
  }
  /** Closed when nobody goes through its records any more. */
  async close(): Promise<void> {
    if (--this.#users === 0) await this.#file.close()
  }

  /** Written over in place: an answer from it may be half of each. */
  #confirm(): void {
    const { size, mtimeMs } = fstatSync(this.#file.fd)
    if (size !== this.#checked.size || mtimeMs !== this.#checked.mtimeMs) throw new Damaged('was changed in place')
  }
  #record(position: number, key: Buffer): Buffer | undefined {
    const { dataEnd } = this.#checked
    if (position < HEADER || position + 8 > dataEnd) throw new Damaged('a position out of bounds')
    const bytes = this.#read(this.#scratch, position, Math.min(GUESS, dataEnd - position))
    const keyLength = bytes.readUInt32LE(0)
    const length = bytes.readUInt32LE(4)
    if (keyLength !== key.length) return undefined
    const start = 8 + keyLength
    if (position + start + length > dataEnd) throw new Damaged('a record out of bounds')
    if (length > MAX_VALUE) throw new Error(`a value of ${length} bytes; more than ${MAX_VALUE} are not read`)
    const all = start + length <= bytes.length ? bytes : this.#whole(position, start + length, keyLength, key)
    if (!all || all.compare(key, 0, keyLength, 8, start) !== 0) return undefined
    // a copy: the next lookup reads into the same bytes
    return Buffer.from(all.subarray(start, start + length))
  }
  #whole(position: number, length: number, keyLength: number, key: Buffer): Buffer | undefined {
    // the same hash of another key: do not read its value
    const head = this.#read(Buffer.allocUnsafe(keyLength), position + 8, keyLength)
    return head.equals(key) ? this.#read(Buffer.allocUnsafe(length), position, length) : undefined
  }
  #read(into: Buffer, at: number, length: number): Buffer {
    if (readSync(this.#file.fd, into, 0, length, at) !== length) throw new Damaged('ends too early')
    return into.subarray(0, length)
  }
}
