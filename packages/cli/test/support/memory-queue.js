/** A queue store in memory: nothing of it is durable. */
import { definePlugin, memorySink, queueStore } from '@postern/core'
import { z } from 'zod'

class MemoryStore {
  #messages = new Map()
  #n = 0
  #made
  #log
  /** cursors that are open, and how far the last one came */
  #cursors = 0
  #at = 0
  constructor({ made, log }) {
    this.#made = made
    this.#log = log
  }
  async start() {
    return { done: Promise.resolve() }
  }
  newId() {
    return `ID${String(++this.#n).padStart(11, '0')}`
  }
  body() {
    return memorySink()
  }
  async commit(m) {
    const recipients = m.recipients.map((r, n) => ({ ...r, n, state: 'pending' }))
    const held = m.held && { ...m.held, at: 0 }
    const history = [{ at: m.envelope.created, kind: 'received' }]
    this.#messages.set(m.id, { ...m, recipients, attempts: 0, nextTry: 0, held, history })
  }
  async load(id) {
    const m = this.#messages.get(id)
    if (!m) return undefined
    return { ...m, recipients: [...m.recipients] }
  }
  attempt(id, _recipients, attempts) {
    const m = this.#messages.get(id)
    if (m) m.attempts = attempts
  }
  outcome(id, records, options) {
    const m = this.#messages.get(id)
    if (!m) return
    for (const { n, state, esc, text } of records)
      m.recipients[n] = { ...m.recipients[n], state: state === 'deferred' ? 'pending' : state, esc, text }
    if (options?.nextTry !== undefined) m.nextTry = options.nextTry
    m.history.push({ at: Date.now(), kind: 'outcome', outcomes: records, nextTry: options?.nextTry })
    if (m.recipients.every((r) => r.state !== 'pending')) this.#messages.delete(id)
  }
  async expand(id, parent, children) {
    const m = this.#messages.get(id)
    m.recipients[parent] = { ...m.recipients[parent], state: 'expanded' }
    return children.map((c) => m.recipients.push({ ...c, n: m.recipients.length, parent, state: 'pending' }) - 1)
  }
  async admin(id, { action, who, why }) {
    const m = this.#messages.get(id)
    if (!m) return false
    m.history.push({ at: Date.now(), kind: action, who, why })
    if (action === 'delete') this.#messages.delete(id)
    if (action === 'hold') m.held = { by: who, reason: why, at: 0 }
    if (action === 'release') m.held = undefined
    if (action === 'expire') m.expired = true
    return true
  }
  async requeue(id, { who, why }) {
    const m = this.#messages.get(id)
    if (!m) return undefined
    const now = this.newId()
    const envelope = { ...m.envelope, reason: `${id} requeued by ${who}: ${why}` }
    await this.commit({ ...m, id: now, envelope, held: undefined })
    this.#messages.delete(id)
    return now
  }
  async *history(id) {
    yield* this.#messages.get(id)?.history ?? []
  }
  async *list({ ids, before = Infinity, after = -Infinity, held } = {}) {
    this.#cursors++
    this.#at = 0
    try {
      for (const { header, body, ...m } of this.#all()) {
        this.#at++
        if (ids && !ids.includes(m.id)) continue
        if (m.envelope.created >= before || m.envelope.created <= after) continue
        if (held !== undefined && held !== (m.held !== undefined)) continue
        yield { ...m, history: undefined, size: header.length + body.size }
      }
    } finally {
      this.#cursors--
      this.#log.info('cursor.closed', { at: this.#at })
    }
  }
  *#all() {
    yield* this.#messages.values()
    for (let i = 0; i < this.#made; i++) yield made(i)
  }
  health() {
    const cursor = `${this.#cursors} cursors open, the last one at ${this.#at}`
    return { messages: this.#messages.size, bytes: 0, problems: this.#made > 0 ? [cursor] : [] }
  }
  async stop() {}
}
/** A message that is there for listings only: 2 kB as a row. */
const made = (i) => ({
  id: `MADE${String(i).padStart(9, '0')}`,
  envelope: {
    sender: `sender${i}@far.example`,
    origin: { kind: 'submit', by: 'made' },
    created: Date.now() - (i % 3) * 3_600_000,
    smtputf8: false,
    marks: { filler: 'x'.repeat(1500) },
    reason: 'made',
  },
  recipients: [{ n: 0, address: `r@${i % 10}.example`, original: `r@${i % 10}.example`, state: 'pending' }],
  attempts: 1,
  nextTry: Date.now() + 3_600_000,
  header: Buffer.from('Subject: made\r\n'),
  body: { size: 100 },
})

export default definePlugin({
  name: 'memory-queue',
  options: z.strictObject({
    /** so many messages more in every listing */
    made: z.number().default(0),
  }),
  provides: [queueStore],
  apply(mta, options) {
    const store = mta.keep(
      'memory-queue',
      () => new MemoryStore({ made: options.made, log: mta.log }),
      () => undefined,
    )
    const methods = [
      'start',
      'newId',
      'body',
      'commit',
      'load',
      'attempt',
      'outcome',
      'expand',
      'admin',
      'requeue',
      'history',
      'list',
      'health',
      'stop',
    ]
    mta.provide(queueStore, Object.fromEntries(methods.map((m) => [m, (...args) => store()[m](...args)])))
  },
})
