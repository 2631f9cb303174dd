/** Standard output in few writes: a queue of 100,000 messages is not that many system calls. */
import { writeSync } from 'node:fs'

const BATCH = 65_536

export class Printer {
  #text = ''
  print(more: string): void {
    this.#text += more
    if (this.#text.length > BATCH) this.flush()
  }
  /** A reader that has gone ends the program. */
  flush(): void {
    const bytes = Buffer.from(this.#text)
    this.#text = ''
    try {
      for (let at = 0; at < bytes.length;) at += written(bytes, at)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
      process.exit(0)
    }
  }
}
/** A pipe that is full is waited for: Node's standard output may have been set not to block. */
function written(bytes: Buffer, at: number): number {
  try {
    return writeSync(1, bytes, at)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    Atomics.wait(IDLE, 0, 0, 10)
    return 0
  }
}
const IDLE = new Int32Array(new SharedArrayBuffer(4))
