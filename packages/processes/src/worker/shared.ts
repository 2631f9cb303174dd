/** What is one for all workers, kept by the primary. Questions of one turn of the event loop go in one message. */
import { PassingMap } from '@postern/core'
import type { Json, Lease, MaybePromise, Shared } from '@postern/core'
import type { SharedWish, Ticket, ToWorker } from '../protocol.ts'
import type { Channel } from './channel.ts'

/** ms after which a primary that does not answer is as good as gone, for this question */
const PATIENCE = 1000

interface Asking {
  answer(value: number): void
  /** answers from this process's own memory */
  alone(): void
}
export class RemoteShared implements Shared {
  readonly #channel: Channel
  readonly #local: Shared
  readonly #asking = new PassingMap<Ticket, Asking>()
  #wishes: SharedWish[] = []
  #last = 0

  /** `local`: this process's own memory, for its subscribers and for when the primary is gone */
  constructor(channel: Channel, local: Shared) {
    this.#channel = channel
    this.#local = local
    channel.on((message) => this.#take(message))
    channel.onGone(() => this.#alone([...this.#asking.keys()]))
  }
  count(key: string, by: number, window: number): MaybePromise<number> {
    if (!this.#channel.open) return this.#local.count(key, by, window)
    return new Promise((resolve) => {
      this.#ask(['count', ++this.#last, key, by, window], {
        answer: resolve,
        alone: () => resolve(this.#local.count(key, by, window)),
      })
    })
  }
  lease(key: string, wanted: number, limit: number): MaybePromise<Lease> {
    if (!this.#channel.open) return this.#local.lease(key, wanted, limit)
    return new Promise((resolve) => {
      const ticket = ++this.#last
      this.#ask(['lease', ticket, key, wanted, limit], {
        answer: (granted) => resolve(this.#lease(ticket, granted)),
        alone: () => resolve(this.#local.lease(key, wanted, limit)),
      })
    })
  }
  #lease(ticket: Ticket, granted: number): Lease {
    let held = granted > 0
    const release = (): void => {
      if (held) this.#wish(['free', ticket])
      held = false
    }
    return { granted, release }
  }
  publish(topic: string, message: Json): void {
    this.#local.publish(topic, message)
    this.#wish(['tell', topic, message])
  }
  subscribe(topic: string, fn: (message: Json) => void): () => void {
    // the primary is told of each subscriber of ours once: it sends a message once
    const first = !this.#topics.has(topic)
    this.#topics.set(topic, (this.#topics.get(topic) ?? 0) + 1)
    if (first) this.#wish(['hear', topic])
    const end = this.#local.subscribe(topic, fn)
    let over = false
    return () => {
      end()
      if (!over) this.#unsubscribe(topic)
      over = true
    }
  }
  readonly #topics = new Map<string, number>()
  #unsubscribe(topic: string): void {
    const left = this.#topics.get(topic)! - 1
    if (left > 0) return void this.#topics.set(topic, left)
    this.#topics.delete(topic)
    this.#wish(['deaf', topic])
  }

  #ask(wish: SharedWish & readonly [string, Ticket, ...unknown[]], asking: Asking): void {
    this.#asking.set(wish[1], asking)
    this.#wish(wish)
  }
  #wish(wish: SharedWish): void {
    if (this.#wishes.push(wish) === 1) setImmediate(() => this.#flush())
  }
  #flush(): void {
    const wishes = this.#wishes
    this.#wishes = []
    if (!this.#channel.open) return this.#alone([...this.#asking.keys()])
    this.#channel.send({ kind: 'shared', wishes })
    const tickets = wishes.flatMap((w) => (w[0] === 'count' || w[0] === 'lease' ? [w[1]] : []))
    if (tickets.length > 0) setTimeout(() => this.#alone(tickets), PATIENCE).unref()
  }
  #take(message: ToWorker): void {
    if (message.kind === 'heard') return this.#local.publish(message.topic, message.message)
    if (message.kind !== 'shared') return
    for (const [ticket, value] of message.answers) {
      const asking = this.#asking.get(ticket)
      this.#asking.delete(ticket)
      if (asking) asking.answer(value)
      // nobody waited so long: places that were given come back
      else this.#wish(['free', ticket])
    }
  }
  #alone(tickets: readonly Ticket[]): void {
    for (const ticket of tickets) {
      const asking = this.#asking.get(ticket)
      this.#asking.delete(ticket)
      asking?.alone()
    }
  }
}
