import type { Outcome } from '@postern/core'

/**
 * Deliveries to one file take turns in this process, so that they do not fight for its locks. Whoever waited for one that had to be
 * deferred is deferred with it: a mailbox that is locked for a long time costs its patience once, and not once a message.
 */
export class OneAtATime {
  /** of each file the last one in line; `undefined`: nobody knows how it ended */
  readonly #last = new Map<string, Promise<Outcome | undefined>>()

  /** Throws what `deliver` throws. */
  async run(key: string, deliver: () => Promise<Outcome>): Promise<Outcome> {
    const own = this.#after(this.#last.get(key), deliver)
    const told = own.catch(() => undefined)
    this.#last.set(key, told)
    try {
      return await own
    } finally {
      if (this.#last.get(key) === told) this.#last.delete(key)
    }
  }
  async #after(before: Promise<Outcome | undefined> | undefined, deliver: () => Promise<Outcome>): Promise<Outcome> {
    const outcome = await before
    return outcome?.kind === 'deferred' ? outcome : deliver()
  }
}
