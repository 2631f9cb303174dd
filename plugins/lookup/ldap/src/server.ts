/** One server: its connections, and a bound on what is under way there. */
import { connect } from './connect.ts'
import type { ConnectOptions } from './connect.ts'
import { TimedOut } from './pending.ts'
import type { Connection } from './connection.ts'
import type { Answer, Asker, Done } from './pending.ts'
import { Refusal } from './errors.ts'
import type { Host } from './hosts.ts'
import { Line, unlessAborted } from './line.ts'
import type { Message } from './message.ts'

/** ms in which a server that refused to bind is not asked again: wrong passwords lock accounts */
const PAUSE = 1000

export class Server {
  readonly host: Host
  readonly #o: ConnectOptions
  readonly #lines: readonly Line[]
  #refusal: { readonly error: Refusal; readonly at: number } | undefined
  readonly #waiting: (() => void)[] = []
  /** connections made, requests sent */
  connections = 0
  requests = 0

  constructor(host: Host, options: ConnectOptions) {
    this.host = host
    this.#o = options
    const { timeout, connections } = options.table
    const line = () => new Line({ timeout: timeout * 1000, connect: () => this.#connect() })
    this.#lines = Array.from({ length: connections }, line)
  }
  /** a connection that requests go to now, for what holds as long as it does */
  get connection(): Connection | undefined {
    return this.#lines.find((line) => line.alive)?.connection
  }
  /**
   * The same as `request` where there is room on a living connection; `false`: there is none, and nothing was asked. `done`
   * is told the answer or what `request` would have rejected with.
   */
  quick(message: Message, asker: Asker, done: Done): boolean {
    const line = this.#free()
    if (!line?.alive) return false
    line.inFlight++
    this.requests++
    const told = (answer: Answer | Error) => {
      this.#leave(line)
      done(answer)
    }
    line.quick(message, asker, (answer) => {
      if (answer instanceof Error)
        line.again(answer, message, asker).then(told, (error: unknown) => told(asRefusal(error as Error)))
      else told(answer)
    })
    return true
  }
  /** Rejects with a `Refusal` when the server or the asker says no, with other errors when the server is away. */
  async request(message: Message, asker: Asker): Promise<Answer> {
    const line = await this.#place(asker)
    this.requests++
    try {
      return await line.request(message, asker)
    } catch (error) {
      throw asRefusal(error as Error)
    } finally {
      this.#leave(line)
    }
  }
  close(): void {
    for (const line of this.#lines) line.close()
  }

  /** the first line with room: another one is used only beyond it */
  #free(): Line | undefined {
    const most = this.#o.table.requestsInFlight
    for (const line of this.#lines) if (line.inFlight < most) return line
    return undefined
  }
  async #place(asker: Asker): Promise<Line> {
    for (;;) {
      const line = this.#free()
      if (line) {
        // counted before anything is awaited: else all who come at once find room
        line.inFlight++
        return line
      }
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
  }
  #leave(line: Line): void {
    line.inFlight--
    this.#waiting.shift()?.()
  }
  async #connect(): Promise<Connection> {
    if (this.#refusal && this.#o.clock.now() - this.#refusal.at < PAUSE) throw this.#refusal.error
    this.#refusal = undefined
    try {
      const connection = await connect(this.host, this.#o)
      this.connections++
      return connection
    } catch (error) {
      if (error instanceof Refusal) this.#refusal = { error, at: this.#o.clock.now() }
      throw error
    }
  }
}
/** A slow search says nothing against the server. */
const asRefusal = (error: Error): Error =>
  error instanceof TimedOut && !error.silent ? new Refusal(error.message, 'retry') : error
