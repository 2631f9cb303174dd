/** One step of a dialogue at a time: now or later, what is counted against the client behind it, and whether it goes on. */
import type { Connection } from './connection.ts'
import type { Outbox } from './outbox.ts'
import { LOCAL_ERROR } from './replies.ts'
import type { Speech } from './speech.ts'
import type { Pending } from './transaction.ts'

export class Turns {
  /** the command is one of those that do nothing: too many of them are errors */
  junk = false
  readonly #c: Connection
  readonly #speech: Speech
  readonly #out: Outbox
  #timer: NodeJS.Timeout | undefined

  constructor(c: Connection, speech: Speech, out: Outbox) {
    this.#c = c
    this.#speech = speech
    this.#out = out
  }

  /** True: answered. False: the parser is told when it may go on. */
  run(step: () => Pending): boolean {
    this.#speech.failed = false
    this.junk = false
    let pending: Pending
    try {
      pending = step()
    } catch (cause) {
      this.#fault(cause)
    }
    if (!pending) return this.#settle()
    this.#out.flushSoon()
    pending
      .catch((cause: unknown) => this.#fault(cause))
      .then(() => {
        if (this.#settle()) this.#c.goOn()
      })
      .catch((cause: unknown) => this.#c.log.error('session.fault', { cause }))
    return false
  }
  /** Our own mistake: the dialogue's state is not to be trusted any more. */
  #fault(cause: unknown): void {
    this.#c.log.error('session.fault', { command: this.#speech.command, cause })
    this.#c.reply(LOCAL_ERROR)
  }

  /** After each command: errors are counted, and whoever has used up our patience goes. */
  #settle(): boolean {
    const c = this.#c
    if (c.gone) return true
    const thin = c.patience.thin
    if (this.#speech.failed) c.patience.error()
    if (this.junk) c.patience.junk()
    if (!this.#speech.leaving) this.#maybeLeave()
    if (thin && c.settings.errorSleep > 0) {
      this.#timer = setTimeout(() => {
        if (this.#speech.leaving) c.hangUp()
        c.goOn()
      }, c.settings.errorSleep)
      return false
    }
    if (this.#speech.leaving) c.hangUp()
    return true
  }
  #maybeLeave(): void {
    const c = this.#c
    if (c.patience.spent) c.refuse('limits', c.settings.replies.tooManyErrors)
    else if (c._server.draining && c.idle) c.reply(c.settings.replies.shuttingDown)
  }

  dispose(): void {
    clearTimeout(this.#timer)
  }
}
