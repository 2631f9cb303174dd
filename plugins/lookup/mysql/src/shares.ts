/** How much of what waits one idle connection is given. */
import type { Asked } from './asked.ts'
import type { Wire } from './wire.ts'

/** ms in which a share should be answered: larger ones cost less for each query, and nobody waits long in one */
const AIM = 2

export class Shares {
  readonly #depth: number
  /** ms for one query, as the last ones were answered */
  #each = Infinity
  readonly #sent = new WeakMap<Wire, { at: number; count: number }>()

  constructor(depth: number) {
    this.#depth = depth
  }
  /**
   * Where the share of `wire` ends that begins at `at`: an equal one of `all` connections, or more, as much as will be
   * answered at once.
   */
  end(wire: Pick<Wire, 'several'>, waiting: readonly Asked[], at: number, all: number): number {
    if (!wire.several) return at + 1
    const left = waiting.length - at
    const count = Math.max(Math.ceil(left / all), Math.floor(AIM / this.#each))
    const most = at + Math.min(left, count, this.#depth)
    let end = at + 1
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
