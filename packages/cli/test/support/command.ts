/** Runs the built command as a user would: a process of its own in a folder of its own. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const here = path.dirname(fileURLToPath(import.meta.url))
const BIN = path.join(here, '../../bin/postern.js')
export const QUEUE = path.join(here, 'memory-queue.js')
export const LITTLE = path.join(here, 'little.js')

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}
export class Site {
  readonly folder: string
  readonly #children: ChildProcess[] = []
  constructor(folder: string) {
    this.folder = folder
  }
  write(name: string, content: string): Promise<void> {
    return writeFile(path.join(this.folder, name), content)
  }
  /** a configuration with the queue in memory and the little plugin */
  little(options: object = {}, more: object = {}): Promise<void> {
    return this.config({ plugins: [QUEUE, { [LITTLE]: options }], ...more })
  }
  config(config: object): Promise<void> {
    return this.write(
      'postern.config.json',
      JSON.stringify({ myhostname: 'mail.here.example', spool: 'spool', ...config }),
    )
  }
  spawn(...args: string[]): ChildProcess {
    return this.spawnWith({}, ...args)
  }
  spawnWith(env: NodeJS.ProcessEnv, ...args: string[]): ChildProcess {
    const child = spawn(process.execPath, [BIN, ...args], {
      cwd: this.folder,
      env: { ...process.env, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#children.push(child)
    return child
  }
  /** `input` (latin1) on its standard input */
  spawnFed(input: string, ...args: string[]): ChildProcess {
    const child = spawn(process.execPath, [BIN, ...args], { cwd: this.folder, env: { ...process.env, NO_COLOR: '1' } })
    this.#children.push(child)
    child.stdin.end(input, 'latin1')
    return child
  }
  get spool(): string {
    return path.join(this.folder, 'spool')
  }
  async run(...args: string[]): Promise<Ended> {
    const child = this.spawn(...args)
    const output = collect(child)
    const code = await endOf(child)
    return { code, out: output.out.replaceAll(this.folder, '~'), err: output.err.replaceAll(this.folder, '~') }
  }
  async remove(): Promise<void> {
    if (existsSync(path.join(this.folder, 'spool/control'))) await this.run('stop', '--now')
    for (const child of this.#children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await rm(this.folder, { recursive: true, force: true })
  }
}
export const endOf = (child: ChildProcess): Promise<number | null> =>
  child.exitCode !== null ? Promise.resolve(child.exitCode) : new Promise((done) => child.once('close', done))

export function collect(child: ChildProcess): { out: string; err: string } {
  const output = { out: '', err: '' }
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (output.out += text))
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (output.err += text))
  return output
}
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (await holds()) return
    await new Promise((r) => setTimeout(r, 20))
  }
  throw new Error(`waited in vain for: ${what}`)
}
/** A folder for one test, and no daemon or file left behind it. */
export function onSite(test: (site: Site) => Promise<void>): () => Promise<void> {
  return async () => {
    const site = new Site(await mkdtemp(path.join(tmpdir(), 'postern-cli-')))
    try {
      await test(site)
    } finally {
      await site.remove()
    }
  }
}
