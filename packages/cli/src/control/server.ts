/** The daemon's side of the control sockets. Holding the owner's is also what keeps a second daemon off the spool. */
import { randomBytes } from 'node:crypto'
import { chmod, link, lstat, rename, unlink } from 'node:fs/promises'
import { unlinkSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import type { Logger } from '@postern/core'
import { CommandError, EX } from '../exit.ts'
import { connectDaemon } from './client.ts'
import { controlPath, publicPath } from './path.ts'
import { Gathered, LONGEST_LINE, readLines } from './lines.ts'
import { toJson } from './protocol.ts'
import type { RemoteError, Request } from './protocol.ts'

/** Answers one request; `row` sends a row ahead of the end; `signal` aborts when the reader has gone. */
export type Answer = (request: Request, row: (value: unknown) => Promise<void>, signal: AbortSignal) => Promise<unknown>
export interface Doors {
  readonly owner: Answer
  /** nobody knows who asks: a unix socket does not tell Node */
  readonly everybody: Answer
}
interface Limits {
  readonly mode: number
  /** bytes of a request */
  readonly line: number
  /** connections at a time */
  readonly connections?: number
  /** ms in which nothing is asked or taken */
  readonly idle?: number
}
const OWNER: Limits = { mode: 0o600, line: LONGEST_LINE }
/** Whoever sits on connections must not cost the daemon its descriptors; a pager may stand still for a while. */
const EVERYBODY: Limits = { mode: 0o666, line: 4096, connections: 64, idle: 600_000 }

export class ControlServer {
  readonly #listening: readonly Listening[]

  private constructor(listening: readonly Listening[]) {
    this.#listening = listening
  }
  /** Throws CommandError when a daemon answers on this spool already; a dead one's sockets are replaced. */
  static async open(spool: string, doors: Doors, errorOf: (error: unknown) => RemoteError, log: () => Logger) {
    const [own, all] = [controlPath(spool), publicPath(spool)]
    const owner = await takeOver(spool, own, () => Listening.open(own, OWNER, doors.owner, errorOf, log))
    try {
      // who holds the owner's socket may take the other one
      await clear(all)
      return new ControlServer([owner, await Listening.open(all, EVERYBODY, doors.everybody, errorOf, log)])
    } catch (error) {
      await owner.close()
      throw error
    }
  }
  async close(): Promise<void> {
    await Promise.all(this.#listening.map((l) => l.close()))
  }
  /** for the last moment of a process that cannot wait */
  remove(): void {
    for (const { path } of this.#listening)
      try {
        unlinkSync(path)
      } catch {
        // it is gone, or the next start finds that nobody answers there
      }
  }
}

class Listening {
  readonly path: string
  readonly #server = createServer()
  readonly #sockets = new Set<Socket>()
  constructor(path: string, limits: Limits, answer: Answer, errorOf: (error: unknown) => RemoteError) {
    this.path = path
    if (limits.connections) this.#server.maxConnections = limits.connections
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      // a command that was interrupted is nobody's fault
      socket.on('error', () => socket.destroy())
      if (limits.idle) socket.setTimeout(limits.idle, () => socket.destroy())
      void serve(socket, limits.line, answer, errorOf)
    })
  }
  static async open(
    path: string,
    limits: Limits,
    answer: Answer,
    errorOf: (error: unknown) => RemoteError,
    log: () => Logger,
  ): Promise<Listening> {
    const listening = new Listening(path, limits, answer, errorOf)
    await listen(listening.#server, path, limits.mode)
    listening.#server.on('error', (error) => log().error('control.failed', { cause: error.message }))
    return listening
  }
  async close(): Promise<void> {
    const closed = new Promise<void>((done) => this.#server.close(() => done()))
    for (const socket of this.#sockets) socket.end()
    const late = setTimeout(() => this.#sockets.forEach((s) => s.destroy()), 500)
    await closed
    clearTimeout(late)
  }
}

/** Two that start at once: one listens, the other finds it. */
async function takeOver(spool: string, path: string, listens: () => Promise<Listening>): Promise<Listening> {
  for (let tries = 0; ; tries++) {
    await makeWay(spool, path)
    try {
      return await listens()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tries === 5) throw error
    }
  }
}
async function makeWay(spool: string, path: string): Promise<void> {
  if (!(await isSocket(path))) return
  const living = await connectDaemon(spool)
  if (!living) return removeDead(path)
  const pid = await living.ask('ping', {}).then(
    (r) => `pid ${r.pid}`,
    () => 'it does not say its pid',
  )
  throw new CommandError(
    EX.UNAVAILABLE,
    `a postern is running on ${spool} already (${pid}): stop it with "postern stop", or give this one a spool of its own`,
  )
}
/** Between asking and removing another one may have begun to listen there: it is put aside, asked again, and put back. */
async function removeDead(path: string): Promise<void> {
  const aside = `${path}.${randomBytes(3).toString('hex')}`
  try {
    await rename(path, aside)
  } catch (error) {
    // another one was first
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  if (await isAlive(aside)) await link(aside, path)
  await unlink(aside)
}
function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
async function clear(path: string): Promise<void> {
  if (await isSocket(path)) await unlink(path)
}
/** Throws where something else has the name. */
async function isSocket(path: string): Promise<boolean> {
  const there = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  if (there && !there.isSocket())
    throw new CommandError(EX.CANTCREAT, `${path} is there and is not a socket: move it away`)
  return there !== undefined
}

function listen(server: Server, path: string, mode: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // nobody may connect between bind and chmod
    const mask = process.umask(0o177)
    try {
      server.listen(path, () => {
        server.off('error', reject)
        chmod(path, mode).then(resolve, reject)
      })
    } finally {
      process.umask(mask)
    }
  })
}

async function serve(
  socket: Socket,
  longest: number,
  answer: Answer,
  errorOf: (error: unknown) => RemoteError,
): Promise<void> {
  const gone = new AbortController()
  socket.once('close', () => gone.abort(new Error('the reader has gone')))
  const out = new Gathered(socket)
  try {
    for await (const request of readLines(socket, longest)) {
      const row = (value: unknown) => out.add(toJson({ row: value }) + '\n')
      const end = await answer(request as Request, row, gone.signal).then(
        (result) => ({ ok: true, result }),
        (error: unknown) => ({ ok: false, error: errorOf(error) }),
      )
      await out.add(toJson(end) + '\n')
      await out.flush()
    }
    socket.end()
  } catch {
    // it sent no JSON, or has gone: there is nobody to tell
    socket.destroy()
  }
}
