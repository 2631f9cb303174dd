/**
 * A request to the daemon. The same protocol as `connectDaemon` of @postern/cli, whose entry loads the whole command: here a
 * listing must not cost more than the asking.
 */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { EX, Fatal, systemText } from './fatal.ts'

/** Nobody answers. */
export class Down extends Fatal {
  readonly why: string
  constructor(text: string, why: string) {
    super(text, EX.UNAVAILABLE)
    this.why = why
  }
}

type Line = { row: unknown } | { ok: true; result: unknown } | { ok: false; error: { text: string; exit: number } }

/** everybody's socket first, then the owner's */
const SOCKETS = ['control.public', 'control', 'control.sock']

/** Asks one thing after the other over one connection. */
export class Daemon {
  readonly #socket: Socket
  readonly #lines: AsyncIterator<Line>
  constructor(socket: Socket) {
    this.#socket = socket
    this.#lines = readLines(socket)
  }
  /** What the end carries; rows go to `row`. Rejects with Fatal when the daemon says no or goes away. */
  async ask(verb: string, args: object = {}, row?: (value: unknown) => void): Promise<unknown> {
    this.#socket.write(JSON.stringify({ verb, arguments: args }) + '\n')
    for (;;) {
      const { value, done } = await this.#lines.next()
      if (done) throw new Fatal('the mail system went away before it had answered', EX.UNAVAILABLE)
      if ('row' in value) row?.(value.row)
      else if (value.ok) return value.result
      else throw new Fatal(value.error.text, EX.UNAVAILABLE)
    }
  }
  close(): void {
    this.#socket.destroy()
  }
}

/** Rejects with Down (69) with `down` when nobody answers, and with what is forbidden when that is the reason. */
export async function connectControl(spool: string, down: string): Promise<Daemon> {
  let forbidden: string | undefined
  let why = ''
  for (const name of SOCKETS) {
    const path = join(spool, name)
    try {
      return new Daemon(await dial(path))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES') forbidden = path
      else why ||= `Connect to ${path}: ${systemText(error)}`
    }
  }
  throw forbidden ? new Fatal(`Connect to ${forbidden}: Permission denied`, EX.UNAVAILABLE) : new Down(down, why)
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
async function* readLines(socket: Socket): AsyncGenerator<Line, undefined> {
  let rest = ''
  for await (const chunk of socket.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!
    for (const line of lines) yield JSON.parse(line) as Line
  }
  return undefined
}
