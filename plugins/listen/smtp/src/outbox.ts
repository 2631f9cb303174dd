/** Replies of a pipelined group, gathered into one write (RFC 2920 section 3.2), with those to other clients behind it. */
import { turn } from '@postern/turn'

/** They do not wait longer than this for a slow command behind them, ms. */
const LINGER = 200

export class Outbox {
  readonly #write: (text: string) => void
  #text = ''
  #urgent = false
  #linger: NodeJS.Timeout | undefined
  #inTurn = false

  constructor(write: (text: string) => void) {
    this.#write = write
  }
  add(wire: string): void {
    this.#text += wire
  }
  /** What has been added says that a message is ours: it must not wait for another command, or it may come twice. */
  hurry(): void {
    this.#urgent = true
  }
  flush(): void {
    if (this.#linger) this.dispose()
    this.#urgent = false
    const text = this.#text
    if (text === '') return
    this.#text = ''
    this.#write(text)
  }
  /** All that has come is answered: written at the end of this turn of the event loop. */
  flushInTurn(): void {
    if (this.#text === '' || this.#inTurn) return
    this.#inTurn = true
    turn.write(this.#turned)
  }
  readonly #turned = (): void => {
    this.#inTurn = false
    this.flush()
  }
  /** A command takes its time. */
  flushSoon(): void {
    if (this.#text === '') return
    if (this.#urgent) this.flushInTurn()
    else this.#linger ??= setTimeout(() => this.flush(), LINGER)
  }
  dispose(): void {
    clearTimeout(this.#linger)
    this.#linger = undefined
  }
}
