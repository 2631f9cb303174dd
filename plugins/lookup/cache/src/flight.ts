/** One request to a table for all who ask the same meanwhile. It is given up when the last of them has gone. */
import { failed } from '@postern/core'
import type { Call, Lookup } from '@postern/core'

export class Flight {
  /** what the table is asked with: the first asker's clock, deadline and log, and an abort of its own */
  readonly call: Call
  readonly #controller = new AbortController()
  #answer: Promise<Lookup> | undefined
  #waiting = 0
  #over = false
  readonly #abandoned: () => void

  constructor(first: Call, abandoned: () => void) {
    this.#abandoned = abandoned
    const { signal } = this.#controller
    this.call = {
      clock: first.clock,
      deadline: first.deadline,
      log: first.log,
      dry: false,
      signal,
      get aborted() {
        return signal.aborted
      },
      onAbort(fn) {
        const told = () => fn(signal.reason as Error)
        signal.addEventListener('abort', told, { once: true })
        return () => signal.removeEventListener('abort', told)
      },
    }
  }
  /** A failure now may be the askers' doing and not the table's: they have gone, or the first one's time is over. */
  get spoilt(): boolean {
    return this.call.aborted || this.call.clock.now() >= this.call.deadline
  }
  /** Must not reject. Once, before anybody joins. */
  started(answer: Promise<Lookup>): void {
    this.#answer = answer.then((a) => {
      this.#over = true
      return a
    })
  }
  /** Waits for the answer; an abort ends this wait alone. */
  join(call: Call): Promise<Lookup> {
    this.#waiting++
    return new Promise((resolve) => {
      const forget = call.onAbort((reason) => {
        resolve(failed(`the request was given up: ${reason instanceof Error ? reason.message : String(reason)}`))
        if (--this.#waiting === 0 && !this.#over) this.abandon()
      })
      void this.#answer!.then((answer) => {
        forget()
        resolve(answer)
      })
    })
  }
  /** Nobody waits any more. */
  abandon(): void {
    this.#abandoned()
    this.#controller.abort(new Error('nobody waits for the answer'))
  }
}
