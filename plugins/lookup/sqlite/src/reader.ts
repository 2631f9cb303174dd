/** Asks the thread that reads a database file; starts it when it is needed, and anew when it does not answer. */
import { Worker } from 'node:worker_threads'
import type { Clock } from '@postern/core'
import { Refused } from '@postern/lookup-kit'
import type { SqlBackend, SqlRow, SqlText } from '@postern/lookup-kit'

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
type Ending = Parameters<SqlBackend['ask']>[2]

/** ms, at most, after which a file that somebody writes to is tried again; by chance, to meet a gap between two writes */
const AGAIN = 12
/** threads that are left to end by themselves, before no other one is started */
const MOST_LEAVING = 2
const CLOSED = 'the table was closed'

export class Reader implements SqlBackend {
  readonly #path: string
  readonly #timeout: number
  readonly #clock: Clock
  readonly #pending = new Map<number, Pending>()
  #worker: Worker | undefined
  /** 1: the thread is to stop what it does, where it can */
  #ended = new Int32Array(new SharedArrayBuffer(4))
  #id = 0
  #queries = 0
  #closed = false
  /** threads that were told to end and have not yet */
  #leaving = 0

  /** `timeout`: ms for an answer */
  constructor(path: string, timeout: number, clock: Clock) {
    this.#path = path
    this.#timeout = timeout
    this.#clock = clock
  }
  async ask(query: SqlText, begin: () => (columns: SqlRow) => void, call: Ending): Promise<void> {
    this.#queries++
    const values = await this.#patiently(query(false), false, call)
    const row = begin()
    for (const value of values) row([value])
  }
  async check(query: SqlText, call: Ending): Promise<void> {
    await this.#patiently(query(false), true, call)
  }
  close(): void {
    this.#closed = true
    this.#end(new Error(CLOSED))
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
        // while it waits between two tries the thread is well
        const hung = id !== undefined && this.#pending.has(id)
        fail(new Error(`${this.#path}: ${hung ? 'no answer in time' : 'database is locked'}`))
        if (hung) this.#end(new Error(`${this.#path}: the reading thread was ended, it did not answer`))
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
        if (!this.#worker && this.#leaving >= MOST_LEAVING)
          return fail(new Error(`${this.#path}: threads that read it do not come back`))
        id = ++this.#id
        this.#pending.set(id, { resolve: take, reject: fail })
        this.#thread().postMessage({ id, sql, check } satisfies Question)
      }
      ask()
    })
  }
  #thread(): Worker {
    if (this.#worker) return this.#worker
    this.#ended = new Int32Array(new SharedArrayBuffer(4))
    const workerData = { path: this.#path, ended: this.#ended }
    const worker = new Worker(new URL('./thread.js', import.meta.url), { workerData })
    worker.unref()
    worker.on('message', (answer: Answer) => {
      const one = this.#pending.get(answer.id)
      this.#pending.delete(answer.id)
      one?.resolve(answer)
    })
    const lost = (error: Error) => {
      if (this.#worker === worker) this.#end(error)
    }
    worker.on('error', (error: Error) => lost(new Error(`${this.#path}: ${error.message}`)))
    worker.on('exit', () => lost(new Error(`${this.#path}: the reading thread has ended`)))
    this.#worker = worker
    return worker
  }
  /** All that wait get the error; the next question starts another thread. */
  #end(error: Error): void {
    const worker = this.#worker
    this.#worker = undefined
    for (const one of [...this.#pending.values()]) one.reject(error)
    if (!worker) return
    // never `terminate`: a thread that is ended within a call of SQLite takes the process with it
    this.#leaving++
    Atomics.store(this.#ended, 0, 1)
    worker.once('exit', () => this.#leaving--)
    worker.postMessage(undefined)
  }
}
