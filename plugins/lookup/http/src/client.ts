/** Requests to one server, over connections that are kept. */
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import type { ClientRequest, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { Refused } from '@postern/lookup-kit'
import type { TlsOptions } from './options.ts'

export interface ClientOptions {
  readonly origin: URL
  readonly tls: TlsOptions
  /** how many connections there may be at once */
  readonly most: number
  /** bytes of a reply's body */
  readonly maxReply: number
}
export interface Ask {
  readonly method: string
  /** path and query */
  readonly target: string
  readonly headers: OutgoingHttpHeaders
  readonly body: string | undefined
}
export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export class Client {
  readonly #o: ClientOptions
  readonly #agent: HttpAgent | HttpsAgent
  /** requests that wait for their replies */
  readonly #running = new Set<ClientRequest>()
  #closed = false

  constructor(options: ClientOptions) {
    this.#o = options
    const common = { keepAlive: true, maxSockets: options.most, maxFreeSockets: options.most }
    this.#agent =
      options.origin.protocol === 'https:'
        ? new HttpsAgent({ ...common, ...defined(options.tls) })
        : new HttpAgent(common)
  }
  /** Rejects with the signal's reason, when the server cannot be reached, and with `Refused` when the reply is too large. */
  async ask(ask: Ask, signal: AbortSignal): Promise<Reply> {
    for (let again = true; ; again = false) {
      const used = { again: false }
      try {
        return await this.#once(ask, signal, used)
      } catch (error) {
        if (signal.aborted) throw signal.reason
        // closed by the server while it was kept; a lookup may be asked twice
        if (!again || !used.again || this.#closed) throw error
      }
    }
  }
  close(): void {
    this.#closed = true
    for (const request of this.#running) request.destroy(new Error('closed'))
    this.#agent.destroy()
  }

  #once({ method, target, headers, body }: Ask, signal: AbortSignal, used: { again: boolean }): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const { origin, maxReply } = this.#o
      const make = origin.protocol === 'https:' ? httpsRequest : httpRequest
      const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }
      const request = make({
        agent: this.#agent,
        // brackets of an IPv6 address are of the URL
        hostname: origin.hostname.replace(/^\[|\]$/g, ''),
        port: origin.port || undefined,
        method,
        path: target,
        headers: { ...headers, ...length },
      })
      const stop = () => request.destroy(signal.reason as Error)
      const end = () => {
        signal.removeEventListener('abort', stop)
        this.#running.delete(request)
      }
      signal.addEventListener('abort', stop)
      this.#running.add(request)
      const failed = (error: Error) => {
        end()
        request.destroy()
        reject(error)
      }
      request.on('error', (error: NodeJS.ErrnoException) => {
        used.again = request.reusedSocket && error.code === 'ECONNRESET'
        failed(error)
      })
      request.on('response', (response) => {
        const parts: Buffer[] = []
        let size = 0
        response.on('data', (part: Buffer) => {
          size += part.length
          if (size > maxReply) failed(new Refused(`a reply of more than ${maxReply} bytes`))
          else parts.push(part)
        })
        response.on('error', failed)
        response.on('close', () => response.complete || failed(new Error('the server closed the connection')))
        response.on('end', () => {
          end()
          resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) })
        })
      })
      if (signal.aborted) stop()
      else if (this.#closed) request.destroy(new Error('closed'))
      else request.end(body)
    })
  }
}
/** An option that is there and `undefined` is not the same as none for node:tls. */
const defined = (options: TlsOptions): Partial<TlsOptions> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
