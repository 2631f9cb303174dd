/** What cleanup has found out about the recipients of a message, kept until they are resolved: each is looked up once. */
import type { mapAddress } from '@postern/maps'

/** Addresses, or `undefined`: none. A failure is not kept. */
export type Expansion = Exclude<Awaited<ReturnType<typeof mapAddress>>, { kind: string }>

/** recipients of all messages together; what is no longer there is looked up again */
const LIMIT = 10_000

export class Noted {
  readonly #messages = new Map<string, Map<string, Expansion>>()
  #size = 0

  get size(): number {
    return this.#size
  }
  put(message: string, recipients: Map<string, Expansion>): void {
    if (recipients.size === 0) return
    this.#messages.set(message, recipients)
    this.#size += recipients.size
    // held mail may not be resolved for days
    for (const [oldest, { size }] of this.#messages) {
      if (this.#size <= LIMIT) break
      this.#messages.delete(oldest)
      this.#size -= size
    }
  }
  /** Gives it once: the next attempt asks the tables, which may have changed. */
  take(message: string, recipient: string): { readonly found: Expansion } | undefined {
    const recipients = this.#messages.get(message)
    if (!recipients?.has(recipient)) return undefined
    const found = recipients.get(recipient)
    recipients.delete(recipient)
    this.#size--
    if (recipients.size === 0) this.#messages.delete(message)
    return { found }
  }
}
