/** A command's side of the control socket. */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import type { Problem } from '@postern/core'
import { CommandError, EX } from '../exit.ts'
import type { ExitCode } from '../exit.ts'
import { controlPath } from './path.ts'
import { readLines } from './lines.ts'
import type { Arguments, Line, Result, Verb } from './protocol.ts'

/** The daemon said no; with the problems of a configuration where there are any. */
export class RefusedByDaemon extends CommandError {
  readonly problems: readonly Problem[]
  constructor(exit: ExitCode, text: string, problems: readonly Problem[]) {
    super(exit, text)
    this.problems = problems
  }
}

/** A daemon that took the connection. */
export class Daemon {
  readonly #open: () => Promise<Socket>
  #first: Socket | undefined
  constructor(first: Socket, open: () => Promise<Socket>) {
    this.#first = first
    this.#open = open
  }
  /** Resolves with what the end carries; rows go to `row`. Throws CommandError when the daemon says no or goes away. */
  async ask<V extends Verb>(
    verb: V,
    args: Arguments<V>,
    row?: (value: unknown) => Promise<void> | void,
  ): Promise<Result<V>> {
    const socket = this.#first ?? (await this.#open())
    this.#first = undefined
    try {
      socket.write(JSON.stringify({ verb, arguments: args }) + '\n')
      for await (const line of readLines(socket) as AsyncIterable<Line>) {
        if ('row' in line) await row?.(line.row)
        else if (line.ok) return line.result as Result<V>
        else throw new RefusedByDaemon(line.error.exit as ExitCode, line.error.text, line.error.problems ?? [])
      }
    } catch (error) {
      if (error instanceof CommandError) throw error
      throw new CommandError(EX.UNAVAILABLE, `the daemon has gone: ${(error as Error).message}`)
    } finally {
      socket.destroy()
    }
    throw new CommandError(EX.UNAVAILABLE, 'the daemon ended before it had answered')
  }
  close(): void {
    this.#first?.destroy()
    this.#first = undefined
  }
}

/** `undefined` when nobody answers on this spool. */
export async function connectDaemon(spool: string): Promise<Daemon | undefined> {
  const path = controlPath(spool)
  try {
    return new Daemon(await dial(path), () => dial(path))
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
