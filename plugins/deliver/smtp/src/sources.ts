/** Our own addresses that connections come from: one, a pool, or a pool by sender domain or next hop. */
import { isIP } from 'node:net'
import type { Call, Clock, Deferred, Job, Logger, MaybePromise, Table } from '@postern/core'
import { deferred } from '@postern/core'

/** The addresses of a pool in the order in which they are to be tried, by family. */
export interface Source {
  readonly 4: readonly string[]
  readonly 6: readonly string[]
  /** connections with the same key are interchangeable */
  readonly key: string
}
export interface SourceOptions {
  /** where the table names none; empty: the system chooses */
  readonly pool: readonly string[]
  readonly table?: Table
  /** each next hop sees one address, as long as the pool is the same */
  readonly sticky: boolean
  /** no connection from another address than these */
  readonly enforce: boolean
}
/** ms an address that could not be bound is left out; nothing is logged about it meanwhile */
const LEFT_OUT = 60_000

const BAD_TABLE = 'source address lookup failure'
export const ANY: Source = Object.freeze({ 4: [], 6: [], key: '' })

export class Sources {
  readonly enforce: boolean
  readonly #options: SourceOptions
  readonly #clock: Clock
  readonly #leftOut = new Map<string, number>()
  #turn = 0

  constructor(options: SourceOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
    this.enforce = options.enforce
  }
  /** Waits only where a table has to be asked. Mail does not leave from another address because the table is away. */
  choose(job: Job, call: Call): MaybePromise<Source | Deferred> {
    const { pool, table } = this.#options
    if (!table) return this.#ordered(pool, job.nexthop)
    return fromTable(table, job, call).then((found) =>
      found !== undefined && 'kind' in found ? found : this.#ordered(found ?? pool, job.nexthop),
    )
  }
  /** Those that could be bound when last tried. */
  usable(addresses: readonly string[]): readonly string[] {
    if (this.#leftOut.size === 0) return addresses
    const now = this.#clock.now()
    return addresses.filter((a) => (this.#leftOut.get(a) ?? 0) <= now)
  }
  unusable(address: string, cause: unknown, log: Logger): void {
    this.#leftOut.set(address, this.#clock.now() + LEFT_OUT)
    log.warn('smtp.bind.failed', { address, cause })
  }

  #ordered(pool: readonly string[], nexthop: string): Source {
    if (pool.length === 0) return ANY
    const at = this.#options.sticky ? hash(nexthop.toLowerCase()) : this.#turn++
    const family = (f: 4 | 6) => {
      const all = pool.filter((a) => isIP(a) === f)
      const good = this.usable(all)
      // those left out stay in the list: one that is not empty is what may be enforced
      return good.length > 0 ? good.map((_, i) => good[(at + i) % good.length]!) : all
    }
    const [v4, v6] = [family(4), family(6)]
    return { 4: v4, 6: v6, key: ` from ${v4[0] ?? ''} ${v6[0] ?? ''}` }
  }
}

/** By the sender's domain (`<>` for the null sender), then by the next hop without brackets and port. */
async function fromTable(table: Table, job: Job, call: Call): Promise<readonly string[] | Deferred | undefined> {
  const { sender } = job.envelope
  const domain = sender === '' ? '<>' : sender.slice(sender.lastIndexOf('@') + 1)
  const host = job.nexthop.replace(/^inet:/, '').replace(/^\[([^\]]*)\].*$|^([^:]*):[^:]*$/, '$1$2')
  for (const key of [domain.toLowerCase(), host.toLowerCase()]) {
    const answer = await table.get(key, call)
    if (answer.kind === 'failed') return deferred('4.3.0', BAD_TABLE, { cause: answer.cause })
    if (answer.kind === 'absent') continue
    const addresses = answer.value.split(/[\s,]+/).filter(Boolean)
    if (addresses.length > 0 && addresses.every((a) => isIP(a) !== 0)) return addresses
    return deferred('4.3.5', BAD_TABLE, { cause: `${table.name}: ${key}: expected addresses, not "${answer.value}"` })
  }
  return undefined
}

/** FNV-1a: the same in every process and after a restart. */
function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h >>> 0
}
