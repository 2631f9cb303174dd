/**
 * Connections, messages and recipients of each client address, counted over a time unit (Postfix's anvil); one count for
 * all processes that share the work.
 */
import type { Lease, MaybePromise, Shared } from '@postern/core'

export interface AnvilLimits {
  /** at a time; 0 is no limit, here and below */
  readonly connections: number
  /** in a time unit */
  readonly connectionRate: number
  readonly messageRate: number
  readonly recipientRate: number
  /** ms */
  readonly unit: number
}
type Over = 'count' | 'rate' | undefined

interface Client {
  readonly places: Lease[]
  /** of a connection that has gone, for the next one: a client that comes again and again costs no question */
  idle?: { readonly place: Lease; fresh: boolean }
  /** connections that were gone before their place had come */
  gone: number
}

/** below this limit a place that nobody uses would be missed elsewhere */
const SPARES_ABOVE = 20

export class Anvil {
  readonly limits: AnvilLimits
  readonly #service: string
  readonly #shared: Shared
  readonly #clients = new Map<string, Client>()

  /** `service`: the listener's name; each counts for itself */
  constructor(service: string, limits: AnvilLimits, shared: Shared) {
    this.#service = service
    this.limits = limits
    this.#shared = shared
  }

  /** Counts a connection; says which limit it is over. Each `connect` needs its `disconnect`. */
  connect(address: string): MaybePromise<Over> {
    const { connections, connectionRate } = this.limits
    const place = connections > 0 ? this.#place(address, connections) : true
    const fast = this.#over('connection', address, connectionRate)
    const verdict = (free: boolean, tooFast: boolean): Over => (free ? (tooFast ? 'rate' : undefined) : 'count')
    if (typeof place === 'boolean' && typeof fast === 'boolean') return verdict(place, fast)
    return Promise.all([place, fast]).then(([free, tooFast]) => verdict(free, tooFast))
  }
  disconnect(address: string): void {
    if (this.limits.connections === 0) return
    const client = this.#client(address)
    const place = client.places.pop()
    if (!place) client.gone++
    else if (place.granted > 0 && !client.idle && this.limits.connections >= SPARES_ABOVE)
      client.idle = { place, fresh: true }
    else place.release()
    this.#forget(address, client)
  }
  /** To be called from time to time: places that nobody came back for are given back. */
  sweep(): void {
    for (const [address, client] of this.#clients) {
      if (!client.idle) continue
      if (client.idle.fresh) client.idle.fresh = false
      else {
        client.idle.place.release()
        client.idle = undefined
        this.#forget(address, client)
      }
    }
  }
  /** True: over the limit. */
  message(address: string): MaybePromise<boolean> {
    return this.#over('message', address, this.limits.messageRate)
  }
  recipient(address: string): MaybePromise<boolean> {
    return this.#over('recipient', address, this.limits.recipientRate)
  }

  #over(what: string, address: string, limit: number): MaybePromise<boolean> {
    if (limit <= 0) return false
    const count = this.#shared.count(this.#key(what, address), 1, this.limits.unit)
    return typeof count === 'number' ? count > limit : count.then((n) => n > limit)
  }
  #place(address: string, limit: number): MaybePromise<boolean> {
    const client = this.#clients.get(address)
    if (client?.idle) {
      client.places.push(client.idle.place)
      client.idle = undefined
      return true
    }
    const lease = this.#shared.lease(this.#key('open', address), 1, limit)
    return lease instanceof Promise ? lease.then((l) => this.#placed(address, l)) : this.#placed(address, lease)
  }
  #placed(address: string, lease: Lease): boolean {
    const client = this.#client(address)
    if (client.gone > 0) {
      client.gone--
      lease.release()
    } else client.places.push(lease)
    this.#forget(address, client)
    return lease.granted > 0
  }
  #key(what: string, address: string): string {
    return `anvil:${this.#service}:${what}:${address}`
  }
  #client(address: string): Client {
    const client = this.#clients.get(address) ?? { places: [], gone: 0 }
    this.#clients.set(address, client)
    return client
  }
  #forget(address: string, client: Client): void {
    if (client.places.length === 0 && client.gone === 0 && !client.idle) this.#clients.delete(address)
  }
}
