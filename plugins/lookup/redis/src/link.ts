/**
 * One connection to a server, made when it is needed. The library never connects again by itself and queues nothing while
 * it is away: when to try again, and whether another server is asked, is decided here and in `Servers`.
 */
import { ErrorReply, createClient } from '@redis/client'
import type { Clock } from '@postern/core'
import { Refused } from '@postern/lookup-kit'
import type { Endpoint } from './options.ts'

type Client = ReturnType<typeof createClient>
export type Reply = string | number | null | readonly Reply[]

export interface LinkOptions {
  readonly clock: Clock
  /** where the server is, asked at each new connection; given up with the connection's time */
  readonly where: () => Endpoint | Promise<Endpoint>
  /** ms */
  readonly timeout: number
  readonly user?: string | undefined
  readonly password?: (() => string) | undefined
  readonly database?: number
  readonly tls?: Readonly<Record<string, unknown>> | undefined
}
/** ms for which a server that refused us is not asked to let us in again */
const PAUSE = 1000

export class Link {
  readonly #o: LinkOptions
  #client: Promise<Client> | undefined
  #live: Client | undefined
  #refused: { readonly error: Error; readonly at: number } | undefined
  #closed = false

  constructor(options: LinkOptions) {
    this.#o = options
  }
  /** Rejects with `Refused` when the server says no for good, with another error when it cannot be asked now. */
  async command(words: readonly string[], again = true): Promise<Reply> {
    const reused = this.#live !== undefined
    const client = await this.#connected()
    try {
      return await this.#timed(client, client.sendCommand<Reply>(words as string[]))
    } catch (error) {
      if (error instanceof ErrorReply) throw meaning(error)
      const slow = error instanceof TooSlow
      this.#drop(client)
      // a server that was started again had closed the connection: what is sent into it is not its answer
      if (reused && again && !slow && !this.#closed) return this.command(words, false)
      throw error
    }
  }
  close(): void {
    this.#closed = true
    this.#drop(this.#live)
  }

  #connected(): Promise<Client> {
    if (this.#client) return this.#client
    const made = this.#connect()
    this.#client = made
    made.catch(() => {
      if (this.#client === made) this.#client = undefined
    })
    return made
  }
  async #connect(): Promise<Client> {
    const { clock, password, user, database, tls, timeout } = this.#o
    let client: Client | undefined
    try {
      if (this.#closed) throw new Error('the table is closed')
      if (this.#refused && clock.now() - this.#refused.at < PAUSE) throw this.#refused.error
      const at = await this.#o.where()
      client = createClient({
        // 2 is spoken by servers of all ages
        RESP: 2,
        ...(user !== undefined && { username: user }),
        ...(password && { password: password() }),
        database: database ?? 0,
        disableClientInfo: true,
        disableOfflineQueue: true,
        socket: {
          ...('path' in at ? { path: at.path } : { host: at.host, port: at.port }),
          ...tls,
          reconnectStrategy: false,
          connectTimeout: timeout,
        } as never,
      }) as Client
      const made = client
      // an emitter without a listener throws; who waits for an answer is told by its rejection
      client.on('error', () => this.#drop(made))
      await this.#timed(client, client.connect())
      if (this.#closed) throw new Error('the table is closed')
      this.#refused = undefined
      this.#live = client
      return client
    } catch (error) {
      this.#drop(client)
      const said = error instanceof ErrorReply ? meaning(error) : (error as Error)
      if (said instanceof Refused && said !== this.#refused?.error) this.#refused = { error: said, at: clock.now() }
      throw said
    }
  }
  /** The library's own limits end before the greeting: a server that hangs there would be waited for without end. */
  async #timed<T>(client: Client, work: Promise<T>): Promise<T> {
    let timer: { cancel(): void } | undefined
    const { clock, timeout } = this.#o
    const limit = new Promise<never>((_resolve, reject) => {
      timer = clock.after(timeout, () => {
        reject(new TooSlow(`no answer within ${timeout} ms`))
        destroy(client)
      })
    })
    try {
      return await Promise.race([work, limit])
    } finally {
      timer?.cancel()
      // when the limit came first, what comes of the work interests nobody
      work.catch(() => undefined)
    }
  }
  #drop(client: Client | undefined): void {
    if (!client) return
    if (this.#live === client) {
      this.#live = undefined
      this.#client = undefined
    }
    destroy(client)
  }
}
class TooSlow extends Error {}

/** Throws when it was never open, or is closed already. */
function destroy(client: Client): void {
  try {
    client.destroy()
  } catch {
    // so it is
  }
}
/** What gets better by itself stays an error; for the rest another server would say the same. */
function meaning(error: ErrorReply): Error {
  const passing = /^(LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|ERR max number of clients)/.test(error.message)
  return passing ? new Error(error.message) : new Refused(error.message)
}
