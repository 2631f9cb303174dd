/** How much of what waits one idle connection is given. */
import type { Asked } from './asked.ts'
import type { Wire } from './wire.ts'

/** ms in which a share should be answered: a server that is quick gets larger ones, and costs less for each */
const AIM = 1

export class Shares {
  readonly #depth: number
  /** ms for one query, as the last ones were answered */
  #each = Infinity
  readonly #sent = new WeakMap<Wire, { at: number; count: number }>()

  constructor(depth: number) {
    this.#depth = depth
  }
  /** Where the share ends that begins at `at`. `idle` and `all`: connections, this one among them. */
  end(waiting: readonly Asked[], at: number, idle: number, all: number): number {
    const left = waiting.length - at
    const quick = Math.floor(AIM / this.#each)
    const fair = Math.max(Math.ceil(left / all), Math.min(quick, Math.ceil(left / idle)))
    let end = at + 1
    const most = at + Math.min(fair, this.#depth)
    if (!waiting[at]!.alone) while (end < most && !waiting[end]!.alone) end++
    return end
  }
  sent(wire: Wire, count: number): void {
    this.#sent.set(wire, { at: performance.now(), count })
  }
  /** All is answered. */
  measured(wire: Wire): void {
    const sent = this.#sent.get(wire)
    if (!sent) return
    const each = (performance.now() - sent.at) / sent.count
    this.#each = this.#each === Infinity ? each : this.#each + (each - this.#each) / 8
  }
}
