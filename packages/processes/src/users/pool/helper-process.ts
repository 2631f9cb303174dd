/** One helper, as the process sees it that has started it. */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { AsRoot } from '../../bind.ts'
import type { Settings } from '../helper/target.ts'
import type { FromHelper, ToHelper } from './protocol.ts'

/** ms until one that was told to end is killed */
const PATIENCE = 10_000

export interface HelperEvents {
  /** it is free for a connection */
  idle(helper: HelperProcess): void
  refused(helper: HelperProcess, cause: string): void
  hung(helper: HelperProcess): void
  /** once */
  gone(helper: HelperProcess, how: string): void
}
export class HelperProcess {
  /** has never been free yet, is free, or serves a connection */
  state: 'starting' | 'idle' | 'busy' | 'leaving' = 'starting'
  /** ms of the monotonic clock since which `state` is so */
  since = performance.now()
  readonly #child: ChildProcess
  readonly #settings: Settings
  readonly #asRoot: AsRoot
  readonly #events: HelperEvents
  #group = 0
  #connection: Socket | undefined
  #late: NodeJS.Timeout | undefined
  #gone = false

  constructor(settings: Settings, asRoot: AsRoot, events: HelperEvents) {
    this.#settings = settings
    this.#asRoot = asRoot
    this.#events = events
    this.#child = asRoot(() => start(settings))
    this.#child.on('message', (message) => this.#take(message as FromHelper))
    this.#child.once('exit', (code, signal) => this.#end(signal ? `killed by ${signal}` : `exit code ${code}`))
    this.#child.on('error', (error) => {
      // the process that could not be made says nothing else
      if (this.#child.pid === undefined) this.#end(error.message)
    })
    this.#watch()
  }
  get deadline(): number {
    return this.#settings.deadline
  }
  get pid(): number {
    return this.#child.pid ?? 0
  }
  /** Hands a connection over; nothing of it has been read. */
  serve(socket: Socket): void {
    this.#to('busy')
    this.#watch()
    this.#connection = socket
    // Node would count it with the server's for as long as the other process has it
    Object.assign(socket, { server: undefined })
    // kept until it has been taken: Node leaves open what it has sent to a process that is killed meanwhile, and the asker
    // would wait for ever
    this.#child.send({ kind: 'serve' } satisfies ToHelper, socket, { keepOpen: true }, () => undefined)
  }
  #letGo(): void {
    this.#connection?.destroy()
    this.#connection = undefined
  }
  /** Finishes what it has in hand and ends; resolves then. */
  async leave(): Promise<void> {
    if (this.#gone) return
    this.#to('leaving')
    const over = new Promise((done) => this.#child.once('exit', done))
    if (this.#child.connected) this.#child.disconnect()
    const late = setTimeout(() => this.kill(), PATIENCE)
    await over
    clearTimeout(late)
  }
  kill(): void {
    this.#asRoot(() => this.#child.kill('SIGKILL'))
  }
  #take(message: FromHelper): void {
    if (this.#gone) return
    switch (message.kind) {
      case 'alive':
        return this.#watch()
      case 'taken':
        return this.#letGo()
      case 'group':
        this.#group = message.pid
        return
      case 'refused':
        return this.#events.refused(this, message.cause)
      case 'idle':
        clearTimeout(this.#late)
        this.#letGo()
        if (this.state === 'leaving') return
        this.#to('idle')
        return this.#events.idle(this)
    }
  }
  #to(state: HelperProcess['state']): void {
    this.state = state
    this.since = performance.now()
  }
  /** Without a sign of life until then it hangs in a system call: a home on a server that does not answer. */
  #watch(): void {
    clearTimeout(this.#late)
    this.#late = setTimeout(() => {
      this.#events.hung(this)
      this.kill()
      // one that cannot be killed before its call returns is counted out
      this.#end('hung')
    }, this.#settings.deadline)
  }
  #end(how: string): void {
    if (this.#gone) return
    this.#gone = true
    clearTimeout(this.#late)
    this.#letGo()
    this.#endGroup()
    this.#events.gone(this, how)
  }
  /** What it had started would go on with half a message. */
  #endGroup(): void {
    if (this.#group === 0) return
    try {
      this.#asRoot(() => process.kill(-this.#group, 'SIGKILL'))
    } catch {
      // it has ended with its helper
    }
  }
}

function start(settings: Settings): ChildProcess {
  const { TZ, LANG } = process.env
  return fork(fileURLToPath(new URL('../helper/main.js', import.meta.url)), [JSON.stringify(settings)], {
    // a change of ids is told to every thread: it has few
    execArgv: ['--v8-pool-size=0', '--single-threaded-gc'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', TZ, LANG, UV_THREADPOOL_SIZE: '1', UV_USE_IO_URING: '0' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
}
