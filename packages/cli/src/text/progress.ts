/** A bar on a terminal, for work that takes long; nowhere else is it seen. */
import { span } from './units.ts'

const WIDTH = 30
/** ms between two pictures */
const PAUSE = 100

export class Progress {
  readonly #what: string
  readonly #total: number | undefined
  readonly #isSeen: boolean
  readonly #began = performance.now()
  #done = 0
  #drawn = 0

  /** Without a total it counts. `isLined`: lines are printed as it goes, which on a terminal tell enough. */
  constructor(what: string, total?: number, isLined = false) {
    this.#what = what
    this.#total = total
    this.#isSeen = Progress.isPossible && !(isLined && process.stdout.isTTY)
  }
  static get isPossible(): boolean {
    return process.stderr.isTTY
  }
  step(n = 1): void {
    this.reach(this.#done + n)
  }
  reach(done: number, total = this.#total): void {
    this.#done = done
    const now = performance.now()
    if (!this.#isSeen || now - this.#drawn < PAUSE) return
    this.#drawn = now
    process.stderr.write(`\r\x1b[K${progressLine(this.#what, done, total, now - this.#began)}`)
  }
  end(): void {
    if (this.#drawn > 0) process.stderr.write('\r\x1b[K')
    this.#drawn = 0
  }
}

/** `ms`: since it began */
export function progressLine(what: string, done: number, total: number | undefined, ms: number): string {
  if (!total) return `${what} ${done}`
  const part = Math.min(1, done / total)
  const full = Math.round(part * WIDTH)
  const left = part > 0 && part < 1 ? `, ${span((ms / part) * (1 - part))} left` : ''
  return `${what} [${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}] ${Math.floor(part * 100)}% of ${total}${left}`
}
