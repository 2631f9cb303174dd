/** One NIS server: where it listens is found once, and again when it has moved. */
import { Refused } from '@postern/lookup-kit'
import { allEntries } from './all.ts'
import type { RawEntry } from './all.ts'
import { portTo } from './locate.ts'
import type { Locate } from './locate.ts'
import type { RpcPort } from './rpc.ts'
import { RpcRefused } from './rpc.ts'
import { NO_KEY, matchCall, matchOf } from './yp.ts'
import type { Match, Transport } from './yp.ts'

/** bytes of a key that every server takes (YPMAXRECORD of the protocol's first definition) */
const KEY_LIMIT = 1024
const NO_SUCH_KEY: Match = { status: NO_KEY, value: Buffer.alloc(0) }

export class NisServer {
  readonly #locate: Locate
  readonly #transport: Transport
  readonly #timeout: number
  #port: RpcPort | undefined
  #finding: Promise<RpcPort> | undefined
  readonly #ending = new AbortController()

  /** `timeout`: ms for finding where it listens */
  constructor(locate: Locate, transport: Transport, timeout: number) {
    this.#locate = locate
    this.#transport = transport
    this.#timeout = timeout
  }
  /** Rejects when the server cannot be reached, refuses, or the signal is aborted. */
  async match(domain: string, map: string, key: Buffer, signal: AbortSignal): Promise<Match> {
    const call = matchCall(domain, map, key)
    // the server may have moved, or have closed a connection that was long idle: then it is looked for again, once
    for (let again = this.#port !== undefined; ; again = false) {
      let port: RpcPort | undefined
      try {
        port = this.#port ?? (await this.#find(signal))
        return matchOf(await port.call(call, signal))
      } catch (error) {
        // some servers do not decode a key that they could not hold
        if (error instanceof RpcRefused && error.garbage && key.length > KEY_LIMIT) return NO_SUCH_KEY
        // that the caller has gone says nothing of the server
        if (error instanceof Refused) throw error
        this.#forget(port)
        if (!again || signal.aborted) throw error
      }
    }
  }
  /** All entries of a map. */
  async *all(domain: string, map: string, signal: AbortSignal): AsyncGenerator<RawEntry> {
    yield* allEntries(await this.#locate('tcp', signal), domain, map, signal)
  }
  close(): void {
    this.#ending.abort(new Error('closed'))
    this.#port?.close()
    this.#port = undefined
  }

  #forget(port: RpcPort | undefined): void {
    port?.retire()
    if (this.#port === port) this.#port = undefined
  }
  /** Lookups that come meanwhile share one search; who asked first may go without ending it. */
  async #find(signal: AbortSignal): Promise<RpcPort> {
    if (this.#port) return this.#port
    this.#finding ??= this.#search().finally(() => (this.#finding = undefined))
    return raced(this.#finding, signal)
  }
  async #search(): Promise<RpcPort> {
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(new Error('the server was not found in time')), this.#timeout)
    const closed = this.#ending.signal
    try {
      const place = await this.#locate(this.#transport, AbortSignal.any([late.signal, closed]))
      closed.throwIfAborted()
      return (this.#port = portTo(this.#transport, place))
    } finally {
      clearTimeout(timer)
    }
  }
}

/** The promise, or the signal's reason when that comes first. */
function raced<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason as Error)
    signal.addEventListener('abort', stop)
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
