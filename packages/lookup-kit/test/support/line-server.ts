/** A server that answers each request as a test says, over TCP and a socket file. */
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { freePort } from '@postern/testkit'

/** how requests stand in the stream: the next one with its length, when it is complete */
export type Split = (bytes: Buffer) => { readonly request: string; readonly length: number } | undefined
/** sends what it likes */
export type Answer = (request: string, socket: Socket) => void

export interface TestServer {
  readonly port: number
  /** in the order in which they came */
  readonly requests: string[]
  /** connections that were made */
  readonly made: number
  /** connections that are open */
  readonly open: number
  /** the most that were open at once */
  readonly most: number
  answer: Answer
  start(): Promise<void>
  /** closes all, as when the process is killed */
  stop(): Promise<void>
}
export async function testServer(split: Split, answer: Answer, path?: string): Promise<TestServer> {
  const port = await freePort()
  const sockets = new Set<Socket>()
  let server: Server | undefined
  let made = 0
  let most = 0
  const self = {
    port,
    requests: [] as string[],
    answer,
    get made() {
      return made
    },
    get most() {
      return most
    },
    get open() {
      return sockets.size
    },
    async start() {
      if (server) return
      const one = createServer((socket) => {
        made++
        sockets.add(socket)
        most = Math.max(most, sockets.size)
        let rest: Buffer = Buffer.alloc(0)
        socket.on('error', () => undefined)
        socket.on('close', () => sockets.delete(socket))
        socket.on('data', (chunk) => {
          rest = Buffer.concat([rest, chunk])
          for (let next = split(rest); next; next = split(rest)) {
            rest = rest.subarray(next.length)
            self.requests.push(next.request)
            self.answer(next.request, socket)
          }
        })
      })
      server = one
      await new Promise<void>((done) =>
        path === undefined ? one.listen(port, '127.0.0.1', done) : one.listen(path, done),
      )
    },
    async stop() {
      const one = server
      server = undefined
      for (const socket of sockets) socket.destroy()
      if (one) await new Promise<void>((done) => void one.close(() => done()))
    },
  }
  await self.start()
  return self
}
