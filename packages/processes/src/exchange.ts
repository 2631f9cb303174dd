/** The primary's side of what is one for all workers. */
import type { Json } from '@postern/core'
import { Ledger } from './ledger.ts'
import type { SharedWish, Ticket, ToWorker } from './protocol.ts'

export interface Member {
  send(message: ToWorker): void
}
export class Exchange {
  readonly #ledger = new Ledger()
  readonly #hearers = new Map<string, Set<Member>>()

  /** Does what one message asks, and answers it in one. */
  serve(from: Member, wishes: readonly SharedWish[]): void {
    const answers: [Ticket, number][] = []
    for (const wish of wishes) {
      const answer = this.#do(from, wish)
      if (answer !== undefined) answers.push([wish[1] as Ticket, answer])
    }
    if (answers.length > 0) from.send({ kind: 'shared', answers })
  }
  #do(from: Member, wish: SharedWish): number | undefined {
    switch (wish[0]) {
      case 'count':
        return this.#ledger.count(wish[2], wish[3], wish[4])
      case 'lease':
        return this.#ledger.lease(from, wish[1], wish[2], wish[3], wish[4])
      case 'free':
        return void this.#ledger.free(from, wish[1])
      case 'tell':
        return this.#tell(from, wish[1], wish[2])
      case 'hear':
        return void this.#hearers.set(wish[1], (this.#hearers.get(wish[1]) ?? new Set()).add(from))
      case 'deaf':
        return void this.#hearers.get(wish[1])?.delete(from)
    }
  }
  /** Its own subscribers have been told already. */
  #tell(from: Member, topic: string, message: Json): undefined {
    for (const member of this.#hearers.get(topic) ?? [])
      if (member !== from) member.send({ kind: 'heard', topic, message })
  }
  gone(member: Member): void {
    this.#ledger.gone(member)
    for (const [topic, hearers] of this.#hearers) {
      hearers.delete(member)
      if (hearers.size === 0) this.#hearers.delete(topic)
    }
  }
}
