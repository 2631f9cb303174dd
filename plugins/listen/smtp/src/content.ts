/** Readers of content: from DATA to the line with a dot, or the bytes that one BDAT counts (RFC 3030 section 2). */
import type { BareNewline } from './decoder.ts'
import { ContentDecoder } from './decoder.ts'
import type { Intake } from './intake.ts'

export interface ContentReader {
  /** takes bytes from `at` on; answers where it stopped */
  read(chunk: Buffer, at: number): number
  readonly ended: boolean
  /** the core asks to wait */
  readonly wait: Promise<void> | undefined
}

export class DataReader implements ContentReader {
  readonly intake: Intake
  readonly #decoder: ContentDecoder

  constructor(intake: Intake, bareNewline: BareNewline) {
    this.intake = intake
    this.#decoder = new ContentDecoder(true, bareNewline, (chunk) => intake.write(chunk))
  }
  read(chunk: Buffer, at: number): number {
    return this.#decoder.decode(chunk, at)
  }
  get ended(): boolean {
    return this.#decoder.ended
  }
  get bareLf(): boolean {
    return this.#decoder.bareLf
  }
  get wait(): Promise<void> | undefined {
    return this.intake.wait
  }
}

/** The chunks of one message, one after the other. */
export class Chunks {
  readonly intake: Intake
  readonly #decoder: ContentDecoder

  constructor(intake: Intake, bareNewline: BareNewline) {
    this.intake = intake
    this.#decoder = new ContentDecoder(false, bareNewline, (chunk) => intake.write(chunk))
  }
  decode(chunk: Buffer, from: number, to: number): void {
    this.#decoder.decode(chunk, from, to)
  }
  finish(): void {
    this.#decoder.finish()
  }
  get bareLf(): boolean {
    return this.#decoder.bareLf
  }
}

/** One BDAT's bytes; without `into` they are dropped. */
export class ChunkReader implements ContentReader {
  readonly #into: Chunks | undefined
  #left: number

  constructor(size: number, into: Chunks | undefined) {
    this.#left = size
    this.#into = into
  }
  read(chunk: Buffer, at: number): number {
    const to = Math.min(chunk.length, at + this.#left)
    this.#left -= to - at
    this.#into?.decode(chunk, at, to)
    return to
  }
  get ended(): boolean {
    return this.#left === 0
  }
  get wait(): Promise<void> | undefined {
    return this.#into?.intake.wait
  }
}
