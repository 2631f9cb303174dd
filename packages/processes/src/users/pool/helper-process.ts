/** One helper, as the process sees it that has started it. */
import { fork, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { AsRoot } from '../../bind.ts'
import type { Ids } from '../helper/launch.ts'
import { OWN_PATH, idsOptions } from '../helper/launch.ts'
import type { Settings } from '../helper/target.ts'
import type { FromHelper, Passed, ToHelper } from './protocol.ts'

/** ms until one that was told to end is killed */
const PATIENCE = 10_000
/** characters of a cause; programs of one helper that are ended with it: more than it may have under way */
const LONGEST_CAUSE = 500
const MOST_GROUPS = 2000

type Group = Extract<FromHelper, { kind: 'group' }>

export interface HelperEvents {
  /** it is free for a connection, or has ended one that it served beside others */
  idle(helper: HelperProcess): void
  event(helper: HelperProcess, event: Extract<FromHelper, { kind: 'event' }>): void
  /** of a program that it has started; not called twice with the same */
  group?(pid: number, over: boolean): void
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
  /** connections that it serves without being busy */
  aside = 0
  readonly #child: ChildProcess
  readonly #settings: Settings
  readonly #asRoot: AsRoot
  readonly #events: HelperEvents
  readonly #ids: Ids | undefined
  /** leaders, and as whom they are ended; `undefined`: as root */
  readonly #groups = new Map<number, Ids | undefined>()
  #connection: Socket | undefined
  #late: NodeJS.Timeout | undefined
  #gone = false

  /** `ids`: it is that user from its start, and root no more; then what it says is that user's, and is not believed */
  constructor(settings: Settings, asRoot: AsRoot, events: HelperEvents, ids?: Ids) {
    this.#settings = settings
    this.#asRoot = asRoot
    this.#events = events
    this.#ids = ids
    this.#child = asRoot(() => start(settings, ids))
    this.#child.on('message', (message, handle) => {
      // none of them has any to give
      ;(handle as Socket | undefined)?.destroy?.()
      if (typeof message === 'object' && message !== null) this.#take(message as FromHelper)
    })
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
  get free(): boolean {
    return this.state === 'idle' && this.aside === 0
  }
  /** Hands a connection over, of which nothing is read any more; `passed`: if something has been. */
  serve(socket: Socket, passed?: Passed): void {
    this.#to('busy')
    this.#watch()
    this.#connection = socket
    // Node would count it with the server's for as long as the other process has it
    Object.assign(socket, { server: undefined })
    // kept until it has been taken: Node leaves open what it has sent to a process that is killed meanwhile, and the asker
    // would wait for ever
    this.#child.send({ kind: 'serve', passed } satisfies ToHelper, socket, { keepOpen: true }, () => undefined)
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
      case 'aside':
        return this.#toAside(message.connections)
      case 'group':
        return this.#toGroup(message)
      case 'event':
        return this.#events.event(this, message)
      case 'refused':
        return this.#events.refused(this, String(message.cause).slice(0, LONGEST_CAUSE))
      case 'idle':
        this.#letGo()
        if (this.state === 'leaving') return
        this.#to('idle')
        return this.#rested()
    }
  }
  #toAside(connections: number): void {
    if (!Number.isSafeInteger(connections) || connections < 0) return
    const less = connections < this.aside
    this.aside = connections
    if (less && this.state === 'idle') this.#rested()
  }
  #rested(): void {
    if (this.free) {
      clearTimeout(this.#late)
      this.since = performance.now()
    } else this.#watch()
    this.#events.idle(this)
  }
  #toGroup({ pid, over, ids }: Group): void {
    if (!Number.isSafeInteger(pid) || pid < 2) return
    const known = this.#groups.has(pid)
    if (over === known) this.#events.group?.(pid, over)
    if (over) this.#groups.delete(pid)
    else if (this.#groups.size < MOST_GROUPS) this.#groups.set(pid, this.#ids ?? ids)
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
    this.#endGroups()
    this.#events.gone(this, how)
  }
  /** What it had started would go on with half a message. */
  #endGroups(): void {
    for (const [pid, ids] of this.#groups) {
      this.#asRoot(() => (ids ? endAs(ids, pid) : endGroup(pid)))
      this.#events.group?.(pid, true)
    }
    this.#groups.clear()
  }
}
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // it has ended with its helper
  }
}
/** A user's process could name anybody's group: with the user's rights only the user's own are ended. */
function endAs(ids: Ids, pid: number): void {
  const args = [...idsOptions(ids), '--', 'kill', '-KILL', '--', `-${pid}`]
  spawnSync('setpriv', args, { stdio: 'ignore', timeout: PATIENCE, env: { PATH: OWN_PATH }, cwd: '/' })
}

function start(settings: Settings, ids: Ids | undefined): ChildProcess {
  const { TZ, LANG } = process.env
  // a change of ids is told to every thread: it has few
  const node = ['--v8-pool-size=0', '--single-threaded-gc']
  // a process of a user must not go on without the one that watches it
  const become = ids && [...idsOptions(ids), '--pdeathsig=KILL', '--', process.execPath]
  return fork(fileURLToPath(new URL('../helper/main.js', import.meta.url)), [JSON.stringify(settings)], {
    execPath: become ? 'setpriv' : process.execPath,
    execArgv: [...(become ?? []), ...node],
    env: { PATH: OWN_PATH, TZ, LANG, UV_THREADPOOL_SIZE: '1', UV_USE_IO_URING: '0' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
}
