/**
 * Where lines go: gathered in memory and written in one system call. A full disk or a pipe whose reader is slow costs lines
 * (counted and told), never the process and never a wait.
 */
import { closeSync, openSync, writeSync } from 'node:fs'

export interface OutputOptions {
  /** `-` is stdout */
  readonly file: string
  /** bytes gathered before a write; default 16 KiB */
  readonly minLength?: number
  /** ms after which a shorter rest is written; default 100 */
  readonly flushAfter?: number
  /** bytes kept while the file cannot be written; default 1 MiB */
  readonly maxLength?: number
  /** told once per fault */
  readonly onFault: (error: Error) => void
}
export interface Output {
  /** a whole line with its line end; never throws */
  write(line: string): void
  flush(): void
  /** a new file under the same name, after a rotation */
  reopen(): void
  close(): void
}

export function openOutput(options: OutputOptions): Output {
  return new BufferedOutput(options)
}

class BufferedOutput implements Output {
  readonly #file: string
  readonly #minLength: number
  readonly #flushAfter: number
  readonly #maxLength: number
  readonly #onFault: (error: Error) => void
  #fd: number | undefined
  #lines = ''
  /** what a partial write left over */
  #rest: Buffer | undefined
  #timer: NodeJS.Timeout | undefined
  #faulty = false
  #dropped = 0

  constructor(options: OutputOptions) {
    this.#file = options.file
    this.#minLength = options.minLength ?? 16_384
    this.#flushAfter = options.flushAfter ?? 100
    this.#maxLength = options.maxLength ?? 1_048_576
    this.#onFault = options.onFault
    this.#open()
  }
  write(line: string): void {
    if (this.#lines.length + (this.#rest?.length ?? 0) > this.#maxLength) {
      this.#dropped++
      return
    }
    this.#lines += line
    // while the file is at fault the timer tries again, not every line
    if (this.#lines.length >= this.#minLength && !this.#faulty) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), this.#flushAfter).unref()
  }
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#lines === '' && this.#rest === undefined) return
    if (this.#fd === undefined) this.#open()
    if (this.#fd === undefined) return
    let bytes = this.#rest ? Buffer.concat([this.#rest, Buffer.from(this.#lines)]) : Buffer.from(this.#lines)
    this.#lines = ''
    this.#rest = undefined
    try {
      while (bytes.length > 0) bytes = bytes.subarray(writeSync(this.#fd, bytes))
      this.#recovered()
    } catch (error) {
      this.#rest = bytes
      this.#fault(error as NodeJS.ErrnoException)
    }
  }
  reopen(): void {
    this.flush()
    this.#closeFile()
    this.#open()
  }
  close(): void {
    this.flush()
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#closeFile()
  }
  #open(): void {
    if (this.#file === '-') {
      this.#fd = 1
      return
    }
    try {
      this.#fd = openSync(this.#file, 'a', 0o640)
    } catch (error) {
      this.#fault(error as NodeJS.ErrnoException)
    }
  }
  #closeFile(): void {
    const fd = this.#fd
    this.#fd = undefined
    if (fd === undefined || fd === 1) return
    try {
      closeSync(fd)
    } catch (error) {
      this.#fault(error as NodeJS.ErrnoException)
    }
  }
  #fault(error: NodeJS.ErrnoException): void {
    this.#timer ??= setTimeout(() => this.flush(), this.#flushAfter).unref()
    // a slow reader of a pipe is no fault
    if (error.code === 'EAGAIN' || this.#faulty) return
    this.#faulty = true
    this.#onFault(error)
  }
  #recovered(): void {
    this.#faulty = false
    if (this.#dropped === 0) return
    const lost = this.#dropped
    this.#dropped = 0
    this.#onFault(new Error(`${lost} log lines were lost while the log could not be written`))
  }
}
