/** The queue's listing, for mailq, sendmail -bp and postqueue. */
import { Down, connectControl } from '../control.ts'
import { EX } from '../fatal.ts'
import type { Place } from '../place.ts'
import { isAllowed } from './allowed.ts'
import type { PublicEntry } from './entry.ts'
import { Printer } from './printer.ts'
import { EMPTY, LONG, SHORT, entryJson, entryText, summaryText } from './text.ts'

export interface ListOptions {
  /** postqueue -j */
  readonly json?: boolean
  /** the queue of a daemon that is down, for whoever may read it: `undefined` for the others */
  readonly atRest?: (place: Place) => Promise<AsyncIterable<PublicEntry> | undefined>
  readonly say: (text: string) => void
}

/** Prints to standard output. Rejects with Fatal (69) when the daemon is down and the queue cannot be read without it. */
export async function listQueue(place: Place, options: ListOptions): Promise<void> {
  await isAllowed(place, 'authorized_mailq_users', 'view')
  const out = new Printer()
  const listing = options.json ? new JsonListing(out) : new TextListing(out, await isLong(place))
  try {
    await each(place, options, (entry) => listing.add(entry))
    listing.end()
  } finally {
    out.flush()
  }
}
async function each(place: Place, { atRest, say }: ListOptions, row: (entry: PublicEntry) => void): Promise<void> {
  try {
    const daemon = await connectControl(place.spool, 'Queue report unavailable - mail system is down')
    await daemon.ask('queue.list', {}, (entry) => row(entry as PublicEntry)).finally(() => daemon.close())
  } catch (error) {
    const entries = error instanceof Down ? await atRest?.(place) : undefined
    if (!entries) throw error
    say(`warning: Mail system is down -- accessing queue directly (${(error as Down).why})`)
    for await (const entry of entries) row(entry)
  }
}
/** Postern's own way is the long one. */
async function isLong({ postfix }: Place): Promise<boolean> {
  if (postfix === undefined) return true
  const { parametersOf } = await import('../postfix.ts')
  return (await parametersOf(postfix, EX.UNAVAILABLE)).bool('enable_long_queue_ids')
}

class TextListing {
  readonly #out: Printer
  readonly #isLong: boolean
  #bytes = 0
  #count = 0
  constructor(out: Printer, isLong: boolean) {
    this.#out = out
    this.#isLong = isLong
  }
  add(entry: PublicEntry): void {
    const format = this.#isLong ? LONG : SHORT
    this.#out.print((this.#count === 0 ? format.head : '\n') + entryText(entry, format, Date.now()))
    this.#count++
    this.#bytes += entry.size
  }
  end(): void {
    this.#out.print(this.#count === 0 ? EMPTY : summaryText(this.#bytes, this.#count))
  }
}
class JsonListing {
  readonly #out: Printer
  constructor(out: Printer) {
    this.#out = out
  }
  add(entry: PublicEntry): void {
    this.#out.print(entryJson(entry, Date.now()))
  }
  end(): void {
    // nothing more than the objects
  }
}
