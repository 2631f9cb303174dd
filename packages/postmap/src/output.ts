/** Standard output, in few writes, as fast as its reader takes them. */
import { once } from 'node:events'

const BATCH = 64 * 1024

export class Output {
  #parts: Buffer[] = []
  #size = 0

  async add(...parts: readonly (string | Buffer)[]): Promise<void> {
    for (const part of parts) {
      const bytes = typeof part === 'string' ? Buffer.from(part) : part
      this.#parts.push(bytes)
      this.#size += bytes.length
    }
    if (this.#size >= BATCH) await this.#flush()
  }
  async end(...parts: readonly (string | Buffer)[]): Promise<void> {
    await this.add(...parts)
    await this.#flush()
  }
  async #flush(): Promise<void> {
    if (this.#size === 0) return
    const bytes = Buffer.concat(this.#parts)
    this.#parts = []
    this.#size = 0
    if (!process.stdout.write(bytes)) await once(process.stdout, 'drain')
  }
}
