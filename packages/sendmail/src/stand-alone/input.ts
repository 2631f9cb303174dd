/** Standard input as lines and, for BDAT, as bytes. */
import { readChunk } from '../input.ts'

/** Text is latin1: byte for byte. */
export class Input {
  readonly #buffer = Buffer.allocUnsafe(65_536)
  #rest = ''
  #at = 0

  /** Without its end; `undefined` at the end of the input: an unfinished last line does not count. */
  line(): string | undefined {
    let end = this.#rest.indexOf('\n', this.#at)
    while (end < 0) {
      const seen = this.#rest.length - this.#at
      if (!this.#more()) return undefined
      end = this.#rest.indexOf('\n', seen)
    }
    const line = this.#rest.slice(this.#at, end)
    this.#at = end + 1
    return line.replace(/\r$/, '')
  }
  /** Up to `n` bytes; `undefined` at the end of the input. */
  bytes(n: number): string | undefined {
    if (this.#at === this.#rest.length && !this.#more()) return undefined
    const bytes = this.#rest.slice(this.#at, this.#at + n)
    this.#at += bytes.length
    return bytes
  }
  /** What is there now stands at the front. */
  #more(): boolean {
    const chunk = readChunk(0, this.#buffer)
    if (!chunk) return false
    this.#rest = this.#rest.slice(this.#at) + chunk.toString('latin1')
    this.#at = 0
    return true
  }
}
