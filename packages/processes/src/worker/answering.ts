/** Answers what the primary asks; rows go several in a message, and wait while it has no room for them. */
import type { Json } from '@postern/core'
import type { Told, Ticket, ToWorker } from '../protocol.ts'
import type { Channel } from './channel.ts'

/**
 * Answers one question. `row` sends a row ahead of the end and waits while there is no room; it rejects, and `signal`
 * aborts, when nobody reads any more.
 */
export type AnswerPrimary = (
  verb: string,
  args: Json,
  row: (value: Json) => Promise<void>,
  signal: AbortSignal,
) => Promise<Json>

/** rows in one message */
const TOGETHER = 16

export class Answering {
  readonly #channel: Channel
  readonly #answer: AnswerPrimary
  readonly #toldOf: (error: unknown) => Told
  readonly #open = new Map<Ticket, Rows>()

  constructor(channel: Channel, answer: AnswerPrimary, toldOf: (error: unknown) => Told) {
    this.#channel = channel
    this.#answer = answer
    this.#toldOf = toldOf
    channel.on((message) => this.#take(message))
  }
  #take(message: ToWorker): void {
    if (message.kind === 'ask') void this.#serve(message)
    else if (message.kind === 'more') this.#open.get(message.ticket)?.more(message.rows)
    else if (message.kind === 'enough') this.#open.get(message.ticket)?.end()
  }
  async #serve({ ticket, verb, args, rows: room }: Extract<ToWorker, { kind: 'ask' }>): Promise<void> {
    const rows = new Rows(room, (gathered) => this.#channel.send({ kind: 'rows', ticket, rows: gathered }))
    this.#open.set(ticket, rows)
    try {
      const result = await this.#answer(verb, args, (row) => rows.add(row), rows.signal)
      rows.flush()
      this.#channel.send({ kind: 'done', ticket, result })
    } catch (error) {
      rows.flush()
      this.#channel.send({ kind: 'refused', ticket, why: this.#toldOf(error) })
    } finally {
      this.#open.delete(ticket)
    }
  }
}

class Rows {
  readonly #send: (rows: Json[]) => void
  readonly #gone = new AbortController()
  #room: number
  #wake: (() => void) | undefined
  #gathered: Json[] = []

  constructor(room: number, send: (rows: Json[]) => void) {
    this.#room = room
    this.#send = send
  }
  get signal(): AbortSignal {
    return this.#gone.signal
  }
  async add(row: Json): Promise<void> {
    while (this.#room <= 0 && !this.#gone.signal.aborted) await new Promise<void>((resolve) => (this.#wake = resolve))
    this.#gone.signal.throwIfAborted()
    this.#room--
    if (this.#gathered.push(row) === 1) setImmediate(() => this.flush())
    if (this.#gathered.length >= TOGETHER || this.#room === 0) this.flush()
  }
  flush(): void {
    if (this.#gathered.length > 0) this.#send(this.#gathered.splice(0))
  }
  more(rows: number): void {
    this.#room += rows
    this.#wake?.()
  }
  end(): void {
    this.#gone.abort(new Error('the reader has gone'))
    this.#wake?.()
  }
}
