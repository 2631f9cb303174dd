/** Asks the system's name services by getent(1): Node has no getpwnam. No shell, and one process for several names. */
import { execFile } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { isUtf8 } from 'node:buffer'
import { absent, failed, found } from '@postern/core'
import type { Lookup } from '@postern/core'
import { probeOf, remoteServices } from '@postern/processes/name-services'
import type { NameDatabase } from '@postern/processes/name-services'

/** ms for one process */
const PATIENCE = 10_000
/** bytes of one answer: groups may have many members */
const MOST = 16 * 1024 * 1024
/** getent(1): one of the names is not there */
const NOT_FOUND = 2

interface Said {
  readonly lines: readonly Buffer[]
  /** 0 or 2; else `why` says what is wrong */
  readonly status: number | undefined
  readonly why: string
}

export class Getent {
  readonly #database: NameDatabase
  readonly #program: string
  readonly #running = new Set<ChildProcess>()
  #closed = false
  #spawned = 0

  constructor(database: NameDatabase, program = 'getent') {
    this.#database = database
    this.#program = program
  }
  /** processes that were started */
  get spawned(): number {
    return this.#spawned
  }
  /** An answer for each name, which must be in small letters and must not look like a number. Never rejects. */
  async ask(names: readonly string[]): Promise<Map<string, Lookup>> {
    const answers = new Map<string, Lookup>()
    await this.#ask(names, answers)
    const missing = names.filter((name) => !answers.has(name))
    if (missing.length > 0) await this.#missing(missing, answers)
    for (const name of missing) if (!answers.has(name)) answers.set(name, absent())
    return answers
  }
  close(): void {
    this.#closed = true
    for (const child of this.#running) child.kill('SIGKILL')
  }

  /** Leaves out names that are not there. */
  async #ask(names: readonly string[], answers: Map<string, Lookup>): Promise<void> {
    const { lines, status, why } = await this.#run([this.#database, '--', ...names])
    if (status === undefined) {
      for (const name of names) answers.set(name, failed(`getent ${this.#database}: ${why}`))
      return
    }
    const others: Buffer[] = []
    for (const line of lines) {
      const name = line
        .subarray(0, Math.max(line.indexOf(':'), 0))
        .toString()
        .toLowerCase()
      if (names.includes(name)) answers.set(name, answerOf(line))
      else others.push(line)
    }
    if (others.length === 0) return
    // a service may answer with another spelling: told apart by asking for one alone
    const [only, ...more] = names.filter((name) => !answers.has(name))
    if (names.length === 1 && only !== undefined) answers.set(only, answerOf(others[0]!))
    else for (const name of [only, ...more]) if (name !== undefined) await this.#ask([name], answers)
  }
  /** Names that nobody had are absent only when everybody was asked. */
  async #missing(names: readonly string[], answers: Map<string, Lookup>): Promise<void> {
    const down = await this.#serviceThatIsDown()
    if (down === undefined) return
    if (down === '') return this.#ask(names, answers)
    for (const name of names) answers.set(name, failed(down))
  }
  /** `undefined`: there is none that could be; `''`: they answer, perhaps one of them did not a moment ago. */
  async #serviceThatIsDown(): Promise<string | undefined> {
    try {
      const services = await remoteServices(this.#database)
      for (const service of services) {
        const { status } = await this.#run(await probeOf(this.#database, service))
        if (status !== 0) return `"${service}" of nsswitch.conf does not answer`
      }
      return services.length > 0 ? '' : undefined
    } catch (error) {
      return (error as Error).message
    }
  }
  #run(args: readonly string[]): Promise<Said> {
    const none = (why: string): Said => ({ lines: [], status: undefined, why })
    if (this.#closed) return Promise.resolve(none('the table is closed'))
    this.#spawned++
    return new Promise((done) => {
      const env = { PATH: process.env.PATH, LC_ALL: 'C' }
      const options = {
        cwd: '/',
        env,
        timeout: PATIENCE,
        killSignal: 'SIGKILL',
        maxBuffer: MOST,
        encoding: 'buffer',
      } as const
      const child = execFile(this.#program, args, options, (error, out) => {
        this.#running.delete(child)
        const code = error ? error.code : 0
        if (code === 0 || code === NOT_FOUND) return done({ lines: linesOf(out), status: code, why: '' })
        done(
          none(error!.killed ? 'no answer in time' : typeof code === 'number' ? `exit code ${code}` : error!.message),
        )
      })
      child.stdin?.end()
      child.stdin?.on('error', () => undefined)
      this.#running.add(child)
    })
  }
}
function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(10, start)
    lines.push(bytes.subarray(start, end < 0 ? bytes.length : end))
    start = end < 0 ? bytes.length : end + 1
  }
  return lines
}
const answerOf = (line: Buffer): Lookup =>
  isUtf8(line) ? found(line.toString()) : failed('getent: a line that is not UTF-8', 'misconfigured')
