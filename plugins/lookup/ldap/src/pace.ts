/**
 * How often a busy connection is read. A server sends each answer as soon as it has it, and to be woken for one costs more
 * than to deal with ten; so reading rests while the server has enough to do, and never for more than half of that.
 */

/** answers still to come below which nobody waits for more of them */
const FEW = 8
/** ms */
const LONGEST = 2

export class Pace {
  /** when it was read last, or asked when nothing was under way; of the process's clock */
  #since = 0
  /** answers a millisecond */
  #rate = 0

  /** The first request since all were answered. */
  begin(): void {
    this.#since = performance.now()
  }
  /** Whole ms to rest, 0 for none, behind a read that brought `came` answers and left as many to come as `left`. */
  rest(came: number, left: number): number {
    const now = performance.now()
    const rate = came / Math.max(0.01, now - this.#since)
    this.#since = now
    this.#rate = this.#rate === 0 ? rate : (this.#rate + rate) / 2
    if (left < FEW) return 0
    return Math.min(LONGEST, Math.floor(Math.min(left, (left + came) / 2) / this.#rate))
  }
}
