/**
 * The helpers of a node, and the door at which its workers ask. Connections are accepted here and given to a helper that is
 * free; nothing of them is read here. No helper is started before somebody asks; another one when somebody has to wait, up to
 * `processes`; one that dies is not missed before somebody asks again.
 */
import { lstatSync, unlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import process from 'node:process'
import { isDeepStrictEqual } from 'node:util'
import type { Json, Level } from '@postern/core'
import type { AsRoot } from '../../bind.ts'
import { HelperProcess } from './helper-process.ts'
import { settingsOf } from './settings.ts'
import type { HelperSettings } from './settings.ts'

export interface HelpersOptions extends Partial<HelperSettings> {
  /** path of the socket; the folder is the workers' */
  readonly socket: string
  /** runs a function with root's rights, where this process has them */
  readonly asRoot: AsRoot
  readonly log: (level: Level, event: string, fields: Record<string, Json>) => void
}
/** ms that somebody waits before another helper is started */
const GROW = 50
/** ms without work after which a helper ends */
const IDLE = 300_000
/** connections that the system keeps for us; one more is refused at once */
const BACKLOG = 4096
/** deaths in a row of helpers that never were ready, after which nobody is kept waiting; ms until the next try */
const STILLBORN = 3
const PAUSE = 1000

export class UserHelpers {
  readonly #options: HelpersOptions
  #settings: HelperSettings
  readonly #server: Server
  readonly #helpers = new Set<HelperProcess>()
  /** of former settings: they finish what they have */
  readonly #retired = new Set<HelperProcess>()
  readonly #waiting: Socket[] = []
  #stillborn = 0
  #resume = 0
  #growing: NodeJS.Timeout | undefined
  #sweeper: NodeJS.Timeout | undefined
  #closed = false

  private constructor(o: HelpersOptions) {
    this.#options = o
    this.#settings = settingsOf(o)
    this.#server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => this.#accept(socket))
  }
  /** Rejects when the socket cannot be made; one that a dead daemon left is replaced. */
  static async open(o: HelpersOptions): Promise<UserHelpers> {
    const helpers = new UserHelpers(o)
    await helpers.#listen(o.socket)
    return helpers
  }
  #listen(path: string): Promise<void> {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSocket()) unlinkSync(path)
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject).once('listening', resolve)
      // bind(2) happens within the call: at no moment may another user connect
      const before = process.umask(0o177)
      this.#server.listen({ path, backlog: BACKLOG })
      process.umask(before)
    })
  }
  /** From now on. What is in hand is ended as it was begun, by helpers that get nothing more. */
  change(settings: HelperSettings): void {
    if (isDeepStrictEqual(settings, this.#settings)) return
    this.#settings = settings
    for (const helper of this.#helpers) this.#retire(helper)
    this.#dispatch()
  }
  /** In strict mode, for which it takes root, one gives all of them to the users' own processes. */
  get #most(): number {
    return this.#settings.strict && process.getuid?.() === 0 ? 1 : this.#settings.processes
  }
  get pids(): readonly number[] {
    return [...this.#helpers, ...this.#retired].map((h) => h.pid)
  }
  /** Who waits is let go; who is served is served to the end. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#sweeper)
    clearTimeout(this.#growing)
    const closed = new Promise((done) => this.#server.close(done))
    this.#dropAll()
    await Promise.all([...this.#helpers, ...this.#retired].map((h) => h.leave()))
    await closed
  }

  #accept(socket: Socket): void {
    socket.on('error', () => undefined)
    if (this.#closed || performance.now() < this.#resume) return void socket.destroy()
    this.#waiting.push(socket)
    this.#dispatch()
  }
  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const helper = this.#next()
      if (!helper) break
      helper.serve(this.#waiting.shift()!)
    }
    if (this.#waiting.length === 0) return
    if (this.#helpers.size === 0) this.#start()
    else this.#growing ??= setTimeout(() => this.#grow(), GROW)
  }
  /** The one that has the fewest programs under way; if all have as many as they may, one that is still to be started. */
  #next(): HelperProcess | undefined {
    const idle = [...this.#helpers].filter((h) => h.state === 'idle').sort((a, b) => a.aside - b.aside)
    const [best] = idle
    if (!best || best.aside < this.#settings.programs) return best
    const coming = this.#starting || this.#helpers.size < this.#most
    return coming ? undefined : best
  }
  get #starting(): boolean {
    return [...this.#helpers].some((h) => h.state === 'starting')
  }
  /** Somebody has waited for some time: one more, and another look. */
  #grow(): void {
    this.#growing = undefined
    if (this.#closed || this.#waiting.length === 0) return
    if (!this.#starting && this.#helpers.size < this.#most) this.#start()
    this.#dispatch()
  }
  #start(): void {
    const helper: HelperProcess = new HelperProcess(this.#settings, this.#options.asRoot, {
      idle: (h) => {
        this.#stillborn = 0
        if (!this.#retired.has(h)) this.#dispatch()
        else if (h.free) void h.leave()
      },
      event: (_, { level, event, fields }) => this.#options.log(level, event, fields),
      refused: (h, cause) => this.#options.log('warn', 'users.refused', { pid: h.pid, cause }),
      hung: (h) => this.#options.log('error', 'users.hung', { pid: h.pid, deadline: h.deadline }),
      gone: (h, how) => this.#gone(h, how),
    })
    this.#helpers.add(helper)
    this.#sweeper ??= setInterval(() => this.#sweep(), IDLE / 4).unref()
  }
  #retire(helper: HelperProcess): void {
    this.#helpers.delete(helper)
    this.#retired.add(helper)
    if (helper.free) void helper.leave()
  }
  #gone(helper: HelperProcess, how: string): void {
    this.#helpers.delete(helper)
    this.#retired.delete(helper)
    if (this.#closed || helper.state === 'leaving') return
    this.#options.log('error', 'users.died', { pid: helper.pid, cause: how })
    if (helper.state === 'starting' && ++this.#stillborn >= STILLBORN) {
      this.#resume = performance.now() + PAUSE
      this.#dropAll()
    }
    this.#dispatch()
  }
  #sweep(): void {
    for (const h of this.#helpers) if (h.free && performance.now() - h.since > IDLE) void h.leave()
  }
  #dropAll(): void {
    for (const socket of this.#waiting.splice(0)) socket.destroy()
  }
}
