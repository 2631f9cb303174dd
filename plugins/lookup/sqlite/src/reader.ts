/** Asks the process that reads a database file; starts it when it is needed, and anew when it does not answer. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { PassingMap } from '@postern/core'
import type { Clock } from '@postern/core'
import { Refused, putByPromise } from '@postern/lookup-kit'
import type { SqlBackend, SqlQuestion, SqlText } from '@postern/lookup-kit'

export interface Question {
  readonly id: number
  readonly sql: string
  /** only whether it is all right */
  readonly check: boolean
}
export type Answer =
  | { readonly id: number; readonly values: readonly (string | null)[] }
  /** `busy`: somebody writes; `refused`: the query is wrong */
  | { readonly id: number; readonly problem: string; readonly busy: boolean; readonly refused: boolean }
interface Pending {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: Error) => void
}
type Ending = Parameters<SqlBackend['put']>[1]

/** ms, at most, after which a file that somebody writes to is tried again; by chance, to meet a gap between two writes */
const AGAIN = 12
/** processes that were killed and are still there, as in a call of a disk that hangs, before no other one is started */
const MOST_LEAVING = 2
/** ms in which a process may end by itself */
const GOODBYE = 1000
const CHILD = fileURLToPath(new URL('./child.js', import.meta.url))
/** small: a query is short, and so are its values */
const FLAGS = ['--v8-pool-size=0', '--single-threaded-gc', '--max-semi-space-size=1']
const CLOSED = 'the table was closed'

export class Reader implements SqlBackend {
  readonly #path: string
  readonly #timeout: number
  readonly #clock: Clock
  readonly #pending = new PassingMap<number, Pending>()
  #child: ChildProcess | undefined
  #id = 0
  #queries = 0
  #closed = false
  /** processes that were told to end and have not yet */
  #leaving = 0

  /** `timeout`: ms for an answer */
  constructor(path: string, timeout: number, clock: Clock) {
    this.#path = path
    this.#timeout = timeout
    this.#clock = clock
  }
  put(question: SqlQuestion, call: Ending): void {
    this.#queries++
    void putByPromise(question, async (query, begin) => {
      const values = await this.#patiently(query(false), false, call)
      const row = begin()
      for (const value of values) row([value])
    })
  }
  async check(query: SqlText, call: Ending): Promise<void> {
    await this.#patiently(query(false), true, call)
  }
  close(): void {
    this.#closed = true
    this.#end(new Error(CLOSED), 'soon')
  }
  stats(): Readonly<Record<string, number>> {
    return { queries: this.#queries, leaving: this.#leaving }
  }

  /** Waits for a writer to end, as long as there is time. */
  #patiently(sql: string, check: boolean, call: Ending): Promise<readonly (string | null)[]> {
    return new Promise((resolve, reject) => {
      let id: number | undefined
      let over = false
      const done = () => {
        over = true
        timer.cancel()
        forget()
        if (id !== undefined) this.#pending.delete(id)
      }
      const fail = (error: Error) => (done(), reject(error))
      const timer = this.#clock.after(this.#timeout, () => {
        // while it waits between two tries the process is well
        const hung = id !== undefined && this.#pending.has(id)
        fail(new Error(`${this.#path}: ${hung ? 'no answer in time' : 'database is locked'}`))
        if (hung) this.#end(new Error(`${this.#path}: the reading process was ended, it did not answer`), 'now')
      })
      const forget = call.onAbort(fail)
      const take = (answer: Answer) => {
        if (over) return
        if ('problem' in answer && answer.busy) this.#clock.after(1 + Math.random() * AGAIN, ask)
        else if ('problem' in answer) {
          const text = `${this.#path}: ${answer.problem}`
          fail(answer.refused ? new Refused(text) : new Error(text))
        } else {
          done()
          resolve(answer.values)
        }
      }
      const ask = () => {
        if (over) return
        if (this.#closed) return fail(new Error(CLOSED))
        if (!this.#child && this.#leaving >= MOST_LEAVING)
          return fail(new Error(`${this.#path}: processes that read it do not end`))
        id = ++this.#id
        this.#pending.set(id, { resolve: take, reject: fail })
        const child = this.#process()
        // who waits for an answer keeps us alive, an idle process does not
        child.channel?.ref()
        child.send({ id, sql, check } satisfies Question)
      }
      ask()
    })
  }
  #process(): ChildProcess {
    if (this.#child) return this.#child
    // what it does must not go on without us
    const become = process.platform === 'linux' ? ['setpriv', '--pdeathsig=KILL', '--'] : []
    const [program, ...args] = [...become, process.execPath, ...FLAGS, CHILD, this.#path]
    const { NODE_OPTIONS: _, ...env } = process.env
    const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const
    const child = spawn(program!, args, { stdio: [...stdio], env: { ...env, UV_THREADPOOL_SIZE: '1' } })
    child.unref()
    child.channel?.unref()
    child.on('message', (answer: Answer) => {
      const one = this.#pending.get(answer.id)
      this.#pending.delete(answer.id)
      if (this.#pending.size === 0) child.channel?.unref()
      one?.resolve(answer)
    })
    const lost = (error: Error) => {
      if (this.#child === child) this.#end(error, 'now')
    }
    child.on('error', (error) => lost(new Error(`${this.#path}: ${error.message}`)))
    child.on('exit', () => lost(new Error(`${this.#path}: the reading process has ended`)))
    this.#child = child
    return child
  }
  /** All that wait get the error; the next question starts another process. */
  #end(error: Error, when: 'now' | 'soon'): void {
    const child = this.#child
    this.#child = undefined
    for (const one of [...this.#pending.values()]) one.reject(error)
    if (!child || child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
    this.#leaving++
    child.once('exit', () => this.#leaving--)
    // it only reads, and its locks go with it
    if (when === 'now') child.kill('SIGKILL')
    else {
      if (child.connected) child.disconnect()
      this.#clock.after(GOODBYE, () => child.kill('SIGKILL'))
    }
  }
}
