/** The daemon's side of the control socket. Holding it is also what keeps a second daemon off the spool. */
import { chmod, lstat, unlink } from 'node:fs/promises'
import { unlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import type { Logger } from '@postern/core'
import { CommandError, EX } from '../exit.ts'
import { connectDaemon } from './client.ts'
import { controlPath } from './path.ts'
import { readLines, writeLine } from './lines.ts'
import { toJson } from './protocol.ts'
import type { RemoteError, Request } from './protocol.ts'

/** Answers one request; `row` sends a row ahead of the end. */
export type Answer = (request: Request, row: (value: unknown) => Promise<void>) => Promise<unknown>

export class ControlServer {
  readonly path: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(path: string, server: Server) {
    this.path = path
    this.#server = server
  }
  /** Throws CommandError when a daemon answers on this spool already; a dead one's socket is replaced. */
  static async open(spool: string, answer: Answer, errorOf: (error: unknown) => RemoteError, log: () => Logger) {
    const path = controlPath(spool)
    await makeWay(spool, path)
    const server = createServer()
    const control = new ControlServer(path, server)
    server.on('connection', (socket) => {
      control.#sockets.add(socket)
      socket.on('close', () => control.#sockets.delete(socket))
      // a command that was interrupted is nobody's fault
      socket.on('error', () => socket.destroy())
      void serve(socket, answer, errorOf)
    })
    await listen(server, path)
    server.on('error', (error) => log().error('control.failed', { cause: error.message }))
    return control
  }
  async close(): Promise<void> {
    const closed = new Promise<void>((done) => this.#server.close(() => done()))
    for (const socket of this.#sockets) socket.end()
    const late = setTimeout(() => this.#sockets.forEach((s) => s.destroy()), 500)
    await closed
    clearTimeout(late)
  }
  /** for the last moment of a process that cannot wait */
  remove(): void {
    try {
      unlinkSync(this.path)
    } catch {
      // it is gone, or the next start finds that nobody answers there
    }
  }
}

async function makeWay(spool: string, path: string): Promise<void> {
  const there = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  if (!there) return
  if (!there.isSocket()) throw new CommandError(EX.CANTCREAT, `${path} is there and is not a socket: move it away`)
  const living = await connectDaemon(spool)
  if (!living) return unlink(path)
  const pid = await living.ask('ping', {}).then(
    (r) => `pid ${r.pid}`,
    () => 'it does not say its pid',
  )
  throw new CommandError(
    EX.UNAVAILABLE,
    `a postern is running on ${spool} already (${pid}): stop it with "postern stop", or give this one a spool of its own`,
  )
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // nobody may connect between bind and chmod
    const mask = process.umask(0o177)
    try {
      server.listen(path, () => {
        server.off('error', reject)
        chmod(path, 0o600).then(resolve, reject)
      })
    } finally {
      process.umask(mask)
    }
  })
}

async function serve(socket: Socket, answer: Answer, errorOf: (error: unknown) => RemoteError): Promise<void> {
  try {
    for await (const request of readLines(socket)) {
      const row = (value: unknown) => writeLine(socket, toJson({ row: value }))
      const end = await answer(request as Request, row).then(
        (result) => ({ ok: true, result }),
        (error: unknown) => ({ ok: false, error: errorOf(error) }),
      )
      await writeLine(socket, toJson(end))
    }
    socket.end()
  } catch {
    // it sent no JSON, or has gone: there is nobody to tell
    socket.destroy()
  }
}
