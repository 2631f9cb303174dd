/** Requests that are under way: whose they are, how long they have, and in the end their answers. */
import type { Call } from '@postern/core'
import type { Message } from './message.ts'
import type { Entry, Result } from './wire.ts'

/** What answered a request: of a search, its entries and references too. */
export interface Answer {
  readonly result: Result
  readonly entries: readonly Entry[]
  /** each one a choice of URLs */
  readonly references: readonly (readonly string[])[]
}
/** Told once. Must not throw. */
export type Done = (answer: Answer | Error) => void
/** Whose request it is: ends it when aborted. */
export type Asker = Pick<Call, 'aborted' | 'onAbort'>

export const askerOf = (signal: AbortSignal): Asker => ({
  get aborted() {
    return signal.aborted
  },
  onAbort(fn) {
    const told = () => fn(signal.reason as Error)
    signal.addEventListener('abort', told)
    return () => signal.removeEventListener('abort', told)
  },
})
/** Nothing came in time. */
export class TimedOut extends Error {
  /** the server said nothing at all meanwhile: the connection is given up */
  readonly silent: boolean
  constructor(message: string, silent: boolean) {
    super(message)
    this.silent = silent
  }
}

/** An asker, while it has requests under way: listened to once for those that it sends one behind the other. */
export class Watch {
  readonly asker: Asker
  #count = 0
  readonly #unlisten: () => void

  constructor(asker: Asker, aborted: (watch: Watch, reason: Error) => void) {
    this.asker = asker
    this.#unlisten = asker.onAbort((reason) => aborted(this, reason))
  }
  get idle(): boolean {
    return this.#count === 0
  }
  enter(): this {
    this.#count++
    return this
  }
  leave(): void {
    if (--this.#count === 0) this.#unlisten()
  }
}

const NONE: readonly never[] = []
export class Pending implements Answer {
  result!: Result
  entries: readonly Entry[] = NONE
  references: readonly (readonly string[])[] = NONE
  /** of its entries and references so far */
  bytes = 0
  readonly message: Message
  /** ms that it has, and when they are over, on the clock */
  readonly ms: number
  readonly due: number
  /** messages that had come on the connection when it was sent */
  readonly heard: number
  readonly watch: Watch | undefined
  readonly done: Done

  constructor(message: Message, ms: number, now: number, heard: number, watch: Watch | undefined, done: Done) {
    this.message = message
    this.ms = ms
    this.due = now + ms
    this.heard = heard
    this.watch = watch
    this.done = done
  }
  addEntry(entry: Entry): void {
    this.entries = added(this.entries, entry)
  }
  addReference(urls: readonly string[]): void {
    this.references = added(this.references, urls)
  }
}
/** A list with room for more than one is dear, and there seldom is more. */
function added<T>(list: readonly T[], one: T): readonly T[] {
  if (list.length === 0) return [one]
  ;(list as T[]).push(one)
  return list
}
