/** One message over one connection: the commands, and each recipient's outcome as soon as a reply decides it. */
import type { Job, JobRecipient, Outcome } from '@postern/core'
import { isUtf8 } from '@postern/core'
import type { Connection } from './connection.ts'
import type { MessageFacts } from './envelope.ts'
import { mailCommand, rcptCommand } from './envelope.ts'
import type { Failure } from './failure.ts'
import { finalOutcome, isPositive, saidNo } from './outcome.ts'
import type { Content, Transaction } from './transaction.ts'

/** Told an outcome for one recipient. */
export type Tell = (recipient: JobRecipient, outcome: Outcome) => void

export class Message implements Transaction {
  readonly mail: string
  readonly rcpts: readonly string[]
  readonly content: Content | undefined
  readonly #connection: Connection
  readonly #recipients: readonly JobRecipient[]
  readonly #tell: Tell
  /** the server was given the DSN parameters */
  readonly #dsnPassed: boolean | undefined
  readonly #done: (failure: Failure | undefined) => void
  /** recipients without an answer so far */
  readonly #open: Set<number>

  private constructor(
    connection: Connection,
    job: Job,
    facts: MessageFacts,
    content: Content | undefined,
    recipients: readonly JobRecipient[],
    tell: Tell,
    done: (failure: Failure | undefined) => void,
  ) {
    const { features } = connection
    const utf8 = facts.utf8 || recipients.some((r) => isUtf8(facts.addressOf(r)))
    this.mail = mailCommand(job, facts, utf8, content?.sized ?? true, features)
    this.rcpts = recipients.map((r) => rcptCommand(r, facts, features))
    this.content = content
    this.#connection = connection
    this.#recipients = recipients
    this.#tell = tell
    this.#done = done
    // an LMTP server may be the end of the way: then success is ours to report, and it is a delivery
    this.#dsnPassed = features.dsn || !connection.assumeFinal ? features.dsn : undefined
    this.#open = new Set(recipients.keys())
  }
  /** Without content the server is only asked about sender and recipients. */
  static send(
    connection: Connection,
    job: Job,
    facts: MessageFacts,
    content: Content | undefined,
    recipients: readonly JobRecipient[],
    tell: Tell,
  ): Promise<Failure | undefined> {
    return new Promise((done) => connection.run(new Message(connection, job, facts, content, recipients, tell, done)))
  }

  /** Called for a refusal only; a positive answer shows in what follows. */
  onMail(reply: string): void {
    this.#all(saidNo(reply, 'MAIL FROM', this.#connection.peer))
  }
  onRcpt(index: number, reply: string): void {
    const { peer } = this.#connection
    if (!isPositive(reply)) this.#one(index, saidNo(reply, 'RCPT TO', peer))
    else if (!this.content) this.#one(index, finalOutcome(reply, peer))
  }
  onDataRefused(reply: string): void {
    this.#all(saidNo(reply, 'DATA', this.#connection.peer))
  }
  onFinal(index: number | undefined, reply: string): void {
    const outcome = finalOutcome(reply, this.#connection.peer, this.#dsnPassed)
    if (index === undefined) this.#all(outcome)
    else this.#one(index, outcome)
  }
  onEnd(failure?: Failure): void {
    this.#done(failure)
  }
  #one(index: number, outcome: Outcome): void {
    this.#open.delete(index)
    this.#tell(this.#recipients[index]!, outcome)
  }
  #all(outcome: Outcome): void {
    for (const index of [...this.#open]) this.#one(index, outcome)
  }
}
