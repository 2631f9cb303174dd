/** The postmaster's copies: sent once the sender's report is durable, and never in its way. */
import type { Facts, MessageDraft, Mta } from '@postern/core'

/** Reports between their making and their commit; more than that are of commits that failed and were not tried again. */
const WAITING = 1000

export class Copies {
  readonly #mta: Mta
  /** by the message that is told of; a reload may come between a report's making and its commit */
  readonly #kept: () => Map<string, MessageDraft>

  constructor(mta: Mta) {
    this.#mta = mta
    this.#kept = mta.keep(
      `${mta.name}/copies`,
      () => new Map<string, MessageDraft>(),
      (waiting) => waiting.clear(),
    )
    mta.on.received.tap((fact) => this.#received(fact))
  }
  /** Sends `draft` when the report on `of` is durable. A report that is made again replaces the copy that waits. */
  after(of: string, draft: MessageDraft | undefined): void {
    const waiting = this.#kept()
    waiting.delete(of)
    if (!draft) return
    if (waiting.size >= WAITING) waiting.delete(waiting.keys().next().value!)
    waiting.set(of, draft)
  }
  /** A refused copy is logged, no more: the mail is told of already. */
  send(of: string, draft: MessageDraft): void {
    this.#mta.background(async () => {
      await this.#mta.submit(draft, { kind: 'bounce', of })
    })
  }
  #received({ origin, sender }: Facts['received']): undefined {
    // a copy of our own has the same origin, but a sender
    if (origin.kind !== 'bounce' || origin.by !== this.#mta.name || sender !== '') return
    const draft = this.#kept().get(origin.of)
    if (!draft) return
    this.#kept().delete(origin.of)
    this.send(origin.of, draft)
  }
}
