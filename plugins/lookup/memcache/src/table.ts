import { absent, failed, found } from '@postern/core'
import type { Call, Lookup, OpenTable, Table, TableContext } from '@postern/core'
import { DomainFilter, Servers, expand } from '@postern/lookup-kit'
import { Connection, Unreachable } from './connection.ts'
import type { MemcacheOptions } from './options.ts'

/** bytes of a key at most (protocol.txt of memcached, "Keys") */
const LONGEST_KEY = 250

export class MemcacheTable implements OpenTable {
  readonly #name: string
  readonly #o: MemcacheOptions
  readonly #connection: Connection
  /** one server; what fails is left alone for a second, and told once */
  readonly #server: Servers<Connection>
  readonly #backup: Table | undefined
  readonly #context: TableContext
  readonly #domains: DomainFilter

  /** Connects to nobody. Throws what is wrong with `domain`. */
  constructor(name: string, options: MemcacheOptions, folder: string, context: TableContext) {
    const { memcache: place, timeout, lineSizeLimit: line, dataSizeLimit: data } = options
    const { clock, log } = context
    this.#name = name
    this.#o = options
    this.#context = context
    this.#domains = new DomainFilter(options.domain, folder, context.parts)
    this.#backup = options.backup === undefined ? undefined : context.parts[0]
    this.#connection = new Connection({ place, clock, timeout, limits: { line, data } })
    this.#server = new Servers([[place.name, this.#connection]], {
      clock,
      lost: (server, error) => log.warn('table.down', { table: name, server, cause: error.message }),
      back: (server) => log.info('table.up', { table: name, server }),
    })
  }
  get(key: string, call: Call): Lookup | Promise<Lookup> {
    return key === '' ? absent() : this.#domains.look(key, call, () => this.#look(key, call))
  }
  async #look(key: string, call: Call): Promise<Lookup> {
    const asked = expand(this.#o.keyFormat, { value: key.toLowerCase() })
    // as in Postfix the backup is not asked either: memcached cannot hold it, and nobody could have put it there
    if (asked === undefined || /[\0\t\n\v\f\r ]/.test(asked)) return absent()
    if (call.aborted) return failed('the request was given up')
    const fits = Buffer.byteLength(asked) <= LONGEST_KEY
    const answer = fits ? await this.#ask(asked, call) : absent()
    if (answer.kind === 'found' || !this.#backup) return answer
    if (call.aborted) return failed('the request was given up')
    const kept = await this.#backup.get(key, call)
    if (kept.kind === 'found' && answer.kind === 'absent' && fits && !call.dry) this.#store(asked, kept.value)
    return kept
  }
  async check(): Promise<string | undefined> {
    try {
      await this.#server.ask((connection) => connection.version())
      return undefined
    } catch (error) {
      return `${this.#name}: ${this.#o.memcache.name}: ${(error as Error).message}`
    }
  }
  close(): void {
    this.#connection.close()
  }

  async #ask(key: string, call: Call): Promise<Lookup> {
    try {
      const value = await untilAborted(
        this.#server.ask((connection) => this.#tried(() => connection.get(key), call)),
        call,
      )
      return value === undefined ? absent() : found(value)
    } catch (error) {
      return failed(`${this.#name}: ${(error as Error).message}`)
    }
  }
  async #tried<T>(ask: () => Promise<T>, call: Call): Promise<T> {
    for (let n = 1; ; n++) {
      try {
        return await ask()
      } catch (error) {
        if (error instanceof Unreachable || n === this.#o.maxTry || call.aborted) throw error
        await pause(this.#o.retryPause, call)
        if (call.aborted) throw error
      }
    }
  }
  /** In the background: whoever asked has the backup's answer. */
  #store(key: string, value: string): void {
    const { dataSizeLimit, flags, ttl } = this.#o
    const lost = (cause: string) => this.#context.log.warn('table.store', { table: this.#name, key, cause })
    const size = Buffer.byteLength(value)
    // what cannot be read again must not be stored
    if (size > dataSizeLimit) return lost(`${size} bytes are above the limit of ${dataSizeLimit} (data_size_limit)`)
    this.#connection.set(key, value, flags, Math.round(ttl / 1000)).catch((error: Error) => lost(error.message))
  }
}
/** Ends at once when the call is given up. A command that asks one table must not end meanwhile: no unref. */
async function pause(ms: number, call: Call): Promise<void> {
  let forget: (() => void) | undefined
  await new Promise<void>((go) => {
    const timer = setTimeout(go, ms)
    forget = call.onAbort(() => {
      clearTimeout(timer)
      go()
    })
  })
  forget?.()
}
/** Rejects at once when the call is given up; what it waited for ends by itself, within the timeout. */
function untilAborted<T>(work: Promise<T>, call: Call): Promise<T> {
  return new Promise((done, reject) => {
    const forget = call.onAbort((reason) => reject(reason instanceof Error ? reason : new Error(String(reason))))
    work.then(done, reject).finally(forget)
  })
}
