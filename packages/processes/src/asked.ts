/** Questions that a worker was asked: rows come as fast as they are read, then an end. */
import type { Json } from '@postern/core'
import { WorkerGone, WorkerRefused } from './protocol.ts'
import type { FromWorker, Ticket, ToWorker } from './protocol.ts'

/** rows under way from one worker; it waits when so many have not been read */
export const ROWS_AHEAD = 64

/** One question: its rows, and `result` behind them. */
export interface Answering extends AsyncIterable<Json> {
  /** Rejects with WorkerRefused or WorkerGone. Rows that nobody reads keep it from coming. */
  readonly result: Promise<Json>
  /** Nobody reads any more. */
  cancel(): void
}
interface Open {
  readonly rows: Json[]
  wake: (() => void) | undefined
  over: boolean
  done(result: Json): void
  failed(error: Error): void
}
export class Asked {
  readonly #send: (message: ToWorker) => void
  readonly #open = new Map<Ticket, Open>()
  #last = 0
  #gone: string | undefined

  constructor(send: (message: ToWorker) => void) {
    this.#send = send
  }
  ask(verb: string, args: Json): Answering {
    const ticket = ++this.#last
    const open: Open = { rows: [], wake: undefined, over: false, done: () => undefined, failed: () => undefined }
    const result = new Promise<Json>((resolve, reject) => Object.assign(open, { done: resolve, failed: reject }))
    // who reads the rows looks at the result only then
    result.catch(() => undefined)
    this.#open.set(ticket, open)
    if (this.#gone !== undefined) this.gone(this.#gone)
    this.#send({ kind: 'ask', ticket, verb, args, rows: ROWS_AHEAD })
    const cancel = () => {
      if (!open.over) this.#send({ kind: 'enough', ticket })
    }
    return { result, cancel, [Symbol.asyncIterator]: () => this.#rows(ticket, open, cancel) }
  }
  async *#rows(ticket: Ticket, open: Open, cancel: () => void): AsyncGenerator<Json> {
    let read = 0
    try {
      while (true) {
        if (open.rows.length > 0) {
          yield open.rows.shift()!
          if (++read % (ROWS_AHEAD / 2) === 0 && !open.over) this.#send({ kind: 'more', ticket, rows: ROWS_AHEAD / 2 })
        } else if (open.over) return
        else await new Promise<void>((resolve) => (open.wake = resolve))
      }
    } finally {
      cancel()
    }
  }
  take(message: Extract<FromWorker, { kind: 'rows' | 'done' | 'refused' }>): void {
    const open = this.#open.get(message.ticket)
    if (!open) return
    if (message.kind === 'rows') open.rows.push(...message.rows)
    else this.#end(message.ticket, open, message)
    open.wake?.()
  }
  #end(ticket: Ticket, open: Open, end: Extract<FromWorker, { kind: 'done' | 'refused' }>): void {
    this.#open.delete(ticket)
    open.over = true
    if (end.kind === 'done') open.done(end.result)
    else open.failed(new WorkerRefused(end.why))
  }
  /** Ends what is open, and whatever is asked from now on. */
  gone(how: string): void {
    this.#gone = how
    for (const open of this.#open.values()) {
      open.over = true
      open.failed(new WorkerGone(how))
      open.wake?.()
    }
    this.#open.clear()
  }
}
