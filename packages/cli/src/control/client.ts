/** A command's side of the control sockets. */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import type { Problem } from '@postern/core'
import { CommandError, EX } from '../exit.ts'
import type { ExitCode } from '../exit.ts'
import { controlPath, publicPath } from './path.ts'
import { readLines, send } from './lines.ts'
import type { Line, PublicRequests, Requests } from './protocol.ts'

/** The daemon said no; with the problems of a configuration where there are any. */
export class RefusedByDaemon extends CommandError {
  readonly problems: readonly Problem[]
  constructor(exit: ExitCode, text: string, problems: readonly Problem[]) {
    super(exit, text)
    this.problems = problems
  }
}
type Table<R> = { [V in keyof R]: { arguments: object; result: unknown } }
type RowOf<T> = T extends { row: infer Row } ? Row : never

/** A daemon that took the connection; each request has one of its own. */
export class Daemon<R extends Table<R> = Requests> {
  readonly #open: () => Promise<Socket>
  #first: Socket | undefined
  constructor(first: Socket, open: () => Promise<Socket>) {
    this.#first = first
    this.#open = open
  }
  /** Resolves with what the end carries; rows go to `row`. Throws CommandError when the daemon says no or goes away. */
  async ask<V extends keyof R & string>(
    verb: V,
    args: R[V]['arguments'],
    row?: (value: RowOf<R[V]>) => Promise<void> | void,
  ): Promise<R[V]['result']> {
    const answer = this.rows(verb, args)
    for (;;) {
      const next = await answer.next()
      if (next.done) return next.value
      await row?.(next.value)
    }
  }
  /** The rows as fast as they are taken, then what the end carries. */
  async *rows<V extends keyof R & string>(
    verb: V,
    args: R[V]['arguments'],
  ): AsyncGenerator<RowOf<R[V]>, R[V]['result']> {
    const socket = this.#first ?? (await this.#open())
    this.#first = undefined
    const conversation = new Conversation(socket)
    try {
      await conversation.say(verb, args)
      return (yield* conversation.answer()) as R[V]['result']
    } finally {
      conversation.close()
    }
  }
  /** For many small requests, one after another, on one connection. */
  async series<V extends keyof R & string>(verb: V): Promise<Series<R[V]['arguments'], R[V]['result']>> {
    const socket = this.#first ?? (await this.#open())
    this.#first = undefined
    const conversation = new Conversation(socket)
    return {
      ask: async (args) => {
        await conversation.say(verb, args)
        const next = await conversation.answer().next()
        return next.value as R[V]['result']
      },
      close: () => conversation.close(),
    }
  }
  close(): void {
    this.#first?.destroy()
    this.#first = undefined
  }
}
export interface Series<A, T> {
  ask(args: A): Promise<T>
  close(): void
}

class Conversation {
  readonly #socket: Socket
  readonly #lines: AsyncGenerator<unknown>
  constructor(socket: Socket) {
    this.#socket = socket
    this.#lines = readLines(socket)
  }
  async say(verb: string, args: object): Promise<void> {
    await send(this.#socket, JSON.stringify({ verb, arguments: args }) + '\n').catch(gone)
  }
  async *answer(): AsyncGenerator<never, unknown> {
    for (;;) {
      const next = await this.#lines.next().catch(gone)
      if (next.done) throw new CommandError(EX.UNAVAILABLE, 'the daemon ended before it had answered')
      const line = next.value as Line
      if ('row' in line) yield line.row as never
      else if (line.ok) return line.result
      else throw new RefusedByDaemon(line.error.exit as ExitCode, line.error.text, line.error.problems ?? [])
    }
  }
  close(): void {
    this.#socket.destroy()
  }
}
function gone(error: Error): never {
  throw new CommandError(EX.UNAVAILABLE, `the daemon has gone: ${error.message}`)
}

/** `undefined` when nobody answers on this spool. */
export const connectDaemon = (spool: string): Promise<Daemon | undefined> => open<Requests>(controlPath(spool))
/** The same for any user of the host: the queue's listing and flush. */
export const connectPublic = (spool: string): Promise<Daemon<PublicRequests> | undefined> =>
  open<PublicRequests>(publicPath(spool))

async function open<R extends Table<R>>(path: string): Promise<Daemon<R> | undefined> {
  try {
    return new Daemon<R>(await dial(path), () => dial(path))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') return undefined
    if (code === 'EACCES')
      throw new CommandError(EX.UNAVAILABLE, `${path} may be used only by the user that postern runs as`)
    throw new CommandError(EX.UNAVAILABLE, `${path}: ${(error as Error).message}`)
  }
}
/** Throws CommandError (69) when nobody answers. */
export async function needDaemon(spool: string): Promise<Daemon> {
  const daemon = await connectDaemon(spool)
  if (!daemon) throw new CommandError(EX.UNAVAILABLE, `no postern is running on ${spool}`)
  return daemon
}
function dial(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      // the iterator over the socket tells of errors
      socket.on('error', () => undefined)
      resolve(socket)
    })
  })
}
