/** One thread, as the event loop sees it: orders go in, answers come out in the same order; when it dies it is replaced. */
import { MessageChannel, Worker, receiveMessageOnPort } from 'node:worker_threads'
import { LAYOUT, WORDS } from './threads-ring.ts'
import type { MessagePort } from 'node:worker_threads'
import type { Call, Failure, Setup } from './threads-ring.ts'

const { RING, SIZE, FIRST, GIVEN, UP, DONE, TOLD, OP, FD, OFFSET, LENGTH, LOW, HIGH, RESULT, PUT, PART, ops } = LAYOUT
/** bytes copied for the thread at a time; of a larger write this much is written */
const STAGE = 1024 * 1024
/** ms before a thread that could not be started is tried again */
const PAUSE = 5000
/** a thread needs little; without limits V8 sizes its heap for a whole program */
const LIMITS = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 }

export interface Order {
  readonly op: number
  readonly fd: number
  /** bytes to write */
  readonly buffer?: Uint8Array
  readonly length: number
  readonly position: number
  /** name of a call and its arguments */
  readonly call?: readonly [string, ...string[]]
  readonly done: (error: Error | null, result: number) => void
  /** of a COMMIT that a thread has: do all its bytes stand in the file? Until `done` */
  isPut?: () => boolean
  /** the same on the runtime's pool, where there is no thread */
  readonly elsewhere: () => void
}
export interface LineOptions {
  readonly name: string
  readonly script: URL
  /** a thread has died, or cannot be started */
  readonly lost: (error: Error) => void
}

export class Line {
  readonly #o: LineOptions
  /** given to the thread, in order; and those for which there is no room in the ring */
  #given: Order[] = []
  #waiting: Order[] = []
  #thread: Thread | undefined
  #pausedUntil = 0
  /** a thread has come up, or could not be started */
  #begun = false
  #ready: (() => void)[] = []
  #closing = false
  #ended: Promise<void> | undefined

  constructor(options: LineOptions) {
    this.#o = options
    this.#start()
  }
  /** Starts a thread; `false`: there is none now. */
  #start(): boolean {
    if (performance.now() < this.#pausedUntil) return false
    try {
      const thread = new Thread(this.#o, () => this.#look(thread))
      this.#thread = thread
      const gone = (error: Error) => this.#gone(thread, error)
      thread.worker.on('error', gone)
      thread.worker.on('exit', (code) => gone(new Error(`the thread ended with ${code}`)))
      return true
    } catch (error) {
      this.#pause(error as Error)
      return false
    }
  }
  /** The first thread has come up, or could not, when this resolves. Until then calls run elsewhere: a start waits for nothing. */
  ready(): Promise<void> {
    if (this.#begun) return Promise.resolve()
    this.#thread?.port.ref()
    return new Promise((resolve) => void this.#ready.push(resolve))
  }
  #isReady(): void {
    this.#begun = true
    for (const tell of this.#ready.splice(0)) tell()
  }
  #pause(error: Error): void {
    this.#isReady()
    this.#pausedUntil = performance.now() + PAUSE
    this.#o.lost(error)
  }

  /** An order that is given now stands behind others. */
  get busy(): boolean {
    return this.#given.length > 0
  }
  give(order: Order): void {
    if (this.#closing || !this.#begun || (!this.#thread && !this.#start())) return order.elsewhere()
    if (this.#waiting.length > 0 || !this.#thread!.takes(order)) return void this.#waiting.push(order)
    this.#hand(order)
  }
  #hand(order: Order): void {
    this.#given.push(order)
    this.#thread!.give(order)
    if (this.#given.length === 1) this.#thread!.port.ref()
  }
  /** Takes what has been answered. */
  #look(thread: Thread): void {
    if (!this.#begun && thread.up) this.#isReady()
    for (let result = thread.take(); result !== undefined; result = thread.take()) {
      const order = this.#given.shift()!
      this.#giveWaiting()
      order.done(result instanceof Error ? result : null, result instanceof Error ? 0 : result)
    }
    // the process need not live for an idle thread
    if (this.#given.length === 0) thread.port.unref()
  }
  #giveWaiting(): void {
    while (this.#waiting.length > 0 && this.#thread!.takes(this.#waiting[0]!)) this.#hand(this.#waiting.shift()!)
  }
  #gone(thread: Thread, error: Error): void {
    if (this.#thread !== thread || this.#closing) return
    // what it has answered counts
    this.#look(thread)
    thread.port.close()
    this.#thread = undefined
    const [given, waiting] = [this.#given, this.#waiting]
    this.#given = []
    this.#waiting = []
    if (thread.up) this.#o.lost(error)
    else this.#pause(error)
    for (const order of given)
      // how far it came with a call nobody knows; one that never ran has begun nothing
      if (thread.up) order.done(lost(`thread ${this.#o.name}: ${error.message}`), 0)
      else order.elsewhere()
    for (const order of waiting) this.give(order)
  }

  /** The thread has ended when this resolves; what comes behind it runs elsewhere. */
  close(): Promise<void> {
    return (this.#ended ??= this.#close())
  }
  async #close(): Promise<void> {
    while (this.#given.length > 0 || this.#waiting.length > 0) await new Promise((resolve) => setTimeout(resolve, 1))
    this.#closing = true
    const thread = this.#thread
    if (!thread) return
    thread.worker.ref()
    const exit = new Promise((resolve) => thread.worker.once('exit', resolve))
    thread.give({ op: ops.END, fd: 0, length: 0, position: 0, done: () => undefined, elsewhere: () => undefined })
    await exit
    this.#isReady()
    thread.port.close()
  }
}

class Thread {
  readonly worker: Worker
  readonly port: MessagePort
  readonly #words = new Int32Array(new SharedArrayBuffer(WORDS * 4))
  readonly #failures: Failure[] = []
  /** the native fill copies from one Buffer to another; `set` takes 15 times as long where memory is shared */
  readonly #stage = Buffer.from(new SharedArrayBuffer(STAGE))
  #staged = 0
  #given = 0
  #taken = 0

  constructor(o: LineOptions, look: () => void) {
    const { port1, port2 } = new MessageChannel()
    this.port = port1
    const workerData: Setup = { words: this.#words, stage: this.#stage, port: port2, layout: LAYOUT }
    this.worker = new Worker(o.script, {
      name: o.name,
      workerData,
      transferList: [port2],
      env: {},
      argv: [],
      execArgv: [],
      // a file that it opens is the event loop's
      trackUnmanagedFds: false,
      resourceLimits: LIMITS,
    })
    this.worker.unref()
    port1.on('message', (message: Failure | null) => {
      this.#heard(message)
      look()
    })
    // it is dying: that must be heard before the process may end
    port1.on('close', () => this.worker.ref())
    port1.unref()
  }
  #heard(message: Failure | null): void {
    if (message) this.#failures.push(message)
    // before it looks: what is answered from now on is told anew
    else Atomics.store(this.#words, TOLD, 0)
  }
  /** It has begun to take orders. */
  get up(): boolean {
    return Atomics.load(this.#words, UP) === 1
  }
  /** Is there room for it? */
  takes(order: Order): boolean {
    if (this.#given === this.#taken) this.#staged = 0
    const orders = (this.#given - this.#taken) | 0
    return orders < RING && this.#staged + Math.min(order.length, STAGE) <= STAGE
  }
  give(order: Order): void {
    const words = this.#words
    const at = FIRST + (this.#given & (RING - 1)) * SIZE
    words[at + OP] = order.op
    words[at + FD] = order.fd
    words[at + LOW] = order.position % PART
    words[at + LENGTH] = 0
    words[at + PUT] = 0
    // of a larger one a part is written
    if (order.op === ops.COMMIT && order.length <= STAGE) order.isPut = () => Atomics.load(words, at + PUT) === 1
    words[at + HIGH] = Math.floor(order.position / PART)
    if (order.buffer && order.length > 0) {
      const length = Math.min(order.length, STAGE)
      this.#stage.fill(order.buffer.subarray(0, length), this.#staged, this.#staged + length)
      words[at + OFFSET] = this.#staged
      words[at + LENGTH] = length
      this.#staged += length
    }
    if (order.call) this.port.postMessage({ call: order.call[0], args: order.call.slice(1) } satisfies Call)
    this.#given = (this.#given + 1) | 0
    Atomics.store(words, GIVEN, this.#given)
    Atomics.notify(words, GIVEN)
  }
  /** The next answer, if there is one. */
  take(): number | Error | undefined {
    if (this.#taken === Atomics.load(this.#words, DONE)) return undefined
    const order = this.#taken
    const result = this.#words[FIRST + (order & (RING - 1)) * SIZE + RESULT]!
    this.#taken = (order + 1) | 0
    return result >= 0 ? result : this.#failure(order)
  }
  /** It was sent before the answer. */
  #failure(order: number): Error {
    for (let next; (next = receiveMessageOnPort(this.port));) this.#heard(next.message as Failure | null)
    const at = this.#failures.findIndex((failure) => failure.order === order)
    const [failure] = at < 0 ? [] : this.#failures.splice(at, 1)
    if (!failure) return lost('no word of what failed')
    const { message, code, errno, syscall } = failure
    return Object.assign(new Error(message), { code, errno, syscall })
  }
}
/** What became of the call is not known. */
const lost = (why: string): Error => Object.assign(new Error(`EIO: i/o error, ${why}`), { code: 'EIO', errno: -5 })
