/** A redis-server of the test's own: on a free port and in a folder of its own. */
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {} from 'node:fs/promises'
import { connect } from 'node:net'
import { freeze, programPath, tempFolder, until } from '@postern/testkit'
import type { TempFolder } from '@postern/testkit'

export class RedisServer {
  readonly port: number
  readonly #args: readonly string[]
  readonly folder: TempFolder
  #child: ChildProcess | undefined

  private constructor(port: number, folder: TempFolder, args: readonly string[]) {
    this.port = port
    this.folder = folder
    this.#args = args
  }
  static async start(port: number, ...args: string[]): Promise<RedisServer> {
    const server = new RedisServer(port, await tempFolder('redis'), args)
    await server.start()
    return server
  }
  async start(): Promise<void> {
    const first = this.#args[0]?.endsWith('.conf') ? [this.#args[0]] : []
    const base = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder.path]
    const rest = [...base, ...this.#args.slice(first.length)]
    if (first.length === 0) rest.push('--save', '', '--appendonly', 'yes')
    this.#child = spawn(programPath('redis-server')!, [...first, ...rest], { stdio: 'ignore' })
    await until('redis-server listens', () => listens(this.port))
  }
  /** Runs a command by Debian's own client; empty when it failed. */
  cli(...words: string[]): string {
    const run = spawnSync(programPath('redis-cli')!, ['-p', String(this.port), ...words], { encoding: 'utf8' })
    return run.stdout
  }
  /** It accepts connections and answers nothing, until `wake`. */
  hang(): void {
    freeze(this.#child!.pid!)
  }
  wake(): void {
    this.#child?.kill('SIGCONT')
  }
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  async close(): Promise<void> {
    await this.kill()
    await this.folder.remove()
  }
}
/** It answers, and not that it is still loading. */
const listens = (port: number) =>
  new Promise<boolean>((done) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    socket.setTimeout(1000, () => socket.destroy(new Error('silent')))
    socket.once('data', (data) => {
      socket.destroy()
      done(!data.toString().startsWith('-LOADING'))
    })
    socket.once('error', () => done(false))
  })
