/** A directory behind HTTP as a table. */
import { absent, failed } from '@postern/core'
import type { Call, Lookup, OpenTable, TableContext } from '@postern/core'
import { limited, Results, Servers } from '@postern/lookup-kit'
import { Cache } from './cache.ts'
import { Client } from './client.ts'
import type { Ask, Reply } from './client.ts'
import type { HttpOptions } from './options.ts'
import { WrongForm, pick } from './pick.ts'
import { bodyOf, targetOf } from './request.ts'

/** ms that the start waits for the server */
const CHECK_TIME = 2000
const CHECK_KEY = 'postmaster@localhost'
const REDIRECTS = [301, 302, 303, 307, 308]
/** statuses of the client's side that pass by themselves: timeout, too early, too many requests */
const PASSING = [408, 425, 429]

export class HttpTable implements OpenTable {
  readonly #o: HttpOptions
  readonly #context: TableContext
  readonly #origin: URL
  readonly #name: string
  readonly #client: Client
  readonly #servers: Servers<Client>
  readonly #cache: Cache
  #figures = { asked: 0, failed: 0, fromCache: 0, revalidated: 0 }

  constructor(options: HttpOptions, context: TableContext) {
    this.#o = options
    this.#context = context
    const origin = new URL(/^[a-z]+:\/\/[^/?]*/i.exec(options.url)![0])
    this.#origin = origin
    // not the path: it may hold what only the server should know
    this.#name = origin.origin
    this.#client = new Client({ origin, tls: options.tls, most: options.connections, maxReply: options.maxReply })
    const { clock, log } = context
    this.#cache = new Cache(clock, options.method === 'GET' ? options.cacheSize : 0, options.cacheTime)
    this.#servers = new Servers([[this.#name, this.#client] as const], {
      clock,
      lost: (server, error) => log.warn('table.down', { table: this.#name, server, cause: error.message }),
      back: (server) => log.info('table.up', { table: this.#name, server }),
    })
    for (const problem of options.warnings) log.warn('table.option', { table: this.#name, problem })
  }
  async get(key: string, call: Call): Promise<Lookup> {
    this.#figures.asked++
    const folded = key.toLowerCase()
    if (folded === '') return absent()
    const answer = await this.#o.domains.look(folded, call, () => this.#ask(folded, call, this.#o.timeout))
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
      dry: true,
    }
    const answer = await this.#ask(CHECK_KEY, call, time)
    return answer.kind === 'failed' ? `${this.#name}: ${answer.cause}` : undefined
  }
  stats(): Readonly<Record<string, number>> {
    return { ...this.#figures, cached: this.#cache.size }
  }
  close(): void {
    this.#client.close()
    this.#cache.clear()
  }

  async #ask(key: string, call: Call, timeout: number): Promise<Lookup> {
    const { url, method, body: template, contentType, headers, bearer } = this.#o
    const target = targetOf(url, key)
    const body = template === undefined ? undefined : bodyOf(template, contentType, key)
    if (target === undefined || (template !== undefined && body === undefined)) return absent()
    const kept = this.#cache.get(target)
    if (kept && this.#cache.fresh(kept)) {
      this.#figures.fromCache++
      return kept.answer
    }
    const ask: Ask = {
      method,
      target,
      body,
      headers: {
        Accept: 'application/json',
        'Accept-Encoding': 'identity',
        ...(body === undefined ? {} : { 'Content-Type': contentType }),
        ...headers,
        ...(bearer === undefined ? {} : { Authorization: `Bearer ${bearer.reveal()}` }),
        ...(kept?.etag === undefined ? {} : { 'If-None-Match': kept.etag }),
      },
    }
    try {
      const reply = await this.#servers.ask((server) =>
        limited(call, timeout, (signal) => this.#follow(server, ask, signal)),
      )
      if (reply.status === 304 && kept) {
        this.#figures.revalidated++
        if (!call.dry) this.#cache.put(target, kept.answer, reply.headers, reply.headers.etag ?? kept.etag)
        return kept.answer
      }
      const answer = this.#answer(reply, key)
      if (answer.kind !== 'failed' && !call.dry) this.#cache.put(target, answer, reply.headers)
      return answer
    } catch (error) {
      return failed((error as Error).message)
    }
  }
  /** Redirects are followed on the same server only: what is meant for it, a secret too, goes nowhere else. */
  async #follow(client: Client, first: Ask, signal: AbortSignal): Promise<Reply> {
    let ask = first
    for (let left = this.#o.redirects; ; left--) {
      const reply = await client.ask(ask, signal)
      // of a POST only what keeps method and body (RFC 9110 section 15.4)
      if (left === 0 || !REDIRECTS.includes(reply.status) || (ask.method === 'POST' && reply.status < 307)) return reply
      const to = this.#resolved(reply.headers.location, ask.target)
      if (to?.origin !== this.#origin.origin) return reply
      ask = { ...ask, target: to.pathname + to.search }
    }
  }
  #resolved(location: string | undefined, target: string): URL | undefined {
    try {
      return new URL(location ?? '', `${this.#origin.origin}${target}`)
    } catch {
      // a redirect to nowhere is not followed
      return undefined
    }
  }
  #answer({ status, headers, body }: Reply, key: string): Lookup {
    if (status === 404) return absent()
    if (REDIRECTS.includes(status)) return failed(`a redirect that is not followed (${status})`, 'misconfigured')
    if (status !== 200) {
      const ours = status >= 400 && status < 500 && !PASSING.includes(status)
      return failed(`the server answers with status ${status}`, ours ? 'misconfigured' : 'retry')
    }
    if (!/^(identity)?$/i.test(headers['content-encoding'] ?? ''))
      return failed('the server encodes its answer, which was not asked for', 'misconfigured')
    let json: unknown
    try {
      json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    } catch {
      return failed('the answer is not JSON')
    }
    try {
      const results = new Results(key, this.#o.resultFormat, this.#o.expansionLimit)
      for (const value of pick(json, this.#o.path, this.#o.missing)) if (!results.add(value)) break
      return results.answer
    } catch (error) {
      if (error instanceof WrongForm) return failed(error.message, 'misconfigured')
      return failed('the answer is nested too deeply')
    }
  }
}
