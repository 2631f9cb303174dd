/** What a queue must hold, in memory, beside one that works; operations on both, one or many at a time. */
import * as assert from 'uvu/assert'
import fs from 'node:fs'
import { join } from 'node:path'
import { verifyQueue } from '@postern/queue-journal'
import { bodyOf, message, partOf, seed, segmentsOf, started, temporary, textOf } from './helper.ts'
import { pendingOf, same } from './expected.ts'
import type { AdminAction, OutcomeRecord } from '@postern/core'
import type { JournalStore } from '@postern/queue-journal'
import type { Expected, ModelOptions } from './expected.ts'
import type { LogEvent } from './helper.ts'
import type { World } from './world.ts'

export class Model {
  readonly counts = { restarts: 0, kills: 0, cuts: 0, compactions: 0, segments: 0, loads: 0 }
  readonly events: LogEvent[] = []
  tallest = 0
  readonly #world: World
  readonly #o: ModelOptions
  readonly #model = new Map<string, Expected>()
  readonly #given = new Set<string>()
  #path = temporary()
  #store!: JournalStore
  #pending = new Set<Promise<unknown>>()
  #failed: Error | undefined
  #closing = false

  constructor(world: World, options: ModelOptions) {
    this.#world = world
    this.#o = options
  }
  async start(): Promise<void> {
    const now = () => this.#world.now
    const { io } = this.#world
    this.#store = await started(this.#path, { outcomeSync: 'lazy', io, now, ...this.#o.journal }, this.events)
  }
  async stop(): Promise<void> {
    await this.restart(0)
    await this.#store.stop()
  }
  #pick(n: number): number {
    return this.#world.pick(n)
  }
  #chance(share: number): boolean {
    return this.#pick(10_000) < share * 10_000
  }
  /** Goes on beside what follows. A failure is kept for the next operation. */
  #beside(what: Promise<unknown>): void {
    const one = what
      .catch((error: Error) => {
        if (!this.#closing) this.#failed ??= error
      })
      .finally(() => this.#pending.delete(one))
    this.#pending.add(one)
  }
  async #all(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending)
    if (this.#failed) throw this.#failed
  }

  async operation(): Promise<void> {
    if (this.#failed) throw this.#failed
    const ids = [...this.#model.keys()]
    const id = ids[this.#pick(Math.min(ids.length, 40))] ?? ''
    const m = this.#model.get(id)
    const what = this.#pick(1000)
    const wait = this.#chance(0.3) ? (p: Promise<unknown>) => p : async (p: Promise<unknown>) => this.#beside(p)
    if (!m || (what < 350 && ids.length < 100)) return wait(this.#commit()) as Promise<void>
    if (m.leaving) return
    if (what < 450) this.#attempt(id, m)
    else if (what < 860) await wait(this.#outcome(id, m))
    else if (what < 890) await wait(this.#expand(id, m))
    else if (what < 910) await wait(this.#admin(id, m))
    else if (what < 920) await wait(this.#requeue(id, m))
    else if (what < 940) await wait(this.#compact())
    else if (what < 950) await wait(this.#store.checkpoint())
    else if (what < 985) await wait(this.#check(id, m))
    else if (what < 988) await wait(this.#list())
    else if (what < 989 && this.#chance(0.7)) await this.restart(this.#o.kills)
    else await new Promise((resolve) => setTimeout(resolve, this.#pick(60)))
    if (this.#pick(50) === 0) this.tallest = Math.max(this.tallest, segmentsOf(this.#path).length)
  }
  #give(id: string): void {
    assert.not(this.#given.has(id), 'an id is given once')
    this.#given.add(id)
  }
  async #commit(): Promise<void> {
    const body = Buffer.alloc(this.#chance(0.03) ? 9000 + this.#pick(5000) : this.#pick(700), 65 + this.#pick(26))
    const count = this.#chance(0.01) ? 20 + this.#pick(600) : 1 + this.#pick(3)
    const recipients = Array.from({ length: count }, (_, i) => seed(`r${i}@example.net`))
    const held = this.#chance(0.02) ? { by: 'test', reason: 'held at the start' } : undefined
    const longLived = this.#chance(0.1)
    const made = await message(this.#store, '', recipients, { body: await bodyOf(this.#store, body), held })
    this.#give(made.id)
    await this.#store.commit(made)
    const states = recipients.map(() => ({ state: 'pending' }))
    const state = { attempts: 0, nextTry: 0, held: held?.reason, trying: false, crashes: 0, version: 0 }
    this.#model.set(made.id, { body, states, ...state, longLived })
  }
  #attempt(id: string, m: Expected): void {
    m.version++
    this.#store.attempt(id, pendingOf(m), ++m.attempts)
    m.trying = true
  }
  async #outcome(id: string, m: Expected): Promise<void> {
    const records: OutcomeRecord[] = []
    for (const n of pendingOf(m)) {
      if (this.#chance(0.3)) continue
      const state = m.longLived || this.#chance(0.3) ? 'deferred' : this.#chance(0.8) ? 'delivered' : 'failed'
      const text = `text ${this.#pick(20)}`
      records.push({ n, state, esc: '2.0.0', text })
      m.states[n] = { ...m.states[n], state: state === 'deferred' ? 'pending' : state, text }
    }
    m.version++
    m.trying = false
    m.crashes = 0
    m.nextTry = this.#pick(1e6)
    const warned = this.#chance(0.05)
    if (warned) m.warned = true
    const done = this.#store.outcome(id, records, { nextTry: m.nextTry, durable: this.#chance(0.1), warned })
    if (pendingOf(m).length === 0) this.#model.delete(id)
    await done
  }
  async #expand(id: string, m: Expected): Promise<void> {
    const parent = pendingOf(m)[0]!
    const count = this.#chance(0.03) ? 260 + this.#pick(400) : 1 + this.#pick(3)
    const children = Array.from({ length: count }, (_, i) => seed(`child${i}@example.net`))
    const { parent: grandparent } = m.states[parent]!
    m.version++
    m.states[parent] = { state: 'expanded', ...(grandparent !== undefined && { parent: grandparent }) }
    const from = m.states.length
    for (const _ of children) m.states.push({ state: 'pending', parent })
    const numbers = await this.#store.expand(id, parent, children)
    const wanted = children.map((_, i) => from + i)
    assert.equal(numbers, wanted)
  }
  async #requeue(id: string, m: Expected): Promise<void> {
    m.version++
    m.leaving = true
    const now = (await this.#store.requeue(id, { who: 'test', why: 'again' }))!
    this.#give(now)
    this.#model.delete(id)
    const states = m.states.filter((s) => s.parent === undefined && s.state !== 'delivered')
    const state = { attempts: 0, nextTry: 0, trying: false, crashes: 0, longLived: m.longLived, version: 0 }
    this.#model.set(now, { body: m.body, states: states.map(() => ({ state: 'pending' })), ...state })
  }
  async #admin(id: string, m: Expected): Promise<void> {
    const action = (['hold', 'release', 'delete', 'expire'] as AdminAction[])[this.#pick(4)]!
    m.version++
    if (action === 'hold') m.held = 'by hand'
    else m.nextTry = 0
    if (action === 'expire') m.expired = true
    if (action === 'release') {
      m.held = undefined
      m.crashes = 0
    }
    if (action === 'delete') this.#model.delete(id)
    assert.is(await this.#store.admin(id, { action, who: 'test', why: 'by hand' }), true)
  }
  async #compact(): Promise<void> {
    this.counts.compactions++
    if (!this.#o.naive) await this.#store.compact()
  }

  /** What is read is what it was when the read began, unless it changed meanwhile. */
  async #check(id: string, m: Expected): Promise<void> {
    const { version } = m
    const expected = structuredClone(m)
    const found = await this.#store.load(id)
    const some = await this.#store.load(id, { from: 1, limit: 1 })
    const body = found && (await textOf(found.body).catch((error: Error) => error))
    this.counts.loads++
    if (m.version !== version || this.#closing) return
    assert.ok(found && some, `${id} is there`)
    if (body instanceof Error) throw body
    same(id, found, expected)
    assert.ok(Buffer.from(body!).equals(expected.body), `body of ${id}`)
    const [first, next] = pendingOf(expected).filter((n) => n >= 1)
    const got = some.recipients.filter((r) => r.state === 'pending').map((r) => r.n)
    assert.equal([got, some.more], [first === undefined ? [] : [first], next], `recipients of ${id} in a range`)
  }
  /** Everything that was there and stayed as it was is in the listing, as it was. */
  async #list(): Promise<void> {
    const before = new Map([...this.#model].map(([id, m]) => [id, structuredClone(m)]))
    const seen = new Set<string>()
    for await (const entry of this.#store.list()) {
      seen.add(entry.id)
      const [then, now] = [before.get(entry.id), this.#model.get(entry.id)]
      if (then && now && then.version === now.version && !this.#closing) same(entry.id, entry, then)
    }
    if (this.#closing) return
    for (const [id, { version }] of before)
      if (this.#model.get(id)?.version === version) assert.ok(seen.has(id), `${id} is listed`)
  }
  async #checkAll(): Promise<void> {
    const seen = new Set<string>()
    for await (const entry of this.#store.list()) seen.add(entry.id)
    assert.equal([...seen].sort(), [...this.#model.keys()].sort(), 'the messages in the queue')
    assert.is(this.#store.health().messages, this.#model.size, 'the messages in the queue: how many')
    assert.equal(this.#store.health().problems, [], 'problems of the queue')
    for (const [id, m] of this.#model) await this.#check(id, m)
  }

  /** `kills`: share of those that find what a process leaves that was killed, or a machine that lost its power. */
  async restart(kills: number): Promise<void> {
    const kill = this.#chance(kills)
    // what has been asked for is in the model; compaction, checkpoints and reads go on
    const going = this.#pending
    this.#pending = new Set()
    if (kill && this.#chance(0.7)) this.#beside(this.#compact())
    if (kill && this.#chance(0.3)) this.#beside(this.#store.checkpoint())
    const besides = this.#pending
    this.#pending = going
    await this.#all()
    // a durable record behind all others: everything before it is on disk
    await this.#commit()
    if (kill) {
      if (this.#chance(0.5)) await new Promise((resolve) => setTimeout(resolve, this.#pick(40)))
      const cut = this.#chance(this.#o.cuts)
      if (cut) this.counts.cuts++
      const copy = this.#world.copy(this.#path, cut)
      this.#closing = true
      await this.#store.stop()
      await Promise.all(besides)
      fs.rmSync(this.#path, { recursive: true })
      this.#path = copy
      this.counts.kills++
      for (const m of this.#model.values())
        if (m.trying && ++m.crashes >= 3) m.held ??= `crashed ${m.crashes} times during delivery`
    } else {
      await Promise.all(besides)
      await this.#store.stop()
    }
    this.#closing = false
    if (this.#failed) throw this.#failed
    for (const m of this.#model.values()) m.trying = false
    if (this.#chance(0.3)) for (const one of checkpointsOf(this.#path)) if (this.#chance(0.6)) fs.rmSync(one)
    if (this.#chance(0.2)) {
      const { problems } = await verifyQueue(this.#path)
      assert.equal(
        problems.filter((p) => p.kind !== 'orphan'),
        [],
        'what verifyQueue finds',
      )
    }
    await this.start()
    this.counts.restarts++
    await this.#checkAll()
  }
}
const checkpointsOf = (path: string) => {
  const folder = join(partOf(path), 'ckpt')
  return fs.readdirSync(folder).map((name) => join(folder, name))
}
