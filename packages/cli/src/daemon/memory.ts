/**
 * Memory that a burst took and nobody needs any more: V8 keeps it, because it collects when something is allocated, and an
 * idle daemon allocates nothing. With a process a worker that is a hundred megabytes of a machine's.
 */
import { Session } from 'node:inspector'
import { getHeapStatistics } from 'node:v8'

/** ms between looks */
const LOOK = 5000
/**
 * Looks in a row that find the process idle. A collection takes compiled code along, whose objects are gone: what comes behind it costs
 * twice as much for a second or two (docs/performance.md), so a pause between two bursts is not worth one.
 */
const LOOKS = 12
/** a share of that, in CPU time: below it a process is idle, and nobody waits for what a collection takes (some 50 ms) */
const IDLE = 0.02
/** bytes of heap since the last collection that are worth one */
const WORTH = 16 * 1024 * 1024

interface IdleMemoryOptions {
  /** ms between looks */
  readonly every?: number
  /** how many in a row must find nothing to do */
  readonly looks?: number
  readonly collect?: () => Promise<void>
}

export class IdleMemory {
  readonly #o: Required<IdleMemoryOptions>
  #cpu = process.cpuUsage()
  #kept = 0
  #idle = 0
  readonly #looks: NodeJS.Timeout

  constructor(options: IdleMemoryOptions = {}) {
    this.#o = { every: LOOK, looks: LOOKS, collect: collectAll, ...options }
    this.#looks = setInterval(() => void this.#look(), this.#o.every).unref()
  }
  stop(): void {
    clearInterval(this.#looks)
  }
  async #look(): Promise<void> {
    const { user, system } = process.cpuUsage(this.#cpu)
    this.#cpu = process.cpuUsage()
    this.#idle = user + system > this.#o.every * 1000 * IDLE ? 0 : this.#idle + 1
    if (this.#idle < this.#o.looks) return
    if (getHeapStatistics().total_heap_size - this.#kept < WORTH) return
    await this.#o.collect()
    this.#kept = getHeapStatistics().total_heap_size
  }
}
/** Everything that can go, the space that young objects had included; no flag of the process has to be set for it. */
async function collectAll(): Promise<void> {
  const session = new Session()
  session.connect()
  await new Promise((done) => session.post('HeapProfiler.collectGarbage', done))
  session.disconnect()
}
