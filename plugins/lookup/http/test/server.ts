/** An HTTP server that answers as a test says. */
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer as createSecure } from 'node:https'
import type { ServerOptions } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'

export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}
export type Answer = (seen: Seen, response: ServerResponse, socket: Socket) => void

export class TestServer {
  readonly requests: Seen[] = []
  answer: Answer
  port = 0
  made = 0
  most = 0
  readonly #tls: ServerOptions | undefined
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined

  constructor(answer: Answer, tls?: ServerOptions) {
    this.answer = answer
    this.#tls = tls
  }
  get origin(): string {
    return `${this.#tls ? 'https' : 'http'}://127.0.0.1:${this.port}`
  }
  get urls(): string[] {
    return this.requests.map((r) => r.url)
  }
  async start(): Promise<this> {
    if (this.#server) return this
    const handle = (request: IncomingMessage, response: ServerResponse) => {
      let body = ''
      request.setEncoding('utf8').on('data', (part: string) => (body += part))
      request.on('end', () => {
        const seen = { method: request.method!, url: request.url!, headers: request.headers, body }
        this.requests.push(seen)
        this.answer(seen, response, request.socket)
      })
    }
    const server = this.#tls ? createSecure(this.#tls, handle) : createServer(handle)
    server.on('connection', (socket: Socket) => {
      this.made++
      this.#sockets.add(socket)
      this.most = Math.max(this.most, this.#sockets.size)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    this.#server = server
    await new Promise<void>((done) => server.listen(this.port, '127.0.0.1', done))
    this.port = (server.address() as AddressInfo).port
    return this
  }
  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    for (const socket of this.#sockets) socket.destroy()
    if (server) await new Promise<void>((done) => void server.close(() => done()))
  }
}
/** Answers JSON. */
export const json = (response: ServerResponse, value: unknown, headers: Record<string, string> = {}, status = 200) =>
  void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
