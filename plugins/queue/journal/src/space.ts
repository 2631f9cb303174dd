/** Is there room for new mail? */
import { statfs } from 'node:fs/promises'

const INTERVAL = 1000
/** free space must come this far above the limit before mail is taken again: no flapping */
const HIGH_WATER = 1.25

/** Node has no name for it: its code is `Unknown system error -122`. */
const EDQUOT = -122
/** No room, or none that this user may have. */
export function isFull(error: unknown): boolean {
  const { code, errno } = error as NodeJS.ErrnoException
  return code === 'ENOSPC' || errno === EDQUOT
}

export class Space {
  readonly #path: string
  readonly #least: number
  #checked = 0
  #checking = false
  #refusing: string | undefined

  /** `least`: bytes that must be free */
  constructor(path: string, least: number) {
    this.#path = path
    this.#least = least
  }

  /** Why mail is refused, as of the last look; looks again in the background, at most once a second. */
  get refusing(): string | undefined {
    if (!this.#checking && performance.now() - this.#checked > INTERVAL) void this.look()
    return this.#refusing
  }
  async look(): Promise<void> {
    this.#checking = true
    try {
      const { bavail, bsize } = await statfs(this.#path)
      const free = bavail * bsize
      const limit = this.#refusing ? this.#least * HIGH_WATER : this.#least
      this.#refusing = free < limit ? `${free} bytes free, ${limit} needed` : undefined
    } catch (error) {
      this.#refusing = `free space unknown: ${(error as Error).message}`
    } finally {
      this.#checking = false
      this.#checked = performance.now()
    }
  }
}
