/** Reads a file from its start to its end in large pieces. */
import type { FileHandle } from 'node:fs/promises'

const PIECE = 256 * 1024

/** The file is cut short or was written over: nothing in it is to be believed. */
export class Damaged extends Error {}

/** A piece of the file that moves on. */
export class Window {
  readonly #file: FileHandle
  #buffer: Buffer
  #start = 0
  #length = 0

  /** `size`: of the file, about */
  constructor(file: FileHandle, size: number) {
    this.#file = file
    this.#buffer = Buffer.allocUnsafe(Math.min(size, PIECE))
  }
  ready(at: number, length: number): Buffer | undefined {
    const from = at - this.#start
    return from >= 0 && from + length <= this.#length ? this.#buffer.subarray(from, from + length) : undefined
  }
  /** Throws `Damaged` when the file ends before that. */
  async at(at: number, length: number): Promise<Buffer> {
    const there = this.ready(at, length)
    if (there) return there
    if (this.#buffer.length < length) this.#buffer = Buffer.allocUnsafe(length)
    const { bytesRead } = await this.#file.read(this.#buffer, 0, this.#buffer.length, at)
    this.#start = at
    this.#length = bytesRead
    if (bytesRead < length) throw new Damaged('is cut short')
    return this.#buffer.subarray(0, length)
  }
}
