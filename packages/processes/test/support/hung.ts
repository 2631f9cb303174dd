/** A file system that answers nothing, as a server for homes that is away: FUSE, mounted and never read. */
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'

/** In a process of its own: who asks such a file system in the one that serves it waits for ever. */
const SERVER = `const fs = require('node:fs'), { spawnSync } = require('node:child_process')
const at = process.argv[1], fd = fs.openSync('/dev/fuse', 'r+'), buffer = Buffer.alloc(1 << 18)
const o = 'fd=3,rootmode=40755,user_id=0,group_id=0,allow_other'
if (spawnSync('mount', ['-i', '-t', 'fuse', '-o', o, 'hung', at], { stdio: ['ignore', 'ignore', 'ignore', fd] }).status) process.exit(1)
// the first request is INIT: protocol 7.31, nothing special
fs.readSync(fd, buffer)
const out = Buffer.alloc(80)
out.writeUInt32LE(80, 0); buffer.copy(out, 8, 8, 16); out.writeUInt32LE(7, 16); out.writeUInt32LE(31, 20)
out.writeUInt32LE(4096, 36)
fs.writeSync(fd, out)
process.stdout.write('mounted')
setInterval(() => {}, 1e6)`

export class Hung {
  readonly #at: string
  readonly #server: ChildProcess
  private constructor(at: string, server: ChildProcess) {
    this.#at = at
    this.#server = server
  }
  /** `undefined` where this may not be done. */
  static async mount(at: string): Promise<Hung | undefined> {
    const server = spawn(process.execPath, ['-e', SERVER, at], { stdio: ['ignore', 'pipe', 'inherit'] })
    const mounted = await new Promise<boolean>((done) => {
      server.stdout.once('data', () => done(true))
      server.once('exit', () => done(false))
    })
    return mounted ? new Hung(at, server) : undefined
  }
  /** All who wait get an error. */
  async unmount(): Promise<void> {
    const over = new Promise((done) => this.#server.once('exit', done))
    this.#server.kill('SIGKILL')
    await over
    spawnSync('umount', ['-l', this.#at])
  }
}
