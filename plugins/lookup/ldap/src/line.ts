/** One kept connection to a server: made when it is needed, and anew when it was lost. */
import type { Connection } from './connection.ts'
import type { Answer, Asker, Done } from './pending.ts'
import { Lost, Refusal } from './errors.ts'
import type { Message } from './message.ts'

export interface LineOptions {
  /** ms for each request */
  readonly timeout: number
  connect(): Promise<Connection>
}
export class Line {
  readonly #o: LineOptions
  #connection: Connection | undefined
  #connecting: Promise<Connection> | undefined
  #closed = false
  /** requests that were given to it and are not over */
  inFlight = 0

  constructor(options: LineOptions) {
    this.#o = options
  }
  /** what it has, alive or not */
  get connection(): Connection | undefined {
    return this.#connection
  }
  get alive(): boolean {
    return this.#connection?.alive === true
  }
  /** What there is, when it is alive, as `Connection.ask`. */
  quick(message: Message, asker: Asker, done: Done): void {
    this.#connection!.ask(message, this.#o.timeout, asker, done)
  }
  /** Asks the connection that there is, and a new one when that was lost before the answer. */
  async request(message: Message, asker: Asker): Promise<Answer> {
    const kept = this.#connection
    if (!kept?.alive) return this.#anew(message, asker)
    try {
      return await kept.request(message, this.#o.timeout, asker)
    } catch (error) {
      return this.again(error as Error, message, asker)
    }
  }
  /** What is to be done when the connection said `error`: the server may have closed it long ago, or just been restarted. */
  async again(error: Error, message: Message, asker: Asker): Promise<Answer> {
    if (!(error instanceof Lost) || this.#closed) throw error
    return this.#anew(message, asker)
  }
  close(): void {
    this.#closed = true
    this.#connection?.close()
  }

  async #anew(message: Message, asker: Asker): Promise<Answer> {
    const connection = await unlessAborted(this.#connected(), asker)
    return connection.request(message, this.#o.timeout, asker)
  }
  /** One connection for all who wait for it. */
  #connected(): Promise<Connection> {
    if (this.#connection?.alive) return Promise.resolve(this.#connection)
    this.#connecting ??= this.#o
      .connect()
      .then((connection) => {
        if (this.#closed) connection.close()
        return (this.#connection = connection)
      })
      .finally(() => (this.#connecting = undefined))
    return this.#connecting
  }
}
/** Waits for what others wait for too; an aborted asker goes alone. */
export function unlessAborted<T>(promise: Promise<T>, asker: Asker): Promise<T> {
  return new Promise((resolve, reject) => {
    const unlisten = asker.onAbort((reason) => reject(new Refusal(reason.message, 'retry')))
    if (asker.aborted) reject(new Refusal('aborted', 'retry'))
    promise.then(resolve, reject).finally(unlisten)
  })
}
