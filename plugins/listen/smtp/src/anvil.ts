/** Connections, messages and recipients of each client address, counted over a time unit (Postfix's anvil). */
import type { Clock } from '@postern/core'
import type { Networks } from './networks.ts'

export interface AnvilLimits {
  /** at a time; 0 is no limit, here and below */
  readonly connections: number
  /** in a time unit */
  readonly connectionRate: number
  readonly messageRate: number
  readonly recipientRate: number
  /** ms */
  readonly unit: number
  readonly exceptions: Networks
}
interface Client {
  open: number
  since: number
  connections: number
  messages: number
  recipients: number
}

export class Anvil {
  readonly #limits: AnvilLimits
  readonly #clock: Clock
  readonly #clients = new Map<string, Client>()

  constructor(limits: AnvilLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
  }

  /** Counts a connection; says which limit it is over. Each `connect` needs its `disconnect`. */
  connect(address: string): 'count' | 'rate' | undefined {
    const client = this.#client(address)
    client.open++
    client.connections++
    const { connections, connectionRate, exceptions } = this.#limits
    const tooMany = connections > 0 && client.open > connections
    const tooFast = connectionRate > 0 && client.connections > connectionRate
    if ((!tooMany && !tooFast) || exceptions.has(address)) return undefined
    return tooMany ? 'count' : 'rate'
  }
  disconnect(address: string): void {
    const client = this.#clients.get(address)
    if (!client || --client.open > 0) return
    if (!this.#rated() || this.#clock.now() - client.since >= this.#limits.unit) this.#clients.delete(address)
  }
  /** True: over the limit. */
  message(address: string): boolean {
    const limit = this.#limits.messageRate
    return limit > 0 && ++this.#client(address).messages > limit && !this.#limits.exceptions.has(address)
  }
  recipient(address: string): boolean {
    const limit = this.#limits.recipientRate
    return limit > 0 && ++this.#client(address).recipients > limit && !this.#limits.exceptions.has(address)
  }
  /** Forgets who has been away for a time unit: memory is bounded by the clients of one. */
  sweep(): void {
    const now = this.#clock.now()
    for (const [address, client] of this.#clients)
      if (client.open <= 0 && now - client.since >= this.#limits.unit) this.#clients.delete(address)
  }

  #rated(): boolean {
    return this.#limits.connectionRate > 0 || this.#limits.messageRate > 0 || this.#limits.recipientRate > 0
  }
  #client(address: string): Client {
    const now = this.#clock.now()
    let client = this.#clients.get(address)
    if (!client) {
      client = { open: 0, since: now, connections: 0, messages: 0, recipients: 0 }
      this.#clients.set(address, client)
    } else if (now - client.since >= this.#limits.unit) {
      Object.assign(client, { since: now, connections: 0, messages: 0, recipients: 0 })
    }
    return client
  }
}
