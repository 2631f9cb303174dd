/** A program that gets the message on its standard input, as the user. */
import * as fs from 'node:fs'
import type { ChildProcess } from 'node:child_process'
import type { Writable } from 'node:stream'
import type { UserOutcome, UserRequest } from '@postern/core'
import type { Account } from './accounts.ts'
import { Ended, deferredBy, doing } from './faults.ts'
import { startOf, walk } from './folders.ts'
import { launch } from './launch.ts'
import { rights } from './rights.ts'
import { outcomeOf } from './sysexits.ts'
import type { Target } from './target.ts'

/** Hears of a process group that must not outlive this process, and of its end. */
export type Group = (pid: number, over: boolean) => void
type Request = UserRequest & { readonly kind: 'command' }
/** bytes of output that are kept, as Postfix does */
const OUTPUT = 4096
/** ms for output after the end; what the program has left behind may hold the pipes open for ever */
const LINGER = 500

export class CommandTarget implements Target {
  readonly #request: Request
  readonly #account: Account
  readonly #group: Group
  #child: ChildProcess | undefined
  #gone: Promise<{ code: number | null; signal: NodeJS.Signals | null }> | undefined
  #timer: NodeJS.Timeout | undefined
  #late = false
  #output = ''
  #written = 0

  constructor(request: Request, account: Account, group: Group) {
    this.#request = request
    this.#account = account
    this.#group = group
  }
  async begin(): Promise<void> {
    const { argv, timeout, above } = this.#request
    const folder = rights.as(this.#account, () =>
      doing('Command not started: ', 'open its folder', () => this.#folder()),
    )
    try {
      const env = { ...this.#environment(), ...this.#request.env }
      // by the open folder: nobody can lead root elsewhere by a link
      const cwd = `/proc/self/fd/${folder}`
      this.#child = launch(this.#account, argv, { env, cwd, stdio: ['pipe', 'pipe', 'pipe'] })
    } finally {
      fs.closeSync(folder)
    }
    const child = this.#child
    child.stdin!.on('error', () => undefined)
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (bytes: Buffer) => this.#hear(bytes))
    this.#gone = new Promise((resolve, reject) => {
      child.once('exit', (code, signal) => resolve({ code, signal }))
      child.once('error', (error) => reject(deferredBy('4.3.0', `Command not started: ${error.message}`)))
    })
    this.#gone.catch(() => undefined)
    if (child.pid === undefined) return void (await this.#gone)
    this.#group(child.pid, false)
    this.#timer = setTimeout(() => {
      this.#late = true
      this.#kill()
    }, timeout)
    await this.write(Buffer.from(above))
  }
  #folder(): number {
    const { folder } = this.#request
    if (!folder) return walk(this.#account.home, [], false).fd
    const { from, names } = startOf(folder, this.#account)
    return walk(from, names, false).fd
  }
  #environment(): Record<string, string> {
    const { name, home, shell } = this.#account
    const { TZ, LANG } = process.env
    const own = { HOME: home, SHELL: shell || '/bin/sh', LOGNAME: name, USER: name }
    return { ...own, ...(TZ === undefined ? {} : { TZ }), ...(LANG === undefined ? {} : { LANG }) }
  }
  #hear(bytes: Buffer): void {
    if (this.#output.length < OUTPUT) this.#output = (this.#output + bytes.toString('latin1')).slice(0, OUTPUT)
  }
  /** A program that does not want to read more has its reasons: its exit code counts. */
  async write(bytes: Buffer): Promise<void> {
    this.#written += bytes.length
    const { limit } = this.#request
    if (limit && this.#written > limit)
      throw new Ended({ kind: 'failed', esc: '5.2.3', text: `message size exceeds size limit ${limit} for command` })
    const stdin = this.#child!.stdin as Writable
    if (bytes.length > 0 && stdin.writable) await new Promise<void>((done) => stdin.write(bytes, () => done()))
  }
  async finish(bytes: Buffer): Promise<UserOutcome> {
    if (!this.#child) await this.begin()
    await this.write(bytes)
    this.#child!.stdin!.end()
    const end = await this.#gone!
    await this.#close()
    const output = Buffer.from(this.#output, 'latin1').toString('utf8')
    return outcomeOf(this.#request.argv, { ...end, late: this.#late, output })
  }
  /** Before its input ends: what it has read is no message. */
  async abort(): Promise<void> {
    if (this.#child?.pid === undefined) return
    this.#kill()
    await this.#gone?.catch(() => undefined)
    await this.#close()
  }
  #kill(): void {
    try {
      process.kill(-this.#child!.pid!, 'SIGKILL')
    } catch {
      // the whole group has ended
    }
  }
  async #close(): Promise<void> {
    clearTimeout(this.#timer)
    const { stdin, stdout, stderr } = this.#child!
    await Promise.race([allEnded([stdout!, stderr!]), new Promise((done) => setTimeout(done, LINGER))])
    for (const stream of [stdin!, stdout!, stderr!]) stream.destroy()
    this.#group(this.#child!.pid!, true)
  }
}
const allEnded = (streams: readonly NodeJS.ReadableStream[]): Promise<unknown> =>
  Promise.all(
    streams.map(
      (s) => new Promise<void>((done) => ((s as { closed?: boolean }).closed ? done() : s.once('close', done))),
    ),
  )
