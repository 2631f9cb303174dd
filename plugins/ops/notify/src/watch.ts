/** One session under watch: its transcript, the classes of its errors, how it ended. */
import type { Reply } from '@postern/core'
import { classOf } from './classes.ts'
import type { ErrorClass, Source } from './classes.ts'
import { Secrets } from './secrets.ts'
import { Transcript } from './transcript.ts'
import type { Budget } from './transcript.ts'

export class Watch {
  readonly transcript: Transcript
  readonly errors = new Set<ErrorClass>()
  /** a notice of ours is being delivered to ourselves: what goes wrong with it is no news */
  muted = false
  readonly #secrets = new Secrets()
  #last: Reply | undefined
  #refusal: { readonly code: number; readonly from: Source } | undefined

  constructor(budget: Budget, lines: number) {
    this.transcript = new Transcript(budget, lines)
  }
  /** Comes before the reply that says it, whose text may have a footer by then. */
  refused(from: Source, { code }: Reply): void {
    this.#refusal = { code, from }
  }
  /** `line`: what the client said; absent when the reply is no answer, or not the first one */
  replied(verb: string, line: string | undefined, reply: Reply): void {
    this.transcript.add(line === undefined ? undefined : this.#secrets.shown(line, reply.code), reply)
    this.#last = reply
    const found = classOf(verb, reply, this.#sourceOf(reply))
    if (found) this.errors.add(found)
    // as in Postfix: mail that was taken in the end makes up for what went before
    if ((verb === 'DATA' || verb === 'BDAT') && reply.code === 250 && /queued/.test(text(reply))) this.errors.clear()
  }
  #sourceOf({ code }: Reply): Source {
    const refusal = this.#refusal
    this.#refusal = undefined
    return refusal?.code === code ? refusal.from : 'core'
  }
  /** Why the session ended before QUIT, in Postfix's words. */
  get reason(): string | undefined {
    const reply = this.#last
    if (reply?.code === 421 && reply.esc === '4.4.2') return 'timeout'
    if (reply?.code === 421 && /too many errors/.test(text(reply))) return 'too many errors'
    return reply?.close || reply?.code === 221 || reply?.code === 421 || reply?.code === 521
      ? undefined
      : 'lost connection'
  }
}
const text = (reply: Reply): string => (typeof reply.text === 'string' ? reply.text : reply.text.join(' '))
