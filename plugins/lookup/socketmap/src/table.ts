/** A map of a socketmap server as a table. */
import { absent, failed } from '@postern/core'
import type { Call, Lookup, OpenTable, TableContext } from '@postern/core'
import { Connections, limited, Servers } from '@postern/lookup-kit'
import type { SocketmapOptions } from './options.ts'
import { answerOf, netstring, request } from './protocol.ts'

/** ms that the start waits for the server */
const CHECK_TIME = 2000

export class SocketmapTable implements OpenTable {
  /** the whole key is asked for, and no part of it, as with Postfix: the server may have patterns */
  readonly pattern = true
  readonly #o: SocketmapOptions
  readonly #context: TableContext
  readonly #name: string
  readonly #connections: Connections<Buffer>
  readonly #servers: Servers<Connections<Buffer>>
  #figures = { asked: 0, failed: 0 }

  constructor(options: SocketmapOptions, context: TableContext) {
    this.#o = options
    this.#context = context
    this.#name = `socketmap:${options.server}:${options.name}`
    const { to, connections, maxIdle, maxAge, maxReply } = options
    const parse = (bytes: Buffer) => netstring(bytes, maxReply)
    this.#connections = new Connections({ to, parse, most: connections, maxIdle, maxAge })
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
    const bytes = request(this.#o.name, key)
    try {
      return answerOf(
        await this.#servers.ask((server) => limited(call, timeout, (signal) => server.ask(bytes, signal))),
      )
    } catch (error) {
      return failed((error as Error).message)
    }
  }
}
