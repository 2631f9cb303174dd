/** A memcached of the test's own, and its protocol by hand. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {} from 'node:fs/promises'
import { connect } from 'node:net'
import { freeze, programPath, until } from '@postern/testkit'

export class Memcached {
  /** a port, or the path of a socket */
  readonly at: number | string
  #child: ChildProcess | undefined

  private constructor(at: number | string) {
    this.at = at
  }
  get port(): number {
    return Number(this.at)
  }
  static async start(at: number | string): Promise<Memcached> {
    const server = new Memcached(at)
    await server.start()
    return server
  }
  async start(): Promise<void> {
    const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
    const place = typeof this.at === 'string' ? ['-s', this.at] : ['-l', '127.0.0.1', '-p', String(this.at), '-U', '0']
    const args = [...place, '-t', '1', '-m', '16', ...user]
    this.#child = spawn(programPath('memcached')!, args, { stdio: 'ignore' })
    await until('memcached answers', () => this.say('version\r\n').then((text) => text.startsWith('VERSION')))
  }
  /** What it answers to these bytes; empty when there is no connection. */
  say(bytes: string): Promise<string> {
    return new Promise((done) => {
      let text = ''
      const place = typeof this.at === 'string' ? { path: this.at } : { port: this.at, host: '127.0.0.1' }
      const socket = connect(place, () => socket.write(`${bytes}quit\r\n`))
      socket.setEncoding('utf8').on('data', (data: string) => (text += data))
      socket.once('error', () => done(''))
      socket.once('close', () => done(text))
    })
  }
  async set(key: string, value: string): Promise<void> {
    const said = await this.say(`set ${key} 0 0 ${Buffer.byteLength(value)}\r\n${value}\r\n`)
    if (said !== 'STORED\r\n') throw new Error(`set ${key}: ${said}`)
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
}
