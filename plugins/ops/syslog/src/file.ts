/** maillog_file: lines are appended in one system call, and a file that was renamed is left for a new one of its name. */
import { closeSync, fstatSync, openSync, statSync, writeSync } from 'node:fs'
import { FLUSH_AFTER, GATHERED, KEPT, Losses } from './output.ts'
import type { Output } from './output.ts'

/** ms between looks whether the file is still the one of its name */
const LOOK = 1000

export class FileOutput implements Output {
  readonly #file: string
  readonly #losses: Losses
  #fd: number | undefined
  #lines = ''
  /** what a partial write left over */
  #rest: Buffer | undefined
  #timer: NodeJS.Timeout | undefined
  #lookedAt = 0

  /** Throws when the file cannot be opened: Postfix does not start then either. */
  constructor(file: string, tell: (error: Error) => void) {
    this.#file = file
    this.#losses = new Losses(tell)
    this.#open()
  }
  write(line: string): void {
    if (this.#lines.length + (this.#rest?.length ?? 0) > KEPT) return this.#losses.line()
    this.#lines += line
    // while the file is at fault the timer tries again, not every line
    if (this.#lines.length >= GATHERED && !this.#losses.faulty) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_AFTER).unref()
  }
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#lines === '' && this.#rest === undefined) return
    let bytes = this.#rest ? Buffer.concat([this.#rest, Buffer.from(this.#lines)]) : Buffer.from(this.#lines)
    this.#lines = ''
    this.#rest = undefined
    try {
      this.#follow()
      while (bytes.length > 0) bytes = bytes.subarray(writeSync(this.#fd!, bytes))
      this.#losses.recovered()
    } catch (error) {
      this.#rest = bytes
      this.#timer ??= setTimeout(() => this.flush(), FLUSH_AFTER).unref()
      // a slow reader of a pipe is no fault
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') this.#losses.fault(error as Error)
    }
  }
  close(): void {
    this.flush()
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#shut()
  }
  #open(): void {
    this.#fd = this.#file === '/dev/stdout' ? 1 : openSync(this.#file, 'a', 0o644)
  }
  /** logrotate and `postfix logrotate` rename the file; nobody need tell us. */
  #follow(): void {
    if (this.#fd === 1) return
    const now = performance.now()
    if (this.#fd !== undefined && now - this.#lookedAt < LOOK) return
    this.#lookedAt = now
    if (this.#fd !== undefined && !this.#isThere(this.#fd)) this.#shut()
    if (this.#fd === undefined) this.#open()
  }
  #isThere(fd: number): boolean {
    const there = statSync(this.#file, { throwIfNoEntry: false })
    const own = fstatSync(fd)
    return there !== undefined && there.ino === own.ino && there.dev === own.dev
  }
  #shut(): void {
    const fd = this.#fd
    this.#fd = undefined
    if (fd !== undefined && fd !== 1) closeSync(fd)
  }
}
