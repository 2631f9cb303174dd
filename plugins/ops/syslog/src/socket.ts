/**
 * syslog: Node has no datagram sockets of the file system, so a small program of its own (helper/send.pl) sends what it
 * reads. A log daemon that hangs holds up that program, never mail: what it does not take is dropped, counted and told.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { FLUSH_AFTER, GATHERED, KEPT, Losses } from './output.ts'
import type { Output } from './output.ts'

const PROGRAM = fileURLToPath(new URL('../helper/send.pl', import.meta.url))
/** ms until a program that has ended is started again */
const AGAIN = 1000
/** ms for the last lines */
const LAST = 1000

export class SocketOutput implements Output {
  readonly #path: string
  readonly #tell: (error: Error) => void
  readonly #losses: Losses
  #child: ChildProcess | undefined
  #lines = ''
  #timer: NodeJS.Timeout | undefined
  #again: NodeJS.Timeout | undefined
  #closed = false

  private constructor(path: string, tell: (error: Error) => void) {
    this.#path = path
    this.#tell = tell
    this.#losses = new Losses(tell)
  }
  /** Rejects when the program cannot be started. */
  static async open(path: string, tell: (error: Error) => void): Promise<SocketOutput> {
    const output = new SocketOutput(path, tell)
    await output.#start()
    return output
  }
  write(line: string): void {
    if (this.#lines.length + (this.#child?.stdin?.writableLength ?? 0) > KEPT) {
      this.#losses.fault(new Error(`${this.#path} takes no lines`))
      return this.#losses.line()
    }
    this.#lines += line
    if (this.#lines.length >= GATHERED) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_AFTER).unref()
  }
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const { stdin } = this.#child ?? {}
    if (this.#lines === '' || !stdin?.writable) return
    stdin.write(this.#lines)
    this.#lines = ''
    if (this.#losses.faulty && stdin.writableLength < KEPT / 2) this.#losses.recovered()
  }
  close(): Promise<void> {
    this.flush()
    this.#closed = true
    clearTimeout(this.#again)
    const child = this.#child
    if (!child) return Promise.resolve()
    // it sends what it has and ends; a log daemon that hangs must not leave it behind
    return new Promise((done) => {
      const late = setTimeout(() => child.kill('SIGKILL'), LAST)
      child.ref()
      child.once('exit', () => {
        clearTimeout(late)
        done()
      })
      child.stdin?.end()
    })
  }

  #start(): Promise<void> {
    const child = spawn('perl', [PROGRAM, this.#path], { stdio: ['pipe', 'ignore', 'pipe'], cwd: '/' })
    child.stdin.on('error', () => undefined)
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#heard(text))
    child.once('exit', () => this.#ended(child))
    return new Promise((done, failed) => {
      child.once('spawn', () => {
        this.#child = child
        child.unref()
        for (const pipe of [child.stdin, child.stderr]) (pipe as unknown as { unref(): void }).unref()
        done()
      })
      child.once('error', (cause) =>
        failed(new Error(`syslog needs perl(1): ${cause.message}; or set maillogFile`, { cause })),
      )
    })
  }
  #heard(text: string): void {
    for (const line of text.split('\n')) {
      const lost = /^lost (\d+)$/.exec(line)?.[1]
      if (lost) this.#tell(new Error(`${lost} log lines were lost while ${this.#path} could not be reached`))
      else if (line !== '') this.#tell(new Error(line.replace(/^fault /, '')))
    }
  }
  #ended(child: ChildProcess): void {
    if (this.#child === child) this.#child = undefined
    if (this.#closed) return
    this.#tell(new Error('the program that sends to syslog has ended; it is started again'))
    this.#again = setTimeout(() => {
      this.#start().then(
        () => this.flush(),
        (error: Error) => this.#tell(error),
      )
    }, AGAIN).unref()
  }
}
