/** How long batches took to durability, of late. */

/** batches that are remembered */
const LATENCIES = 100
/** ms after which a slow batch is forgotten when nothing follows */
const SPAN = 10_000

export class Latency {
  readonly #latencies = new Float64Array(LATENCIES)
  #next = 0
  #measured = 0

  measure(ms: number): void {
    const now = performance.now()
    if (now - this.#measured > SPAN) this.#latencies.fill(0)
    this.#measured = now
    this.#latencies[this.#next++ % LATENCIES] = ms
  }
  /** ms of about the slowest in a hundred batches as long as there are some */
  get slowest(): number {
    return Math.max(...(performance.now() - this.#measured > SPAN ? [0] : this.#latencies))
  }
}
