/** What is said to one client, what each reply answers, and whether the session goes on behind it. */
import { soften } from '@postern/core'
import type { Reply, Session } from '@postern/core'
import type { Outbox } from './outbox.ts'
import * as replies from './replies.ts'

/** Characters of a line that the `replied` fact is told. */
const LINE = 512
const AUTH = /^[ \t-\r]*AUTH/i

export class Speech {
  /** the core's side, which is told of replies; there from the greeting on */
  session: Session | undefined
  /** one of the replies to the command was a refusal */
  failed = false
  /** the client was told that the session ends */
  leaving = false
  /** refusals are for now, whatever they are (Postfix's soft_bounce) */
  soft = false
  /** what is put behind refusals */
  footer: ((reply: Reply) => Reply) | undefined
  readonly #out: Outbox
  #command = ''
  #known = false
  /** what the client said and has no reply to yet */
  #line: string | undefined
  /** a client that wants to log in may go on with its secret, refused or not, until it says another command */
  #secret = false

  constructor(out: Outbox) {
    this.#out = out
  }
  get command(): string {
    return this.#command
  }
  /** A line has come; `undefined` when it is not text. */
  hear(line: string | undefined): void {
    this.#line = line
    this.#command = ''
    this.#known = false
  }
  /** Its verb, upper case: what the replies from here on belong to. `known`: it is a command that somebody handles. */
  name(verb: string, known: boolean): void {
    this.#secret = known ? verb === 'AUTH' : this.#secret || verb.startsWith('AUTH')
    this.#command = this.#secret ? 'AUTH' : verb
    this.#known = known
  }
  /** What is said next answers nothing: a timeout, a stop. */
  unasked(): void {
    this.#line = undefined
  }

  say(meant: Reply): void {
    const given = this.soft ? soften(meant) : meant
    const reply = this.footer?.(given) ?? given
    this.#out.add(replies.isWired(reply) ? reply.wire : replies.wireOf(reply))
    if (reply.code >= 400) this.failed = true
    // Postfix ends the session after 421 and 521, whoever says so
    if (reply.close || reply.code === 421 || reply.code === 521) this.leaving = true
    this.session?.replied(this.#command, reply, this.#told())
  }

  /** The line with its first reply, and never a secret. */
  #told(): string | undefined {
    const line = this.#line
    this.#line = undefined
    if (line === undefined) return undefined
    if (this.#secret || (!this.#known && AUTH.test(line))) return 'AUTH'
    return line.length > LINE ? line.slice(0, LINE) : line
  }
}
