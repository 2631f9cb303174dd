/** The server under test: a command of one's own, or Debian's Postfix. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import {
  chownSync,
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import { sleep, until } from './testkit.ts'
import { ROOT } from '../cases.ts'
import { countArrived } from '../judge/observe.ts'
import type { Observed } from '../judge/observed.ts'
import { PORT } from './room.ts'
import type { Room } from './room.ts'
import { PATH, run, sh } from './shell.ts'
import { toolFolder } from './tools.ts'

export interface RoomServer {
  /** of the programs that the dialogue runs */
  readonly env: NodeJS.ProcessEnv
  start(): Promise<void>
  /** Until nothing is under way any more, and at least so many messages have arrived. */
  idle(least?: number): Promise<void>
  stop(): Promise<void>
  /** what it said, for a person */
  output(): string
}

const START = 30_000
const STOP = 15_000
/** ms without anything new in mailboxes, at next hops and in the log */
const QUIET = 500
const LONG_QUIET = 6000
const MAX_WAIT = 20_000
const tail = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8').slice(-4000) : '')

const answers = (): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(PORT, '127.0.0.1')
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end(true)).once('error', () => end(false))
  })

export class PostfixServer implements RoomServer {
  readonly env: NodeJS.ProcessEnv
  readonly #room: Room
  #stopped = false

  constructor(room: Room) {
    this.#room = room
    this.env = { PATH, MAIL_CONFIG: room.etc }
  }
  async start(): Promise<void> {
    this.#allowFolder()
    chownSync(join(this.#room.folder, 'data'), Number(sh('id', '-u', 'postfix')), 0)
    this.#room.index()
    const started = await this.#postfix('start')
    if (started.exit !== 0) throw new Error(`postfix start: ${started.err}${started.out}${this.output()}`)
    if (!this.#room.case.spec.noport) await until('smtpd', answers, START)
  }
  async idle(least = 0): Promise<void> {
    const limit = Date.now() + 25_000
    const queued = () => ['maildrop', 'incoming', 'active'].some((name) => this.#files(name) > 0)
    // a message between two of the folders is seen in none for a moment
    for (let quiet = 0; quiet < 4 && Date.now() < limit; await sleep(100)) quiet = queued() ? 0 : quiet + 1
    while (countArrived(this.#room.scene) < least && Date.now() < limit) await sleep(100)
  }
  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    await this.#postfix('stop')
  }
  output(): string {
    return tail(join(this.#room.folder, 'maillog'))
  }

  /** Its set-gid programs heed another folder only if the usual one, here the room's own copy, says so. */
  #allowFolder(): void {
    const { etc } = this.#room
    writeFileSync('/etc/postfix/main.cf', `compatibility_level = 3.6\nalternate_config_directories = ${etc}\n`)
    copyFileSync('/etc/postfix/dynamicmaps.cf', join(etc, 'dynamicmaps.cf'))
  }
  #files(name: string): number {
    const folder = join(this.#room.folder, 'queue', name)
    return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((e) => e.isFile()).length
  }
  #postfix(word: string) {
    return run(['/usr/sbin/postfix', '-c', this.#room.etc, word], { env: { ...process.env, PATH } })
  }
}

export interface CommandOptions {
  /** run by sh; `{etc}`, `{dir}` and `{port}` stand for the room's */
  readonly command: string
  /** a folder with programs called sendmail, mailq ... */
  readonly tools: string | undefined
  readonly expected: Observed | undefined
}

export class CommandServer implements RoomServer {
  readonly env: NodeJS.ProcessEnv
  readonly #room: Room
  readonly #options: CommandOptions
  /** messages that had arrived at each wait, from the record */
  readonly #waits: number[]
  #child: ChildProcess | undefined
  #over = false

  constructor(room: Room, options: CommandOptions) {
    this.#room = room
    this.#options = options
    this.#waits = (options.expected?.actions ?? []).flatMap((a) => (a.wait === undefined ? [] : [a.wait]))
    const folders = options.tools === undefined ? [] : [toolFolder(room, options.tools)]
    // the tools' interpreter may stand anywhere
    this.env = { PATH: [...folders, PATH, dirname(process.execPath)].join(delimiter), MAIL_CONFIG: room.etc }
  }
  async start(): Promise<void> {
    this.#room.index()
    const values: Record<string, string> = { etc: this.#room.etc, dir: this.#room.folder, port: String(PORT) }
    const command = this.#options.command.replace(/\{(etc|dir|port)\}/g, (_all, name: string) => values[name]!)
    const out = openSync(this.#log, 'w')
    const child = spawn('sh', ['-c', `exec ${command}`], {
      cwd: ROOT,
      stdio: ['ignore', out, out],
      env: { ...process.env, MAIL_CONFIG: this.#room.etc },
    })
    closeSync(out)
    this.#child = child
    child.once('exit', () => (this.#over = true)).once('error', () => (this.#over = true))
    const up = async () => {
      if (this.#over) throw new Error(`the server ended before it answered:\n${this.output()}`)
      return answers()
    }
    const patient = this.#room.case.spec.noport ? up().catch(() => true) : until('the server', up, START)
    await patient.catch((error: unknown) => {
      throw new Error(`${(error as Error).message}\n${this.output()}`, { cause: error })
    })
  }
  /** It cannot be asked: quiet for a moment with what is expected there is idle, and so is quiet for long. */
  async idle(least = 0): Promise<void> {
    const need = Math.max(least, this.#waits.shift() ?? 0)
    const began = Date.now()
    let [last, since] = ['', began]
    while (Date.now() < since + LONG_QUIET && Date.now() < began + MAX_WAIT) {
      const arrived = countArrived(this.#room.scene)
      const now = `${arrived} ${this.#logSize()}`
      if (now !== last) [last, since] = [now, Date.now()]
      const quiet = Date.now() - since > QUIET && Date.now() - began > 2 * QUIET
      if (arrived >= need && quiet) return
      await sleep(100)
    }
  }
  async stop(): Promise<void> {
    if (!this.#child || this.#over) return
    this.#child.kill('SIGTERM')
    const limit = Date.now() + STOP
    while (!this.#over && Date.now() < limit) await sleep(20)
  }
  output(): string {
    return tail(this.#log)
  }
  get #log(): string {
    return join(this.#room.folder, 'server.out')
  }
  #logSize(): number {
    return statSync(join(this.#room.folder, 'maillog'), { throwIfNoEntry: false })?.size ?? 0
  }
}
