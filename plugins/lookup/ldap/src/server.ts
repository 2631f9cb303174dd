/** One server: its connection, made when it is needed and kept, and a bound on what is under way there. */
import { connect } from './connect.ts'
import type { ConnectOptions } from './connect.ts'
import { TimedOut } from './connection.ts'
import type { Answer, Asker, Connection, MakeMessage } from './connection.ts'
import { Lost, Refusal } from './errors.ts'
import type { Host } from './hosts.ts'

/** requests under way on one connection; slapd ends one on which more than 100 wait (conn_max_pending) */
const MOST_IN_FLIGHT = 50
/** ms in which a server that refused to bind is not asked again: wrong passwords lock accounts */
const PAUSE = 1000

export class Server {
  readonly host: Host
  readonly #o: ConnectOptions
  #connection: Connection | undefined
  #connecting: Promise<Connection> | undefined
  #refusal: { readonly error: Refusal; readonly at: number } | undefined
  #closed = false
  #inFlight = 0
  readonly #waiting: (() => void)[] = []
  /** connections made, requests sent */
  connections = 0
  requests = 0

  constructor(host: Host, options: ConnectOptions) {
    this.host = host
    this.#o = options
  }
  /** the connection that requests go to now, for what holds as long as it does */
  get connection(): Connection | undefined {
    return this.#connection
  }
  /** Rejects with a `Refusal` when the server or the asker says no, with other errors when the server is away. */
  async request(make: MakeMessage, asker: Asker): Promise<Answer> {
    await this.#place(asker)
    this.requests++
    try {
      return await this.#ask(make, asker)
    } catch (error) {
      // a slow search says nothing against the server
      if (error instanceof TimedOut && !error.silent) throw new Refusal(error.message, 'retry')
      throw error
    } finally {
      this.#inFlight--
      this.#waiting.shift()?.()
    }
  }
  close(): void {
    this.#closed = true
    this.#connection?.close()
  }

  async #ask(make: MakeMessage, asker: Asker): Promise<Answer> {
    const ms = this.#o.table.timeout * 1000
    const kept = this.#connection
    if (kept?.alive) {
      try {
        return await kept.request(make, ms, asker)
      } catch (error) {
        // the server may have closed it long ago, or just been restarted
        if (!(error instanceof Lost) || this.#closed) throw error
      }
    }
    const connection = await unlessAborted(this.#connected(), asker)
    return connection.request(make, ms, asker)
  }
  /** One connection for all who wait for it. */
  #connected(): Promise<Connection> {
    if (this.#connection?.alive) return Promise.resolve(this.#connection)
    const now = this.#o.clock.now()
    if (this.#refusal && now - this.#refusal.at < PAUSE) return Promise.reject(this.#refusal.error)
    this.#refusal = undefined
    this.#connecting ??= connect(this.host, this.#o)
      .then((connection) => {
        this.connections++
        if (this.#closed) connection.close()
        return (this.#connection = connection)
      })
      .catch((error: unknown) => {
        if (error instanceof Refusal) this.#refusal = { error, at: this.#o.clock.now() }
        throw error
      })
      .finally(() => (this.#connecting = undefined))
    return this.#connecting
  }
  async #place(asker: Asker): Promise<void> {
    while (this.#inFlight >= MOST_IN_FLIGHT) {
      let wake!: () => void
      const woken = new Promise<void>((resolve) => this.#waiting.push((wake = resolve)))
      try {
        await unlessAborted(woken, asker)
      } catch (error) {
        const at = this.#waiting.indexOf(wake)
        if (at >= 0) this.#waiting.splice(at, 1)
        // woken and aborted in one: the next one's turn
        else this.#waiting.shift()?.()
        throw error
      }
    }
    // counted before anything is awaited: else all who come at once find room
    this.#inFlight++
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
