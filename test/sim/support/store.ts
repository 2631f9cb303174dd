/** The simulation's queue: a message is a row of numbers, so that a million of them fit; a reading takes simulated time. */
import { definePlugin, memorySink, queueStore } from '@postern/core'
import type { Clock, Envelope, LoadRange, NewMessage, OutcomeOptions, OutcomeRecord } from '@postern/core'
import type { QueueStore, QueuedMessage, RecipientSeed, RecoveredRow, StoredRecipient } from '@postern/core'
import { z } from 'zod'

/** Messages that were in the queue before the start: one recipient each, `u@` the domain. */
export interface Backlog {
  readonly count: number
  readonly domain: (n: number) => string
  /** ms since 1970 */
  readonly created: (n: number) => number
  /** ms since 1970 */
  readonly nextTry: (n: number) => number
  readonly sender: string
}
interface Row {
  readonly envelope: Envelope
  readonly seeds: readonly RecipientSeed[]
  readonly states: Uint8Array
  left: number
}
const PENDING = 0
const STATES = ['pending', 'delivered', 'failed'] as const
const HEADER = Buffer.from('Subject: simulated\r\n')
const BODY = await memorySink().end()
/** ms that reading a message takes */
const READING = 5

export class SimStore implements QueueStore {
  readonly #clock: Clock
  readonly #backlog: Backlog | undefined
  /** of the backlog, by number: 1 when it has left the queue */
  readonly #gone: Uint8Array
  /** messages that came by commit, and those of the backlog that were touched */
  readonly #rows = new Map<string, Row>()
  readonly #waits = new Map<string, { nextTry: number; attempts: number }>()
  #n: number
  #size: number
  #reading = 0
  /** readings at a time, at most */
  readingMax = 0
  /** the last word about each deferred recipient's reason: how often it was written */
  readonly reasons = new Map<string, number>()

  constructor(clock: Clock, backlog?: Backlog) {
    this.#clock = clock
    this.#backlog = backlog
    this.#n = this.#size = backlog?.count ?? 0
    this.#gone = new Uint8Array(this.#n)
  }
  get size(): number {
    return this.#size
  }
  async start(row: (entry: RecoveredRow) => void) {
    const b = this.#backlog
    for (let n = 0; b && n < b.count; n++)
      row({ id: idOf(n), created: b.created(n), nextTry: b.nextTry(n), held: false })
    return { done: Promise.resolve() }
  }
  newId() {
    return idOf(this.#n++)
  }
  body() {
    return memorySink()
  }
  async commit(m: NewMessage) {
    const count = m.recipients.length
    this.#rows.set(m.id, { envelope: m.envelope, seeds: m.recipients, states: new Uint8Array(count), left: count })
    this.#size++
  }
  async load(id: string, range?: LoadRange): Promise<QueuedMessage | undefined> {
    this.readingMax = Math.max(this.readingMax, ++this.#reading)
    await new Promise<void>((r) => this.#clock.after(READING, r))
    this.#reading--
    const row = this.#row(id)
    if (!row) return undefined
    const { nextTry, attempts } = this.#waits.get(id) ?? { nextTry: 0, attempts: 0 }
    const { recipients, more } = recipientsOf(row, range)
    return { id, envelope: row.envelope, header: HEADER, body: BODY, recipients, attempts, nextTry, more }
  }
  attempt(id: string, _recipients: readonly number[], attempts: number) {
    this.#waits.set(id, { nextTry: 0, ...this.#waits.get(id), attempts })
  }
  outcome(id: string, records: readonly OutcomeRecord[], options?: OutcomeOptions) {
    const row = this.#row(id)
    if (!row) return undefined
    for (const r of records) {
      if (r.state === 'deferred') this.reasons.set(r.text, (this.reasons.get(r.text) ?? 0) + 1)
      else if (row.states[r.n] === PENDING) {
        row.states[r.n] = STATES.indexOf(r.state)
        row.left--
      }
    }
    if (row.left === 0) this.#end(id)
    else if (options?.nextTry !== undefined)
      this.#waits.set(id, { attempts: 0, ...this.#waits.get(id), nextTry: options.nextTry })
    return undefined
  }
  async expand(): Promise<never> {
    throw new Error('the simulation has no aliases')
  }
  async admin() {
    return false
  }
  async requeue() {
    return undefined
  }
  async *list() {}
  async *history() {}
  health() {
    return { messages: this.#size, bytes: 0, problems: [] }
  }
  async stop() {}

  #row(id: string): Row | undefined {
    const known = this.#rows.get(id)
    const n = parseInt(id, 32)
    const b = this.#backlog
    if (known || !b || n >= b.count || this.#gone[n]) return known
    const address = `u@${b.domain(n)}`
    const origin = { kind: 'submit', by: 'simulation' } as const
    const envelope = { sender: b.sender, origin, created: b.created(n), smtputf8: false, marks: {}, reason: 'backlog' }
    const row = { envelope, seeds: [{ address, original: address }], states: new Uint8Array(1), left: 1 }
    this.#rows.set(id, row)
    return row
  }
  #end(id: string): void {
    this.#rows.delete(id)
    this.#waits.delete(id)
    const n = parseInt(id, 32)
    if (n < this.#gone.length) this.#gone[n] = 1
    this.#size--
  }
}
const idOf = (n: number) => n.toString(32).padStart(13, '0')

function recipientsOf(row: Row, range: LoadRange = {}): { recipients: StoredRecipient[]; more?: number } {
  const { from = 0, limit = Infinity } = range
  const all = range.from === undefined && range.limit === undefined
  const recipients: StoredRecipient[] = []
  for (let n = from; n < row.seeds.length; n++) {
    if (!all && row.states[n] !== PENDING) continue
    if (recipients.length >= limit) return { recipients, more: n }
    recipients.push({ ...row.seeds[n]!, n, state: STATES[row.states[n]!]! })
  }
  return { recipients }
}

export const simQueue = (store: SimStore) =>
  definePlugin({
    name: 'sim-queue',
    options: z.strictObject({}),
    provides: [queueStore],
    apply: (mta) => mta.provide(queueStore, store),
  })
