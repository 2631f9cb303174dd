/** Drives a sample's MTA process: requests, log events, kill. */
import { fork } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROOT } from './workspace.js'

const SCRIPT = path.join(path.dirname(fileURLToPath(import.meta.url)), 'sample-mta.js')
const PATIENCE = 20_000

/** Its MTA has stopped, and it waits for the next sample's: beginning a process is most of what a sample costs. */
let spare

export class SampleDaemon {
  #child
  #heard = (m) => this.#receive(m)
  #ended = (code, signal) => {
    for (const [, { reject }] of this.#waiting) reject(new Error(`the MTA ended: ${signal ?? code}`))
    this.#waiting.clear()
  }
  #waiting = new Map()
  #ids = 0
  #since = 0
  log = []

  /** `users`: in a process of its own, with a helper that delivers as users of the system */
  constructor(file, { users = false } = {}) {
    this.file = file
    this.users = users
  }
  /** Throws with `problems` when the configuration does not start. */
  async start() {
    this.#since = this.log.length
    this.#child = (!this.users && taken()) || begun()
    this.#child.ref()
    this.#child.channel.ref()
    this.#child.on('message', this.#heard)
    this.#child.once('exit', this.#ended)
    await this.ask('start', { file: this.file, users: this.users })
  }
  #receive(m) {
    if (m.kind === 'log') return void this.log.push(m)
    const waiting = this.#waiting.get(m.id)
    this.#waiting.delete(m.id)
    if (m.error) waiting?.reject(Object.assign(new Error(m.error.message), { problems: m.error.problems }))
    else waiting?.resolve(m.value)
  }
  ask(request, argument) {
    const id = ++this.#ids
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => end(reject)(new Error(`${request}: no answer within ${PATIENCE} ms`)), PATIENCE)
      const end = (settle) => (value) => {
        clearTimeout(timer)
        this.#waiting.delete(id)
        settle(value)
      }
      this.#waiting.set(id, { resolve: end(resolve), reject: end(reject) })
      this.#child.send({ id, request, argument }, (error) => error && end(reject)(error))
    })
  }
  port(listener) {
    const open = this.log.slice(this.#since).filter((e) => e.event === 'listener.open')
    const found = open.find(
      (e) => listener === undefined || e.fields.use === listener || e.fields.protocol === listener,
    )
    if (!found) throw new Error(`no listener ${listener ?? ''}`)
    return found.fields.port
  }
  /** `again`: this sample goes on, in a new process */
  async stop({ again = false } = {}) {
    if (this.#gone()) return
    const stopped = await this.ask('stop').then(
      () => true,
      () => false,
    )
    if (stopped && !again && !this.users && !spare) this.#leave()
    else await this.kill()
  }
  #leave() {
    const child = this.#child
    this.#child = undefined
    child.off('message', this.#heard)
    child.off('exit', this.#ended)
    // it ends with this process, which need not wait for it
    child.unref()
    child.channel.unref()
    spare = child
  }
  kill() {
    if (this.#gone()) return Promise.resolve()
    return new Promise((done) => {
      this.#child.once('exit', () => done())
      this.#child.kill('SIGKILL')
    })
  }
  #gone() {
    return !this.#child || this.#child.exitCode !== null || this.#child.signalCode !== null
  }
}

function taken() {
  const child = spare
  spare = undefined
  return child?.connected ? child : undefined
}
const begun = () => fork(SCRIPT, [], { cwd: ROOT, execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
