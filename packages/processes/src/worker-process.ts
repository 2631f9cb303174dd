/** One worker, as the primary sees it: a child process, what it has said, how it ended. */
import { fork } from 'node:child_process'
import type { ChildProcess, SendHandle } from 'node:child_process'
import type { Json, Level } from '@postern/core'
import type { AsRoot } from './bind.ts'
import { Asked } from './asked.ts'
import type { Answering } from './asked.ts'
import type { Exchange, Member } from './exchange.ts'
import { WORKER, WorkerGone, WorkerRefused } from './protocol.ts'
import type { FromWorker, ToWorker } from './protocol.ts'
import type { Sockets } from './sockets.ts'
import { asUser } from './user.ts'
import type { User } from './user.ts'

/** What a worker runs, and as whom. */
export interface Program {
  /** the module's file */
  readonly script: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** another user than this process's */
  readonly user?: User
  readonly asRoot: AsRoot
}
/** What workers share. */
export interface Commons {
  readonly sockets: Sockets
  readonly exchange: Exchange
  /** somebody has stopped listening */
  released(): void
}
/** so that four slow file systems or names do not stop everything else */
const POOL = '32'

export class WorkerProcess implements Member {
  readonly index: number
  readonly since = Date.now()
  state: 'starting' | 'ready' | 'leaving' | 'gone' = 'starting'
  /** its configuration checks */
  readonly built: Promise<Json>
  readonly ready: Promise<Json>
  /** how it ended; never rejects */
  readonly gone: Promise<string>
  readonly #child: ChildProcess
  readonly #commons: Commons
  readonly #asked = new Asked((message) => this.send(message))
  #build!: (facts: Json) => void
  #run!: (facts: Json) => void
  #fail!: (why: Error) => void

  constructor(program: Program, commons: Commons, index: number, count: number) {
    this.index = index
    this.#commons = commons
    const failed = new Promise<never>((_, reject) => (this.#fail = reject))
    this.built = Promise.race([new Promise<Json>((resolve) => (this.#build = resolve)), failed])
    this.ready = Promise.race([new Promise<Json>((resolve) => (this.#run = resolve)), failed])
    for (const promise of [this.built, this.ready]) promise.catch(() => undefined)
    this.#child = program.asRoot(() => start(program, index, count))
    this.#child.on('message', (message) => this.#take(message as FromWorker))
    this.gone = ended(this.#child).then((how) => this.#end(how))
  }
  get pid(): number {
    return this.#child.pid ?? 0
  }
  begin(): void {
    this.send({ kind: 'begin' })
  }
  ask(verb: string, args: Json = {}): Answering {
    return this.#asked.ask(verb, args)
  }
  log(level: Level, event: string, fields: Json): void {
    this.send({ kind: 'log', level, event, fields })
  }
  /** Ends it, without a word to it. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }
  send(message: ToWorker, handle?: object): void {
    // one that is going hears no more; whoever waits for it is told by its end
    if (this.#child.connected) this.#child.send(message, handle as SendHandle | undefined, () => undefined)
  }

  #take(message: FromWorker): void {
    switch (message.kind) {
      case 'built':
        return this.#build(message.facts)
      case 'ready':
        if (this.state === 'starting') this.state = 'ready'
        return this.#run(message.facts)
      case 'failed':
        return this.#fail(new WorkerRefused(message.why))
      case 'take':
        return void this.#give(message)
      case 'released':
        this.#commons.sockets.release(message, this)
        return this.#commons.released()
      case 'shared':
        return this.#commons.exchange.serve(this, message.wishes)
      default:
        return this.#asked.take(message)
    }
  }
  async #give(place: Extract<FromWorker, { kind: 'take' }>): Promise<void> {
    const { ticket } = place
    try {
      this.send({ kind: 'taken', ticket }, await this.#commons.sockets.take(place, this))
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      this.send({ kind: 'taken', ticket, error: { code: code ?? '', text: message } })
    }
  }
  #end(how: string): string {
    this.state = 'gone'
    this.#fail(new WorkerGone(`worker ${this.index} ended before it was ready: ${how}`))
    this.#asked.gone(`worker ${this.index} has ended: ${how}`)
    this.#commons.exchange.gone(this)
    this.#commons.sockets.gone(this)
    return how
  }
}

function start({ script, args, env, user }: Program, index: number, count: number): ChildProcess {
  const via = user && asUser(user)
  return fork(script, args, {
    execPath: via?.command ?? process.execPath,
    execArgv: via ? [...via.args, process.execPath, ...process.execArgv] : process.execArgv,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: {
      UV_THREADPOOL_SIZE: POOL,
      ...process.env,
      ...(user ? { HOME: user.home, USER: user.name, LOGNAME: user.name } : {}),
      ...env,
      [WORKER]: `${index}/${count}`,
    },
  })
}
/** When it has ended and everything it said has been read. */
function ended(child: ChildProcess): Promise<string> {
  const said = new Promise<void>((done) => child.once('disconnect', done))
  const over = new Promise<string>((done) => {
    child.once('exit', (code, signal) => done(signal ? `killed by ${signal}` : `exit code ${code}`))
    child.once('error', (error) => {
      // the process that could not be made says nothing either
      if (child.pid === undefined) done(error.message)
    })
  })
  return over.then(async (how) => {
    if (child.connected) await said
    return how
  })
}
