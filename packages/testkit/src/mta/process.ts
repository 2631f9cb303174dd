/** A whole MTA as a process of its own, through the command line: for kill -9 and for what only a process shows. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import type { Config } from '@postern/core'
import { dialogue } from '../smtp/dialogue.ts'
import type { Dialogue, DialogueOptions } from '../smtp/dialogue.ts'
import { freePorts, tempFolder } from '../temp.ts'
import type { TempFolder } from '../temp.ts'
import { until, within } from '../wait.ts'
import { readLogLines } from './log.ts'
import type { LogEvent } from './log.ts'

export interface ProcessOptions {
  /** ports to wait for; for a configuration in memory those with `port: 0` are added */
  readonly ports?: readonly number[]
  /** program and arguments instead of `postern start --foreground -c FILE`; the file's name is put behind */
  readonly command?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** working folder; default: this process's own */
  readonly cwd?: string
  /** ms to wait until the ports answer; default 20,000 */
  readonly timeout?: number
}
export interface MtaProcess {
  readonly pid: number
  /** the configuration file */
  readonly file: string
  /** all that it wrote, both streams */
  readonly output: string
  /** log events in what it wrote */
  readonly log: readonly LogEvent[]
  /** ports in the order of the listeners */
  readonly ports: readonly number[]
  dialogue(port?: number, options?: DialogueOptions): Promise<Dialogue>
  /** SIGKILL, and wait */
  kill(): Promise<void>
  /** SIGTERM, and wait; the exit code (null when a signal ended it) */
  stop(): Promise<number | null>
  /** starts it again with the same file, after kill or stop */
  start(): Promise<void>
  /** ends it if it runs, and removes the temporary folder */
  remove(): Promise<void>
}

/** Starts the command with a configuration file or object and waits until its ports answer; throws with its output if it ends first. */
export async function startProcess(config: string | Config, options: ProcessOptions = {}): Promise<MtaProcess> {
  const folder = await tempFolder('postern-process')
  try {
    const { file, ports } = await prepare(config, folder)
    const mta = new Daemon(file, [...(options.ports ?? []), ...ports], options, folder)
    await mta.start()
    return mta
  } catch (error) {
    await folder.remove()
    throw error
  }
}

/** The program and first arguments of the command, as installed where the test runs. */
export function posternCommand(cwd = process.cwd()): string[] {
  const manifest = createRequire(join(resolve(cwd), 'test.js')).resolve('@postern/cli/package.json')
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: Record<string, string> }
  return [process.execPath, join(dirname(manifest), bin.postern!)]
}

async function prepare(config: string | Config, folder: TempFolder): Promise<{ file: string; ports: number[] }> {
  if (typeof config === 'string') return { file: resolve(config), ports: [] }
  const file = join(folder.path, 'postern.config.json')
  const copy = structuredClone(config) as Config & { plugins?: unknown[] }
  const open = listeners(copy.plugins ?? []).filter((l) => l.port === 0)
  const free = await freePorts(open.length)
  open.forEach((l, i) => (l.port = free[i]!))
  const ports = listeners(copy.plugins ?? []).map((l) => l.port)
  const base = { myhostname: 'mail.site.example', spool: join(folder.path, 'spool') }
  await writeFile(file, JSON.stringify({ ...base, ...copy }, null, 2))
  return { file, ports }
}
/** Options objects of plugins that have a port and listen. */
function listeners(plugins: unknown[]): { port: number }[] {
  return plugins.flatMap((entry) =>
    Object.entries((entry ?? {}) as Record<string, unknown>)
      .filter(
        ([name, options]) => /(^|-)listen-/.test(name) && typeof (options as { port?: unknown })?.port === 'number',
      )
      .map(([, options]) => options as { port: number }),
  )
}

class Daemon implements MtaProcess {
  readonly file: string
  readonly ports: readonly number[]
  output = ''
  readonly #options: ProcessOptions
  readonly #folder: TempFolder
  #child: ChildProcess | undefined
  #ended: Promise<number | null> = Promise.resolve(null)

  constructor(file: string, ports: readonly number[], options: ProcessOptions, folder: TempFolder) {
    this.file = file
    this.ports = ports
    this.#options = options
    this.#folder = folder
  }
  get pid(): number {
    return this.#child?.pid ?? -1
  }
  get log(): readonly LogEvent[] {
    return readLogLines(this.output)
  }
  async start(): Promise<void> {
    const { cwd, env, command = [...posternCommand(cwd), 'start', '--foreground', '-c'] } = this.#options
    const [program, ...args] = command
    const child = spawn(program!, [...args, this.file], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text))
    }
    let over = false
    this.#ended = new Promise((done) => {
      child.once('error', (error) => (this.output += `${error.message}\n`))
      child.once('close', (code, signal) => {
        over = true
        if (signal !== null) this.output += `ended by ${signal}\n`
        done(code)
      })
    })
    const up = async () => {
      if (over) throw new Error(`the MTA ended before its ports answered:\n${this.output}`)
      const answers = await Promise.all(this.ports.map(answersAt))
      return this.ports.length ? answers.every(Boolean) : this.output.includes('listener.open')
    }
    try {
      await until(`ports ${this.ports.join(', ')}`, up, this.#options.timeout ?? 20_000)
    } catch (error) {
      await this.kill()
      throw new Error(`${(error as Error).message}\n${this.output}`, { cause: error })
    }
  }
  dialogue(port = this.ports[0]!, options?: DialogueOptions): Promise<Dialogue> {
    return dialogue(port, options)
  }
  async kill(): Promise<void> {
    signalGroup(this.#child, 'SIGKILL')
    await this.#ended
  }
  async stop(): Promise<number | null> {
    signalGroup(this.#child, 'SIGTERM')
    return within('stop after SIGTERM', this.#ended, 30_000)
  }
  async remove(): Promise<void> {
    await this.kill()
    await this.#folder.remove()
  }
}

/** Workers die with their primary. */
function signalGroup(child: ChildProcess | undefined, signal: NodeJS.Signals): void {
  if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(signal === 'SIGKILL' ? -child.pid : child.pid, signal)
  } catch {
    // it has ended by itself meanwhile
  }
}

function answersAt(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1')
    const end = (answer: boolean) => {
      socket.destroy()
      done(answer)
    }
    socket.once('connect', () => end(true)).once('error', () => end(false))
  })
}
