import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { absent, failed } from '@postern/core'
import type { Call, Lookup, OpenTable, TableContext } from '@postern/core'
import { DomainFilter, Refused, Results, Servers, expand } from '@postern/lookup-kit'
import { Link } from './link.ts'
import type { Reply } from './link.ts'
import { MEMBERSHIP, endpoint } from './options.ts'
import type { Endpoint, RedisOptions } from './options.ts'

/** ms at most that a check at start takes */
const CHECK = 2000

export class RedisTable implements OpenTable {
  readonly #name: string
  readonly #o: RedisOptions
  readonly #links: readonly Link[]
  readonly #servers: Servers<Link>
  readonly #log: TableContext['log']
  readonly #domains: DomainFilter
  /** what a server said no with, told once */
  #refusal: string | undefined

  private constructor(
    name: string,
    options: RedisOptions,
    links: readonly Link[],
    servers: Servers<Link>,
    domains: DomainFilter,
    log: TableContext['log'],
  ) {
    this.#name = name
    this.#o = options
    this.#links = links
    this.#servers = servers
    this.#domains = domains
    this.#log = log
  }
  /** Connects to nobody. Throws what is wrong with the options or with files that they name. */
  static async open(name: string, o: RedisOptions, folder: string, context: TableContext): Promise<RedisTable> {
    const { clock, log } = context
    const links: Link[] = []
    const tls = await tlsOptions(o, folder)
    const pool = (ends: readonly Endpoint[], make: (end: Endpoint) => Link) =>
      new Servers(
        ends.map((end) => {
          const link = make(end)
          links.push(link)
          return [end.name, link] as const
        }),
        {
          clock,
          lost: (server, error) => log.warn('table.down', { table: name, server, cause: error.message }),
          back: (server) => log.info('table.up', { table: name, server }),
        },
      )
    const login = { user: o.user, password: o.password && (() => o.password!.reveal()), database: o.database }
    const server = (where: () => Endpoint | Promise<Endpoint>) =>
      new Link({ clock, where, timeout: o.timeout, tls, ...login })
    if (o.hosts.length === 0) throw new Error('hosts: is empty')
    const ends = o.hosts.map((host) => endpoint(host, o.sentinel === undefined ? 6379 : 26_379))
    let servers: Servers<Link>
    if (o.sentinel === undefined) servers = pool(ends, (end) => server(() => end))
    else {
      const { sentinel, sentinelUser: user, sentinelPassword: word, timeout } = o
      const password = word && (() => word.reveal())
      const sentinels = pool(ends, (end) => new Link({ clock, where: () => end, timeout, tls, user, password }))
      servers = pool([{ name: `master ${sentinel}`, host: '', port: 0 }], () =>
        server(() => masterOf(sentinels, sentinel)),
      )
    }
    const domains = new DomainFilter(o.domain, folder, context.parts)
    return new RedisTable(name, o, links, servers, domains, log)
  }
  get(key: string, call: Call): Lookup | Promise<Lookup> {
    if (key === '') return absent()
    const folded = key.toLowerCase()
    return this.#domains.look(folded, call, () => this.#ask(folded, call))
  }
  async check(): Promise<string | undefined> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('no answer yet')), CHECK)
    })
    try {
      await Promise.race([this.#servers.ask((link) => link.command(['PING'])), late])
      return undefined
    } catch (error) {
      return `${this.#name}: ${this.#o.hosts.join(', ')}: ${(error as Error).message}`
    } finally {
      clearTimeout(timer)
    }
  }
  close(): void {
    for (const link of this.#links) link.close()
  }

  async #ask(folded: string, call: Call): Promise<Lookup> {
    const words = this.#o.query.map((word, i) => (i === 0 ? word : expand(word, { value: folded })))
    if (!words.every((word) => word !== undefined)) return absent()
    if (call.aborted) return failed('the request was given up')
    try {
      // without the signal: that a server hangs is learnt for the next request, too
      const reply = await untilAborted(
        this.#servers.ask((link) => link.command(words), call.signal),
        call,
      )
      this.#refusal = undefined
      return this.#answer(folded, reply)
    } catch (error) {
      return this.#failure(error as Error, call)
    }
  }
  #answer(key: string, reply: Reply): Lookup {
    const results = new Results(key, this.#o.resultFormat, this.#o.expansionLimit)
    if (MEMBERSHIP.includes(this.#o.query[0]!.toUpperCase())) {
      if (reply !== 0) results.add(String(reply))
      return results.answer
    }
    for (const value of Array.isArray(reply) ? (reply as readonly Reply[]) : [reply])
      if (value !== null && !results.add(String(value))) break
    return results.answer
  }
  #failure(error: Error, call: Call): Lookup {
    if (!(error instanceof Refused)) return failed(`${this.#name}: ${error.message}`)
    if (this.#refusal !== error.message && !call.aborted)
      this.#log.error('table.refused', { table: this.#name, cause: error.message })
    this.#refusal = error.message
    return failed(`${this.#name}: ${error.message}`, 'misconfigured')
  }
}

async function masterOf(sentinels: Servers<Link>, name: string): Promise<Endpoint> {
  const reply = await sentinels.ask((link) => link.command(['SENTINEL', 'get-master-addr-by-name', name]))
  if (reply === null) throw new Refused(`the sentinels know no master ${name}`)
  const [host, port] = reply as [string, string]
  return { name: `${host}:${port}`, host, port: Number(port) }
}
async function tlsOptions(o: RedisOptions, folder: string): Promise<Record<string, unknown> | undefined> {
  if (!o.tls) return undefined
  const read = async (file: string | undefined) => (file === undefined ? undefined : readFile(resolve(folder, file)))
  const [ca, cert, key] = await Promise.all([read(o.tlsCaFile), read(o.tlsCertFile), read(o.tlsKeyFile)])
  return { tls: true, rejectUnauthorized: o.tlsVerify, ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
}
/** Rejects at once when the call is given up; what it waited for ends by itself, within the timeout. */
function untilAborted<T>(work: Promise<T>, call: Call): Promise<T> {
  return new Promise((done, reject) => {
    const forget = call.onAbort((reason) => reject(reason instanceof Error ? reason : new Error(String(reason))))
    work.then(done, reject).finally(forget)
  })
}
