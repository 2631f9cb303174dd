/** A map of NIS as a table. */
import { absent, failed, found, ownCall } from '@postern/core'
import type { Call, Lookup, OpenTable, TableContext, TableEntry } from '@postern/core'
import { limited, Servers } from '@postern/lookup-kit'
import { bound, located } from './locate.ts'
import { mapOfNickname } from './nicknames.ts'
import { systemDomain } from './options.ts'
import type { NisOptions } from './options.ts'
import { NisServer } from './server.ts'
import { FOUND, Misconfigured, NO_KEY, NO_MAP, answerError } from './yp.ts'
import type { Match } from './yp.ts'

const NO_SYSTEM_DOMAIN = 'no domain is named, and the system has none (domainname)'
/** ms that the start waits for a server */
const CHECK_TIME = 2000
const NUL = Buffer.from([0])

export class NisTable implements OpenTable {
  readonly #o: NisOptions
  readonly #context: TableContext
  readonly #name: string
  #servers: Servers<NisServer> | undefined
  #all: readonly NisServer[] = []
  #domain = ''
  /** the map's real name, where the given one is a nickname */
  #map: string
  #nickname: Promise<string | undefined> | undefined
  /** keys of this map end in a NUL, as far as is known: what was found last was found so */
  #nul = true
  #figures = { asked: 0, failed: 0 }

  constructor(options: NisOptions, context: TableContext) {
    this.#o = options
    this.#context = context
    this.#map = options.map
    this.#name = `nis:${options.map}`
  }
  async get(key: string, call: Call): Promise<Lookup> {
    if (key === '') return absent()
    this.#figures.asked++
    try {
      return await this.#ask(Buffer.from(key.toLowerCase()), call, this.#o.timeout)
    } catch (error) {
      this.#figures.failed++
      return failed(
        `${this.#name}: ${(error as Error).message}`,
        error instanceof Misconfigured ? 'misconfigured' : 'retry',
      )
    }
  }
  async check(): Promise<string | undefined> {
    const { clock, log } = this.#context
    const time = Math.min(CHECK_TIME, this.#o.timeout)
    const own = ownCall(clock, log, time + 1)
    try {
      // every map that makedbm made has it; that it is not there says the same of the server
      await this.#ask(Buffer.from('YP_MASTER_NAME'), own.call, time)
      return undefined
    } catch (error) {
      return `${this.#name}: ${(error as Error).message}`
    } finally {
      own.done()
    }
  }
  async *entries(): AsyncGenerator<TableEntry> {
    // tells the map's real name, too
    const problem = await this.check()
    if (problem !== undefined) throw new Error(problem)
    let last: unknown = new Error('no server')
    for (const server of this.#all) {
      let some = false
      try {
        for await (const { key, value } of server.all(this.#domain, this.#map, AbortSignal.timeout(60_000))) {
          const text = textOf(key)
          some = true
          if (!text.startsWith('YP_')) yield [text, textOf(value)]
        }
        return
      } catch (error) {
        last = error
        // half of one server's and half of another's would be no map
        if (some) break
      }
    }
    throw new Error(`${this.#name}: ${(last as Error).message}`, { cause: last })
  }
  stats(): Readonly<Record<string, number>> {
    return { ...this.#figures }
  }
  close(): void {
    for (const server of this.#all) server.close()
  }

  async #ask(key: Buffer, call: Call, timeout: number): Promise<Lookup> {
    const servers = await this.#ready()
    const match = await servers.ask((server) => limited(call, timeout, (signal) => this.#match(server, key, signal)))
    if (match.status === NO_KEY) return absent()
    try {
      return found(textOf(match.value))
    } catch {
      return failed(`${this.#name}: a value is not UTF-8`, 'misconfigured')
    }
  }
  /** With and without a NUL behind the key: the makers of maps differ. */
  async #match(server: NisServer, key: Buffer, signal: AbortSignal): Promise<Match> {
    const first = this.#nul
    let match = await this.#named(server, first ? Buffer.concat([key, NUL]) : key, signal)
    if (match.status === NO_KEY) {
      match = await this.#named(server, first ? key : Buffer.concat([key, NUL]), signal)
      if (match.status === FOUND) this.#nul = !first
    }
    return match
  }
  /** A map that is not there may be meant by its nickname. */
  async #named(server: NisServer, key: Buffer, signal: AbortSignal): Promise<Match> {
    let match = await server.match(this.#domain, this.#map, key, signal)
    if (match.status === NO_MAP) {
      const other = this.#map === this.#o.map ? await (this.#nickname ??= mapOfNickname(this.#o.map)) : this.#o.map
      if (other !== undefined) {
        match = await server.match(this.#domain, other, key, signal)
        if (match.status === FOUND || match.status === NO_KEY) this.#map = other
      }
    }
    if (match.status !== FOUND && match.status !== NO_KEY) throw answerError(match.status)
    return match
  }
  /** Nothing is opened here; only the system's domain is read, again as long as there is none. */
  async #ready(): Promise<Servers<NisServer>> {
    if (this.#servers) return this.#servers
    const domain = this.#o.domain ?? (await systemDomain())
    if (domain === undefined) throw new Misconfigured(NO_SYSTEM_DOMAIN)
    if (this.#servers) return this.#servers
    const { transport, timeout, servers } = this.#o
    this.#domain = domain
    const named = servers.map(({ host, port }) => {
      const name = port === undefined ? host : `${host}:${port}`
      return [name, new NisServer(located(host, port), transport, timeout)] as const
    })
    const all = named.length > 0 ? named : [['ypbind', new NisServer(bound(domain), transport, timeout)] as const]
    this.#all = all.map(([, server]) => server)
    const { clock, log } = this.#context
    return (this.#servers = new Servers(all, {
      clock,
      // the first one is the nearest
      first: () => 0,
      lost: (server, error) => log.warn('table.down', { table: this.#name, server, cause: error.message }),
      back: (server) => log.info('table.up', { table: this.#name, server }),
    }))
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** Without the NULs that some makers of maps leave behind it. Throws when it is not UTF-8. */
function textOf(bytes: Buffer): string {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end--
  return utf8.decode(bytes.subarray(0, end))
}
