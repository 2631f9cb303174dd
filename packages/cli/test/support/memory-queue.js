/** A queue store in memory: nothing of it is durable. */
import { definePlugin, memorySink, queueStore } from '@postern/core'
import { z } from 'zod'

class MemoryStore {
  #messages = new Map()
  #n = 0
  async start() {}
  newId() {
    return `ID${String(++this.#n).padStart(11, '0')}`
  }
  body() {
    return memorySink()
  }
  async commit(m) {
    const recipients = m.recipients.map((r, n) => ({ ...r, n, state: 'pending' }))
    const held = m.held && { ...m.held, at: 0 }
    this.#messages.set(m.id, { ...m, recipients, attempts: 0, nextTry: 0, held })
  }
  async load(id) {
    const m = this.#messages.get(id)
    return m && { ...m, recipients: [...m.recipients] }
  }
  attempt(id) {
    const m = this.#messages.get(id)
    if (m) m.attempts++
  }
  outcome(id, records, options) {
    const m = this.#messages.get(id)
    if (!m) return
    for (const { n, state, esc, text } of records)
      m.recipients[n] = { ...m.recipients[n], state: state === 'deferred' ? 'pending' : state, esc, text }
    if (options?.nextTry !== undefined) m.nextTry = options.nextTry
    if (m.recipients.every((r) => r.state !== 'pending')) this.#messages.delete(id)
  }
  async expand(id, parent, children) {
    const m = this.#messages.get(id)
    m.recipients[parent] = { ...m.recipients[parent], state: 'expanded' }
    return children.map((c) => m.recipients.push({ ...c, n: m.recipients.length, parent, state: 'pending' }) - 1)
  }
  async admin(id, record) {
    const m = this.#messages.get(id)
    if (!m) return false
    if (record.action === 'delete') this.#messages.delete(id)
    m.held = record.action === 'hold' ? { by: record.who, reason: record.why, at: 0 } : undefined
    return true
  }
  async *list() {
    for (const m of this.#messages.values()) yield { ...m, size: m.header.length + 2 + m.body.size }
  }
  health() {
    return { messages: this.#messages.size, bytes: 0, problems: [] }
  }
  async stop() {}
}

export default definePlugin({
  name: 'memory-queue',
  options: z.strictObject({}),
  provides: [queueStore],
  apply(mta) {
    const store = mta.keep(
      'memory-queue',
      () => new MemoryStore(),
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
      'list',
      'health',
      'stop',
    ]
    mta.provide(queueStore, Object.fromEntries(methods.map((m) => [m, (...args) => store()[m](...args)])))
  },
})
