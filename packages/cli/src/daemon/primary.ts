/** The primary: takes the spool, starts workers, holds their sockets, answers for all of them. It loads no plugin. */
import { openSync, rmSync, writeSync, closeSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  Supervisor,
  UserHelpers,
  WorkerGone,
  WorkerRefused,
  actAs,
  closeInherited,
  prepareSpool,
  usersSocket,
} from '@postern/processes'
import type { User } from '@postern/processes'
import { ControlServer } from '../control/server.ts'
import { pidPath } from '../control/path.ts'
import type { RemoteError } from '../control/protocol.ts'
import { CommandError, EX } from '../exit.ts'
import { answersOfAll } from './fanout.ts'
import type { ServedWorkers } from './fanout.ts'
import type { Greeting } from './greeting.ts'
import { DETACHED, isDetached, tellParent } from './parent.ts'
import { reloadAll } from './reload-all.ts'
import { watchSignals, watchStrays } from './signals.ts'
import { PLAN } from './plan.ts'
import type { Plan } from './plan.ts'
import { userOf } from './user.ts'

interface Started {
  readonly greeting: Greeting
  readonly lines: readonly string[]
}
interface Built {
  readonly spool: string
}

/** Resolves never: the process ends. Throws what kept the first worker from starting. */
export async function runPrimary(config: string | undefined, plan: Plan): Promise<void> {
  process.title = 'postern primary'
  // before the first process is started
  closeInherited()
  const user = plan.user === undefined ? undefined : userOf(plan.user)
  await new RunningPrimary(config, plan, user).run().catch(async (error: unknown) => {
    const { text, exit, problems } = toldOf(error)
    const line = problems ? text : `postern: ${text}`
    if (!(await tellParent({ postern: 'failed', text: line, exit }))) process.stderr.write(line + '\n')
    process.exit(exit)
  })
}

class RunningPrimary implements ServedWorkers {
  readonly supervisor: Supervisor
  spool = ''
  readonly #plan: Plan
  readonly #user: User | undefined
  readonly #asRoot: <T>(fn: () => T) => T
  #control: ControlServer | undefined
  #users: UserHelpers | undefined
  #stopping: Promise<void> | undefined
  #changing: Promise<unknown> = Promise.resolve()
  #gone!: () => void
  readonly #ended = new Promise<void>((done) => (this.#gone = done))

  constructor(config: string | undefined, plan: Plan, user: User | undefined) {
    this.#plan = plan
    this.#user = user
    this.#asRoot = user ? actAs(user) : (fn) => fn()
    this.supervisor = new Supervisor({
      script: fileURLToPath(new URL('worker.js', import.meta.url)),
      args: config === undefined ? [] : [config],
      env: { [DETACHED]: undefined, [PLAN]: undefined },
      user,
      asRoot: this.#asRoot,
    })
  }
  async run(): Promise<void> {
    const error = (event: string, fields?: object) =>
      this.supervisor.log('error', event, JSON.parse(JSON.stringify(fields ?? {})))
    watchStrays(
      () => ({ error }),
      () => this.#control?.remove(),
    )
    const unwatch = watchSignals({
      stop: (now) => void this.stop(now),
      reload: () => void this.reload(undefined).catch(() => undefined),
    })
    try {
      const facts = await this.supervisor.start(this.#plan.workers, (built) =>
        this.#takeSpool(built as unknown as Built),
      )
      this.#writePid()
      await this.#greet(facts as unknown as Started)
      await this.#ended
    } finally {
      unwatch()
      await this.#users?.close()
      // the answer to a "stop" goes out first
      await new Promise(setImmediate)
      if (this.#control) rmSync(pidPath(this.spool), { force: true })
      await this.#control?.close()
    }
    process.exit(EX.OK)
  }
  /** The first worker's configuration checks: nothing is touched before the spool is ours. */
  async #takeSpool({ spool }: Built): Promise<void> {
    this.spool = spool
    const user = this.#user
    if (user) this.#asRoot(() => prepareSpool(spool, user))
    else mkdirSync(spool, { recursive: true, mode: 0o700 })
    this.#control = await ControlServer.open(spool, answersOfAll(this), toldOf, () => this.#logger)
    this.#users = await UserHelpers.open({
      ...this.#plan.users,
      socket: usersSocket(spool),
      asRoot: this.#asRoot,
      log: (level, event, fields) => this.supervisor.log(level, event, fields),
    })
  }
  readonly #logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (event: string, fields?: object) => this.supervisor.log('error', event, { ...fields }),
    enabled: () => true,
  }
  #writePid(): void {
    rmSync(pidPath(this.spool), { force: true })
    // in a folder that others may write to, nothing is followed or written over
    const fd = openSync(pidPath(this.spool), 'wx', 0o644)
    writeSync(fd, `${process.pid}\n`)
    closeSync(fd)
  }
  async #greet({ greeting, lines }: Started): Promise<void> {
    if (isDetached()) await tellParent({ postern: 'ready', greeting: { ...greeting, pid: process.pid } })
    else process.stdout.write(lines.join('\n') + '\n')
  }

  state(): 'running' | 'draining' {
    return this.#stopping ? 'draining' : 'running'
  }
  /** One at a time. Rejects with what is wrong with the new configuration; the old one runs on. */
  reload(workers: number | undefined) {
    const next = this.#changing
      .catch(() => undefined)
      .then(() => {
        if (this.#stopping) throw new CommandError(EX.UNAVAILABLE, 'postern is being stopped')
        return reloadAll(this.supervisor, { spool: this.spool, plan: this.#plan, workers, users: this.#users })
      })
      .catch((error: unknown) => {
        throw error instanceof WorkerGone ? new CommandError(EX.UNAVAILABLE, error.message) : error
      })
    this.#changing = next
    return next
  }
  /** The second call does not wait for what is in hand. */
  async stop(now: boolean): Promise<void> {
    if (this.#stopping && !now) return this.#stopping
    const stops = this.supervisor.stop(now)
    this.#stopping ??= stops
    await stops
    this.#gone()
  }
}

function toldOf(error: unknown): RemoteError {
  if (error instanceof WorkerRefused) return error.why
  if (error instanceof CommandError) return { text: error.message, exit: error.exit }
  return { text: error instanceof Error ? error.message : String(error), exit: EX.SOFTWARE }
}
