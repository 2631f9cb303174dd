/** A memcached of the test's own, and its protocol by hand. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { programPath, until } from '@postern/testkit'

export class Memcached {
  readonly port: number
  #child: ChildProcess | undefined

  private constructor(port: number) {
    this.port = port
  }
  static async start(port: number): Promise<Memcached> {
    const server = new Memcached(port)
    await server.start()
    return server
  }
  async start(): Promise<void> {
    const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
    const args = ['-l', '127.0.0.1', '-p', String(this.port), '-U', '0', '-t', '1', '-m', '16', ...user]
    this.#child = spawn(programPath('memcached')!, args, { stdio: 'ignore' })
    await until('memcached answers', () => this.say('version\r\n').then((text) => text.startsWith('VERSION')))
  }
  /** What it answers to these bytes; empty when there is no connection. */
  say(bytes: string): Promise<string> {
    return new Promise((done) => {
      let text = ''
      const socket = connect(this.port, '127.0.0.1', () => socket.write(`${bytes}quit\r\n`))
      socket.setEncoding('utf8').on('data', (data: string) => (text += data))
      socket.once('error', () => done(''))
      socket.once('close', () => done(text))
    })
  }
  async set(key: string, value: string): Promise<void> {
    const said = await this.say(`set ${key} 0 0 ${Buffer.byteLength(value)}\r\n${value}\r\n`)
    if (said !== 'STORED\r\n') throw new Error(`set ${key}: ${said}`)
  }
  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name)
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
