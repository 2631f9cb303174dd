/**
 * Strict mode: a process for each user, which is that user from its start and can become nobody else. They are kept for a
 * minute, and bounded: somebody whose user has none waits until one that has nothing to do has made room.
 */
import type { Socket } from 'node:net'
import process from 'node:process'
import { HelperProcess } from '../pool/helper-process.ts'
import type { FromHelper } from '../pool/protocol.ts'
import type { Account } from './accounts.ts'
import type { Settings } from './target.ts'

/** ms without work after which one ends */
const IDLE = 60_000

interface Waiting {
  readonly key: string
  readonly account: Account
  readonly socket: Socket
  readonly read: Buffer
}
type Say = (message: Extract<FromHelper, { kind: 'event' | 'group' }>) => void

export class Crew {
  readonly #settings: Settings
  readonly #say: Say
  readonly #changed: () => void
  readonly #members = new Map<string, HelperProcess>()
  #waiting: Waiting[] = []

  /** `changed`: `connections` may be another number */
  constructor(settings: Settings, say: Say, changed: () => void) {
    this.#settings = settings
    this.#say = say
    this.#changed = changed
    setInterval(() => this.#sweep(), IDLE / 4).unref()
  }
  /** that wait or are served */
  get connections(): number {
    const busy = [...this.#members.values()].map((m) => (m.state === 'busy' ? 1 : 0) + m.aside)
    return busy.reduce((sum, n) => sum + n, this.#waiting.length)
  }
  /** `account.gid` may be another group than the user's own: a process has one for good, so it is another process. */
  give(socket: Socket, account: Account, read: Buffer): void {
    this.#waiting.push({ key: `${account.uid}:${account.gid}:${account.groups.join()}`, account, socket, read })
    this.#dispatch()
  }
  /** What is in hand is ended; who waits is let go. */
  async close(): Promise<void> {
    for (const { socket } of this.#waiting.splice(0)) socket.destroy()
    await Promise.all([...this.#members.values()].map((m) => m.leave()))
  }

  #dispatch(): void {
    const lacking = new Set<string>()
    this.#waiting = this.#waiting.filter(({ key, account, socket, read }) => {
      const member = this.#members.get(key)
      if (member?.state === 'idle') {
        member.serve(socket, { read: read.toString('base64'), account })
        return false
      }
      if (!member) lacking.add(key)
      return true
    })
    for (const key of lacking) {
      const first = this.#waiting.find((w) => w.key === key)!
      if (this.#members.size < this.#settings.strictProcesses) this.#start(key, first.account)
    }
    this.#makeRoom(lacking)
    this.#changed()
  }
  /** Those that have had nothing to do for the longest time go for those whose user has none. */
  #makeRoom(lacking: ReadonlySet<string>): void {
    const all = [...this.#members.values()]
    const leaving = all.filter((m) => m.state === 'leaving').length
    const short = [...lacking].filter((key) => !this.#members.has(key)).length - leaving
    if (short <= 0) return
    const free = all.filter((m) => m.free).sort((a, b) => a.since - b.since)
    for (const member of free.slice(0, short)) void member.leave()
  }
  #start(key: string, account: Account): void {
    const { uid, gid, groups } = account
    const event = (pid: number, level: 'warn' | 'error', event: string, fields: object) =>
      this.#say({ kind: 'event', level, event, fields: { pid, uid, ...fields } })
    const member: HelperProcess = new HelperProcess(
      { ...this.#settings, strict: false },
      (fn) => fn(),
      {
        idle: () => this.#dispatch(),
        // it has nobody to speak for
        event: () => undefined,
        // who started this process must end them when this process dies
        group: (pid, over) => this.#say({ kind: 'group', pid, over, ids: { uid, gid, groups } }),
        refused: ({ pid }, cause) => event(pid, 'warn', 'users.refused', { cause }),
        hung: ({ pid, deadline }) => event(pid, 'error', 'users.hung', { deadline }),
        gone: ({ pid, state }, how) => {
          if (state !== 'leaving') event(pid, 'error', 'users.died', { cause: how })
          this.#members.delete(key)
          // nobody is kept waiting for one that cannot start
          if (state === 'starting') this.#drop(key)
          this.#dispatch()
        },
      },
      account,
    )
    this.#members.set(key, member)
  }
  #drop(key: string): void {
    for (const w of this.#waiting) if (w.key === key) w.socket.destroy()
    this.#waiting = this.#waiting.filter((w) => w.key !== key)
  }
  #sweep(): void {
    for (const m of this.#members.values()) if (m.free && performance.now() - m.since > IDLE) void m.leave()
  }
}

/** A user's process is that user, who could say on its channel what no helper says: that ends nobody's delivery. */
export function outliveNoise(say: Say): void {
  process.on('uncaughtException', (error) => {
    if (!(error instanceof SyntaxError)) {
      process.stderr.write(`${error.stack ?? error.message}\n`)
      process.exit(1)
    }
    say({
      kind: 'event',
      level: 'warn',
      event: 'users.refused',
      fields: { pid: process.pid, cause: 'noise on a channel' },
    })
  })
}
