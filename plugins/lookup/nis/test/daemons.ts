/** rpcbind, ypserv and ypbind inside the tests' own network (enter.sh). */
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { programPath, until } from '@postern/testkit'

export class Daemon {
  readonly #command: readonly string[]
  readonly #ready: () => boolean
  #child: ChildProcess | undefined

  constructor(command: readonly string[], ready: () => boolean) {
    this.#command = command
    this.#ready = ready
  }
  /** `more`: arguments behind the usual ones */
  async start(...more: string[]): Promise<void> {
    if (this.#child) return
    const [name, ...args] = this.#command
    this.#child = spawn(programPath(name!)!, [...args, ...more], { stdio: 'ignore' })
    await until(`${name} is ready`, this.#ready)
  }
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child
    if (!child) return
    this.#child = undefined
    const gone = once(child, 'exit')
    child.kill(signal)
    child.kill('SIGCONT')
    await gone
  }
  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name)
  }
}
const rpcinfo = (): string => spawnSync(programPath('rpcinfo')!, ['-p', '127.0.0.1'], { encoding: 'utf8' }).stdout
export const rpcbind = new Daemon(['rpcbind', '-f'], () => rpcinfo().includes('portmapper'))
/** It registers one by one, and tables ask for version 2 on either. */
export const ypserv = new Daemon(['ypserv', '-f'], () => {
  const there = rpcinfo()
  return /100004\s+2\s+udp/.test(there) && /100004\s+2\s+tcp/.test(there)
})
export const ypbind = new Daemon(
  ['ypbind', '-foreground', '-no-ping', '-local-only'],
  () => spawnSync('ypwhich', { encoding: 'utf8' }).status === 0,
)

/** Writes a map of the domain `testdom`. */
export function makeMap(name: string, entries: Readonly<Record<string, string>>): void {
  mkdirSync('/var/yp/testdom', { recursive: true })
  writeFileSync(
    `/run/yp/${name}`,
    Object.entries(entries)
      .map(([key, value]) => `${key} ${value}\n`)
      .join(''),
  )
  const run = spawnSync('/usr/lib/yp/makedbm', [`/run/yp/${name}`, `/var/yp/testdom/${name}`], { encoding: 'utf8' })
  if (run.status !== 0) throw new Error(run.stderr)
}
