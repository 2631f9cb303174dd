/** Runs the built command with workers, in a folder of its own. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const here = path.dirname(fileURLToPath(import.meta.url))
const BIN = path.join(here, '../../../cli/bin/postern.js')
/** a queue in memory, a part in each worker */
export const MEMORY = path.join(here, 'parts-queue.js')
export const TALLY = path.join(here, 'tally.js')

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}
export interface WorkerLine {
  readonly index: number
  readonly pid: number
  readonly state: string
  readonly sessions: number
  readonly messages: number
  readonly restarts: number
}
export interface Status {
  readonly pid: number
  readonly state: string
  readonly sessions: number
  readonly queue: { readonly messages: number }
  readonly listening: readonly { readonly port: number; readonly protocol: string }[]
  readonly workers: readonly WorkerLine[]
}

export class Site {
  readonly folder: string
  readonly port: number
  /** a program and its first arguments, which runs the command */
  via: readonly string[] = []
  readonly #children = new Set<ChildProcess>()
  #pids: number[] = []

  constructor(folder: string, port: number) {
    this.folder = folder
    this.port = port
  }
  file(name: string): string {
    return path.join(this.folder, name)
  }
  /** `tally`: options of the plugin that claims, routes and delivers; `smtp`: of the listener; `queue`: plugin of the store */
  async config(tally: object = {}, smtp: object = {}, more: object = {}, queue: unknown = MEMORY): Promise<void> {
    const listener = { listen: [`127.0.0.1:${this.port}`], smtpdPeernameLookup: false, ...smtp }
    const config = {
      myhostname: 'mail.here.example',
      spool: 'spool',
      drainTimeout: '5s',
      plugins: [queue, { [TALLY]: { file: this.file('tally'), ...tally } }, { 'listen-smtp': listener }],
      ...more,
    }
    await writeFile(this.file('postern.config.json'), JSON.stringify(config))
  }
  spawn(...args: string[]): ChildProcess {
    const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '1' }
    delete env.POSTERN_WORKERS
    const [program, ...before] = [...this.via, process.execPath, BIN]
    const child = spawn(program!, [...before, ...args], { cwd: this.folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#children.add(child)
    child.once('close', () => this.#children.delete(child))
    return child
  }
  async run(...args: string[]): Promise<Ended> {
    const child = this.spawn(...args)
    const output = { out: '', err: '' }
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (output.out += text))
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (output.err += text))
    const code = await new Promise<number | null>((done) => child.once('close', done))
    return {
      code,
      out: output.out.replaceAll(this.folder, '~'),
      err: output.err.replaceAll(this.folder, '~'),
    }
  }
  /** Detached, as a user starts it. Throws what it says when it does not start. */
  async start(...args: string[]): Promise<Status> {
    const { code, err } = await this.run('start', ...args)
    if (code !== 0) throw new Error(`start: ${code}: ${err}`)
    return this.status()
  }
  async status(): Promise<Status> {
    const { code, out, err } = await this.run('status', '--json')
    if (code !== 0) throw new Error(`status: ${code}: ${err}`)
    const status = JSON.parse(out) as Status
    this.#pids = [status.pid, ...(status.workers ?? []).map((w) => w.pid)].filter((pid) => pid > 0)
    return status
  }
  log(): string {
    try {
      return readFileSync(this.file('spool/postern.log'), 'utf8')
    } catch {
      return ''
    }
  }
  /** subjects of what was delivered */
  async delivered(): Promise<string[]> {
    const text = await readFile(this.file('tally'), 'utf8').catch(() => '')
    return text.split('\n').filter((line) => line !== '')
  }
  async remove(): Promise<void> {
    await this.run('stop', '--now')
    // pids that the last status told of: a test that failed may have left them
    for (const pid of this.#pids) if (isOurs(pid)) process.kill(pid, 'SIGKILL')
    for (const child of this.#children) child.kill('SIGKILL')
    await rm(this.folder, { recursive: true, force: true })
  }
}
export function lives(pid: number): boolean {
  try {
    // a zombie has ended
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
/** A pid may be another process's by now. */
function isOurs(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('postern ')
  } catch {
    return false
  }
}
export async function until(what: string, holds: () => boolean | Promise<boolean>, ms = 15_000): Promise<void> {
  for (const end = Date.now() + ms; Date.now() < end; await pause(20)) if (await holds()) return
  throw new Error(`waited in vain for: ${what}`)
}
export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}
/** A folder for one test, and nothing left behind it. */
export function onSite(test: (site: Site) => Promise<void>): () => Promise<void> {
  return async () => {
    const site = new Site(await mkdtemp(path.join(tmpdir(), 'postern-processes-')), await freePort())
    // other users' workers read the configuration
    await chmod(site.folder, 0o755)
    try {
      await test(site)
    } finally {
      await site.remove()
    }
  }
}
