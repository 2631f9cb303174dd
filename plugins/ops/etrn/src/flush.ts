/** Has the mail of a site tried at once: from the record, and where that is not complete, from the queue itself. */
import type { Logger, MaybePromise, QueueControl, QueueEntry } from '@postern/core'
import type { WaitingRecord } from './record.ts'
import { textOf } from './text.ts'

/** Ids that are handed over at a time. */
const LOT = 500

export interface FlushContext {
  readonly queue: QueueControl
  readonly log: Logger
  /** bounded work behind facts */
  background(fn: (signal: AbortSignal) => Promise<void>): void
  recorded(domain: string): MaybePromise<boolean>
}

export class Flush {
  readonly #context: FlushContext
  readonly #record: WaitingRecord
  /** sites that were asked for while the queue is being read */
  #asked = new Set<string>()
  /** asked for behind what had been read already */
  #late = new Set<string>()
  #reading = false
  #stopped = false

  constructor(record: WaitingRecord, context: FlushContext) {
    this.#record = record
    this.#context = context
  }
  site(domain: string): void {
    this.#context.queue.flush(this.#record.of(domain))
    if (this.#record.complete) return
    if (!this.#reading) {
      this.#asked.add(domain)
      return this.compare()
    }
    // what has been read is in the record, unless that was full
    if (this.#record.full) this.#late.add(domain)
    else this.#asked.add(domain)
  }
  /** Makes the record agree with the queue, in the background. */
  compare(done: () => void = () => undefined): void {
    if (this.#reading || this.#stopped) return done()
    this.#reading = true
    this.#context.background(async (signal) => {
      try {
        do await this.#read(signal)
        while (!signal.aborted && !this.#stopped && this.#nextRound())
      } catch (error) {
        this.#context.log.warn('etrn.queueUnread', { cause: textOf(error) })
      } finally {
        this.#reading = false
        done()
      }
    })
  }
  stop(): void {
    this.#stopped = true
  }

  #nextRound(): boolean {
    this.#asked = this.#late
    this.#late = new Set()
    return this.#asked.size > 0
  }
  async #read(signal: AbortSignal): Promise<void> {
    let lot: string[] = []
    const round = this.#record.begin()
    for await (const entry of this.#context.queue.list()) {
      if (signal.aborted || this.#stopped) return
      if (await this.#seen(entry)) lot.push(entry.id)
      if (lot.length < LOT) continue
      this.#context.queue.flush(lot)
      lot = []
    }
    if (lot.length > 0) this.#context.queue.flush(lot)
    this.#record.end(round)
  }
  /** True when somebody asks for it. */
  async #seen(entry: QueueEntry): Promise<boolean> {
    let wanted = false
    for (const domain of domainsOf(entry)) {
      wanted ||= this.#asked.has(domain)
      const recorded = this.#context.recorded(domain)
      if (recorded instanceof Promise ? await recorded : recorded) this.#record.add(domain, entry.id)
    }
    return wanted
  }
}

function domainsOf(entry: QueueEntry): Set<string> {
  const pending = entry.recipients.filter((r) => r.state === 'pending')
  return new Set(pending.map((r) => domainOf(r.address)).filter((domain) => domain !== ''))
}
/** Lower case; empty where there is none. */
export const domainOf = (address: string): string => {
  const at = address.lastIndexOf('@')
  return at < 0 ? '' : address.slice(at + 1).toLowerCase()
}
