/** A server of tcp_table(5) as a table. */
import { absent, failed } from '@postern/core'
import type { Call, Lookup, OpenTable, TableContext } from '@postern/core'
import { Connections, limited, Servers } from '@postern/lookup-kit'
import type { TcpOptions } from './options.ts'
import { answerOf, line, request } from './protocol.ts'

/** ms that the start waits for the server */
const CHECK_TIME = 2000

export class TcpTable implements OpenTable {
  /** the whole key is asked for, and no part of it, as with Postfix: the server may have patterns */
  readonly pattern = true
  readonly #o: TcpOptions
  readonly #context: TableContext
  readonly #name: string
  readonly #connections: Connections<Buffer>
  readonly #servers: Servers<Connections<Buffer>>
  #figures = { asked: 0, failed: 0 }

  constructor(options: TcpOptions, context: TableContext) {
    this.#o = options
    this.#context = context
    this.#name = `tcp:${options.server}`
    const { to, connections, maxIdle, maxAge } = options
    this.#connections = new Connections({ to, parse: line, most: connections, maxIdle, maxAge })
    const { clock, log } = context
    this.#servers = new Servers([[options.server, this.#connections] as const], {
      clock,
      lost: (server, error) => log.warn('table.down', { table: this.#name, server, cause: error.message }),
      back: (server) => log.info('table.up', { table: this.#name, server }),
    })
  }
  async get(key: string, call: Call): Promise<Lookup> {
    if (key === '') return absent()
    this.#figures.asked++
    const answer = await this.#ask(key, call, this.#o.timeout)
    if (answer.kind !== 'failed') return answer
    this.#figures.failed++
    return failed(`${this.#name}: ${answer.cause}`, answer.why)
  }
  async check(): Promise<string | undefined> {
    const { clock, log } = this.#context
    const time = Math.min(CHECK_TIME, this.#o.timeout)
    const call: Call = {
      signal: new AbortController().signal,
      aborted: false,
      onAbort: () => () => undefined,
      deadline: clock.now() + time + 1,
      clock,
      log,
      dry: false,
    }
    const answer = await this.#ask('postmaster', call, time)
    return answer.kind === 'failed' ? `${this.#name}: ${answer.cause}` : undefined
  }
  stats(): Readonly<Record<string, number>> {
    return { ...this.#figures, connections: this.#connections.size }
  }
  close(): void {
    this.#connections.close()
  }

  async #ask(key: string, call: Call, timeout: number): Promise<Lookup> {
    const bytes = request(key)
    try {
      return answerOf(
        await this.#servers.ask((server) => limited(call, timeout, (signal) => server.ask(bytes, signal))),
      )
    } catch (error) {
      return failed((error as Error).message)
    }
  }
}
