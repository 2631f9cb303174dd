/** A server that is asked one key a request over kept connections (socketmap, tcp_table(5)), as a table. */
import { absent, failed, ownCall } from '@postern/core'
import type { Call, Lookup, OpenTable, TableContext } from '@postern/core'
import type { NetConnectOpts } from 'node:net'
import type { Parse } from './connection.ts'
import { Connections } from './connections.ts'
import { limited } from './limited.ts'
import { Servers } from './servers.ts'

/** ms that the start waits for the server */
const CHECK_TIME = 2000

export interface RequestTableOptions {
  /** for logs and errors: `tcp:HOST:PORT` */
  readonly name: string
  /** as in the definition, for logs */
  readonly server: string
  readonly to: NetConnectOpts
  /** ms */
  readonly timeout: number
  readonly connections: number
  /** ms */
  readonly maxIdle: number
  /** ms */
  readonly maxAge: number
  readonly parse: Parse<Buffer>
  request(key: string): Buffer
  answerOf(reply: Buffer): Lookup
}
export class RequestTable implements OpenTable {
  /** the whole key is asked for, and no part of it, as with Postfix: the server may have patterns */
  readonly pattern = true
  readonly #o: RequestTableOptions
  readonly #context: TableContext
  readonly #connections: Connections<Buffer>
  readonly #servers: Servers<Connections<Buffer>>
  #figures = { asked: 0, failed: 0 }

  constructor(options: RequestTableOptions, context: TableContext) {
    this.#o = options
    this.#context = context
    const { name, to, parse, connections, maxIdle, maxAge } = options
    this.#connections = new Connections({ to, parse, most: connections, maxIdle, maxAge })
    const { clock, log } = context
    this.#servers = new Servers([[options.server, this.#connections] as const], {
      clock,
      lost: (server, error) => log.warn('table.down', { table: name, server, cause: error.message }),
      back: (server) => log.info('table.up', { table: name, server }),
    })
  }
  async get(key: string, call: Call): Promise<Lookup> {
    if (key === '') return absent()
    this.#figures.asked++
    const answer = await this.#ask(key, call, this.#o.timeout)
    if (answer.kind !== 'failed') return answer
    this.#figures.failed++
    return failed(`${this.#o.name}: ${answer.cause}`, answer.why)
  }
  async check(): Promise<string | undefined> {
    const { clock, log } = this.#context
    const time = Math.min(CHECK_TIME, this.#o.timeout)
    const own = ownCall(clock, log, time + 1)
    try {
      const answer = await this.#ask('postmaster', own.call, time)
      return answer.kind === 'failed' ? `${this.#o.name}: ${answer.cause}` : undefined
    } finally {
      own.done()
    }
  }
  stats(): Readonly<Record<string, number>> {
    return { ...this.#figures, connections: this.#connections.size }
  }
  close(): void {
    this.#connections.close()
  }

  async #ask(key: string, call: Call, timeout: number): Promise<Lookup> {
    const bytes = this.#o.request(key)
    try {
      const reply = await this.#servers.ask((server) => limited(call, timeout, (signal) => server.ask(bytes, signal)))
      return this.#o.answerOf(reply)
    } catch (error) {
      return failed((error as Error).message)
    }
  }
}
