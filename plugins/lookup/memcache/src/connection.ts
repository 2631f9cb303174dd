/** One connection to memcached, made when it is needed; requests follow each other on it, replies come in their order. */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import type { Clock } from '@postern/core'
import { lineOf, valueOf } from './replies.ts'
import type { Limits, Reader } from './replies.ts'
import type { Place } from './options.ts'

export interface ConnectionOptions {
  readonly place: Place
  readonly clock: Clock
  readonly limits: Limits
  /** ms, for a connection and for an answer */
  readonly timeout: number
}
/** The server accepts no connection; to try again at once is of no use. */
export class Unreachable extends Error {}

interface Asked {
  readonly read: Reader<unknown>
  readonly done: (value: never) => void
  readonly fail: (error: Error) => void
  readonly timer: { cancel(): void }
}

export class Connection {
  readonly #o: ConnectionOptions
  #socket: Promise<Socket> | undefined
  #live: Socket | undefined
  #asked: Asked[] = []
  #bytes: Buffer = Buffer.alloc(0)
  #closed = false

  constructor(options: ConnectionOptions) {
    this.#o = options
  }
  /** The key must have no blanks and at most 250 bytes. */
  get(key: string): Promise<string | undefined> {
    return this.#ask(`get ${key}\r\n`, valueOf(key))
  }
  /** `ttl`: seconds */
  async set(key: string, value: string, flags: number, ttl: number): Promise<void> {
    const head = `set ${key} ${flags} ${ttl} ${Buffer.byteLength(value)}\r\n`
    await this.#ask(`${head}${value}\r\n`, lineOf('STORED'))
  }
  async version(): Promise<void> {
    await this.#ask('version\r\n', lineOf('VERSION'))
  }
  close(): void {
    this.#closed = true
    this.#end(new Error('the table is closed'))
  }

  async #ask<T>(text: string, read: Reader<T>): Promise<T> {
    const socket = await this.#connected()
    return new Promise<T>((done, fail) => {
      if (this.#live !== socket) return fail(new Error('the connection was closed'))
      const { clock, timeout } = this.#o
      const timer = clock.after(timeout, () => this.#end(new Error(`no answer within ${timeout} ms`)))
      this.#asked.push({ read, done: done as (value: never) => void, fail, timer })
      socket.write(text)
    })
  }
  #connected(): Promise<Socket> {
    if (this.#socket) return this.#socket
    const made = this.#connect()
    this.#socket = made
    made.catch(() => {
      if (this.#socket === made) this.#socket = undefined
    })
    return made
  }
  #connect(): Promise<Socket> {
    const { place, clock, timeout } = this.#o
    return new Promise((done, reject) => {
      if (this.#closed) throw new Unreachable('the table is closed')
      const socket = connect({ ...place, noDelay: true })
      const fail = (error: Error) => {
        timer.cancel()
        socket.destroy()
        reject(new Unreachable(error.message))
      }
      const timer = clock.after(timeout, () => fail(new Error(`no connection within ${timeout} ms`)))
      socket.once('error', fail)
      socket.once('connect', () => {
        timer.cancel()
        if (this.#closed) return fail(new Error('the table is closed'))
        socket.off('error', fail)
        this.#live = socket
        const gone = (error?: Error) => {
          if (this.#live === socket) this.#end(error ?? new Error('the server closed the connection'))
        }
        socket.on('error', gone)
        socket.on('close', () => gone())
        socket.on('data', (data: Buffer) => this.#live === socket && this.#take(data))
        done(socket)
      })
    })
  }
  #take(data: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? data : Buffer.concat([this.#bytes, data])
    try {
      while (this.#bytes.length > 0) {
        const first = this.#asked[0]
        if (!first) throw new Error('a reply to nothing')
        const reply = first.read(this.#bytes, this.#o.limits)
        if (!reply) return
        this.#bytes = this.#bytes.subarray(reply.used)
        this.#asked.shift()
        first.timer.cancel()
        first.done(reply.value as never)
      }
    } catch (error) {
      // what comes behind cannot be told apart any more
      this.#end(error as Error)
    }
  }
  /** Ends the connection; whoever waits is told why. */
  #end(error: Error): void {
    const asked = this.#asked
    this.#asked = []
    this.#bytes = Buffer.alloc(0)
    this.#socket = undefined
    this.#live?.destroy()
    this.#live = undefined
    for (const one of asked) {
      one.timer.cancel()
      one.fail(error)
    }
  }
}
