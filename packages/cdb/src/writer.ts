/** Writes a cdb file (https://cr.yp.to/cdb/cdb.txt): records, then 256 tables of (hash, position), in front a table of those. */
import { readSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { cdbHash } from './hash.ts'

export const HEADER = 2048
const BUFFER = 1024 * 1024
const MOST = 0xffff_ffff

/** Gathers entries; the file is a cdb when `finish` has come back. Memory: 16 to 24 bytes an entry. */
export class CdbWriter {
  readonly #file: FileHandle
  #buffer = Buffer.allocUnsafe(BUFFER)
  #used = 0
  #flushed = HEADER
  #crc = 0
  #count = 0
  /** an open hash table: hashes beside positions, 0 for none */
  #hashes = new Uint32Array(1024)
  #positions = new Uint32Array(1024)

  constructor(file: FileHandle) {
    this.#file = file
  }
  get entries(): number {
    return this.#count
  }
  /** `false`: the key is there already, and keeps its value. Throws when the file would get larger than cdb can say. */
  add(key: Buffer, value: Buffer): boolean {
    const hash = cdbHash(key)
    const mask = this.#positions.length - 1
    let i = hash & mask
    for (; this.#positions[i] !== 0; i = (i + 1) & mask)
      if (this.#hashes[i] === hash && this.#keyAt(this.#positions[i]!).equals(key)) return false
    const size = 8 + key.length + value.length
    // its place in the tables behind counts too
    if (this.#end + size + (this.#count + 1) * 16 > MOST) throw new Error('more than a cdb file can hold (4 GiB)')
    this.#hashes[i] = hash
    this.#positions[i] = this.#end
    this.#reserve(size)
    this.#used = this.#buffer.writeUInt32LE(key.length, this.#used)
    this.#used = this.#buffer.writeUInt32LE(value.length, this.#used)
    this.#used += key.copy(this.#buffer, this.#used)
    this.#used += value.copy(this.#buffer, this.#used)
    if (++this.#count * 4 > mask * 3) this.#grow()
    return true
  }
  /** Writes what has gathered; await it now and then. */
  async drain(least = BUFFER / 2): Promise<void> {
    if (this.#used >= least) await this.#flush()
  }
  /**
   * Tables and header, then what `trailer` makes of the checksum: CRC-32 of all bytes behind the header, then of the header.
   * Syncs. The file is the caller's to close.
   */
  async finish(trailer?: (crc: number) => Buffer): Promise<void> {
    const header = Buffer.alloc(HEADER)
    const bounds = this.#sorted()
    for (let t = 0; t < 256; t++) {
      const first = t === 0 ? 0 : bounds.ends[t - 1]!
      const slots = (bounds.ends[t]! - first) * 2
      header.writeUInt32LE(this.#end, t * 8)
      header.writeUInt32LE(slots, t * 8 + 4)
      const table = Buffer.alloc(slots * 8)
      for (let n = first; n < bounds.ends[t]!; n++) {
        const hash = this.#hashes[bounds.order[n]!]!
        let slot = (hash >>> 8) % slots
        while (table.readUInt32LE(slot * 8 + 4) !== 0) slot = (slot + 1) % slots
        table.writeUInt32LE(hash, slot * 8)
        table.writeUInt32LE(this.#positions[bounds.order[n]!]!, slot * 8 + 4)
      }
      this.#reserve(table.length)
      this.#used += table.copy(this.#buffer, this.#used)
      await this.drain()
    }
    await this.#flush()
    const crc = crc32(header, this.#crc)
    if (trailer) await this.#write(trailer(crc), this.#flushed)
    await this.#write(header, 0)
    await this.#file.sync()
  }

  get #end(): number {
    return this.#flushed + this.#used
  }
  #reserve(size: number): void {
    if (this.#used + size <= this.#buffer.length) return
    const next = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#used + size))
    this.#buffer.copy(next, 0, 0, this.#used)
    this.#buffer = next
  }
  async #flush(): Promise<void> {
    const bytes = this.#buffer.subarray(0, this.#used)
    this.#crc = crc32(bytes, this.#crc)
    await this.#write(bytes, this.#flushed)
    this.#flushed += this.#used
    this.#used = 0
    if (this.#buffer.length > BUFFER * 2) this.#buffer = Buffer.allocUnsafe(BUFFER)
  }
  async #write(bytes: Buffer, at: number): Promise<void> {
    // a full disk shows as a short write first
    for (let done = 0; done < bytes.length;)
      done += (await this.#file.write(bytes, done, bytes.length - done, at + done)).bytesWritten
  }
  #keyAt(position: number): Buffer {
    if (position >= this.#flushed) return recordKey(this.#buffer.subarray(position - this.#flushed))
    const head = Buffer.allocUnsafe(8)
    readSync(this.#file.fd, head, 0, 8, position)
    const key = Buffer.allocUnsafe(head.readUInt32LE(0))
    readSync(this.#file.fd, key, 0, key.length, position + 8)
    return key
  }
  #grow(): void {
    const hashes = new Uint32Array(this.#hashes.length * 2)
    const positions = new Uint32Array(hashes.length)
    const mask = hashes.length - 1
    for (let n = 0; n < this.#positions.length; n++) {
      if (this.#positions[n] === 0) continue
      let i = this.#hashes[n]! & mask
      while (positions[i] !== 0) i = (i + 1) & mask
      hashes[i] = this.#hashes[n]!
      positions[i] = this.#positions[n]!
    }
    this.#hashes = hashes
    this.#positions = positions
  }
  /** Places in the open table, by the last byte of their hash; `ends[t]`: where those of table t end. */
  #sorted(): { order: Uint32Array; ends: Uint32Array } {
    const ends = new Uint32Array(256)
    const each = (fn: (place: number, table: number) => void) => {
      for (let n = 0; n < this.#positions.length; n++) if (this.#positions[n] !== 0) fn(n, this.#hashes[n]! & 255)
    }
    each((_n, t) => ends[t]!++)
    for (let t = 1; t < 256; t++) ends[t]! += ends[t - 1]!
    const next = Uint32Array.from(ends, (_e, t) => (t === 0 ? 0 : ends[t - 1]!))
    const order = new Uint32Array(this.#count)
    each((n, t) => (order[next[t]!++] = n))
    return { order, ends }
  }
}
const recordKey = (record: Buffer): Buffer => record.subarray(8, 8 + record.readUInt32LE(0))
