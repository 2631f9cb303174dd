/** What is said to a server: with what is said to others in the same turn of the event loop, in one go. */
import type { Socket } from 'node:net'
import { turn } from '@postern/turn'

export class Outgoing {
  readonly #socket: () => Socket
  readonly #unsaid: (string | Uint8Array)[] = []

  constructor(socket: () => Socket) {
    this.#socket = socket
  }
  /** What has not left when the connection fails is nobody's any more. */
  say(what: string | Uint8Array): void {
    if (this.#unsaid.push(what) === 1) turn.write(this.#sayAll)
  }
  /** To write around the turn: what was said before goes first. */
  get direct(): Socket {
    this.#sayAll()
    return this.#socket()
  }
  readonly #sayAll = (): void => {
    const socket = this.#socket()
    for (const what of this.#unsaid.splice(0)) if (socket.writable) socket.write(what)
  }
}
