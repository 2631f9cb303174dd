/** The content that is on its way, and what follows it. */
import type { ContentReader } from './content.ts'
import type { Intake } from './intake.ts'
import type { CommandStream } from './stream.ts'
import type { Pending } from './transaction.ts'

export class Transfer {
  /** when it was asked for, on the performance clock */
  since = 0
  #intake: Intake | undefined
  #then: (() => Pending) | undefined

  /** `then` runs when it is complete; without a parser, of a client that has gone, it never is. */
  expect(parser: CommandStream | false, reader: ContentReader, intake: Intake | undefined, then: () => Pending): void {
    this.#then = then
    this.#intake = intake
    this.since = performance.now()
    if (!parser) return
    parser.taken = 0
    parser.heldMs = 0
    parser.expect(reader)
  }
  get expected(): boolean {
    return this.#then !== undefined
  }
  complete(): Pending {
    const then = this.#then
    this.#then = undefined
    return then?.()
  }
  /** The message will not be taken. */
  abort(): void {
    this.#intake?.abort()
    this.#intake = undefined
  }
}
