/** A queue store in memory: what the core's own tests commit to. Nothing of it is durable. */
import { definePlugin, memorySink, queueStore } from '@postern/core'
import type {
  HistoryRecord,
  LoadRange,
  OutcomeOptions,
  QueueEntry,
  QueueFilter,
  QueueStore,
  QueuedMessage,
  StoredRecipient,
} from '@postern/core'
import { z } from 'zod'

type Mutable = { -readonly [K in keyof QueuedMessage]: QueuedMessage[K] } & { recipients: StoredRecipient[] }

export class MemoryStore implements QueueStore {
  readonly messages = new Map<string, Mutable>()
  readonly log: string[] = []
  failCommit = false
  refusing: string | undefined
  #n = 0

  async start(row: Parameters<QueueStore['start']>[0]) {
    for (const m of this.messages.values())
      row({ id: m.id, nextTry: m.nextTry, held: m.held !== undefined, created: m.envelope.created })
    return { done: Promise.resolve() }
  }
  newId() {
    return `ID${String(++this.#n).padStart(11, '0')}`
  }
  body() {
    return memorySink()
  }
  async commit(m: Parameters<QueueStore['commit']>[0]) {
    if (this.failCommit) throw new Error('disk on fire')
    this.log.push(`commit ${m.id}`)
    this.messages.set(m.id, {
      ...m,
      recipients: m.recipients.map((r, n) => ({ ...r, n, state: 'pending' as const })),
      attempts: 0,
      nextTry: 0,
      held: m.held && { ...m.held, at: 0 },
    })
  }
  async load(id: string, { from = 0, limit = Infinity }: LoadRange = {}) {
    const m = this.messages.get(id)
    if (!m) return undefined
    if (from === 0 && m.recipients.length <= limit) return { ...m, recipients: [...m.recipients] }
    const pending = m.recipients.filter((r) => r.state === 'pending' && r.n >= from)
    const given = new Set(pending.slice(0, limit))
    for (const r of given) if (r.parent !== undefined) given.add(m.recipients[r.parent]!)
    return { ...m, recipients: m.recipients.filter((r) => given.has(r)), more: pending[limit]?.n }
  }
  async requeue(id: string, { who, why }: { who: string; why: string }) {
    const m = this.messages.get(id)
    if (!m) return undefined
    const now = this.newId()
    this.messages.delete(id)
    const recipients = m.recipients
      .filter((r) => r.parent === undefined && r.state !== 'delivered')
      .map((r, n) => ({ ...r, n, state: 'pending' as const }))
    const envelope = { ...m.envelope, reason: `${id} requeued by ${who}: ${why}` }
    this.messages.set(now, { ...m, id: now, envelope, recipients, attempts: 0, nextTry: 0, held: undefined })
    return now
  }
  async *history(): AsyncIterable<HistoryRecord> {}
  attempt(id: string, _recipients: readonly number[], attempts: number) {
    const m = this.messages.get(id)
    if (m) m.attempts = attempts
  }
  outcome(id: string, records: Parameters<QueueStore['outcome']>[1], options?: OutcomeOptions) {
    const m = this.messages.get(id)
    if (!m) return undefined
    for (const r of records) {
      this.log.push(`outcome ${id} ${r.n} ${r.state}`)
      const state = r.state === 'deferred' ? 'pending' : r.state
      m.recipients[r.n] = { ...m.recipients[r.n]!, state, esc: r.esc, text: r.text }
    }
    if (options?.nextTry !== undefined) m.nextTry = options.nextTry
    if (options?.warned) m.warned = true
    if (m.recipients.every((r) => r.state !== 'pending')) this.messages.delete(id)
    return undefined
  }
  async expand(id: string, parent: number, children: Parameters<QueueStore['expand']>[2]) {
    const m = this.messages.get(id)!
    m.recipients[parent] = { ...m.recipients[parent]!, state: 'expanded' }
    return children.map((c) => {
      const n = m.recipients.length
      m.recipients.push({ ...c, n, parent, state: 'pending' })
      return n
    })
  }
  async admin(id: string, record: { action: string; who: string; why: string }) {
    const m = this.messages.get(id)
    if (!m) return false
    if (record.action === 'delete') this.messages.delete(id)
    m.held = record.action === 'hold' ? { by: record.who, reason: record.why, at: 0 } : undefined
    return true
  }
  async *list(filter: QueueFilter = {}): AsyncIterable<QueueEntry> {
    for (const m of this.messages.values())
      if (!filter.ids || filter.ids.includes(m.id)) yield { ...m, size: m.header.length + 2 + m.body.size }
  }
  health() {
    return { messages: this.messages.size, bytes: 0, refusing: this.refusing, problems: [] }
  }
  async stop() {}
}

/** A plugin over a store that the test holds. */
export const memoryQueue = (store: MemoryStore) =>
  definePlugin({
    name: 'memory-queue',
    options: z.strictObject({}),
    provides: [queueStore],
    apply(mta) {
      mta.provide(queueStore, store)
    },
  })
