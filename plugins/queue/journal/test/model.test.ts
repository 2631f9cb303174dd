/** Random operations against a model in memory, with restarts at random points: what is recorded is never taken back. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import fs from 'node:fs'
import { randomInt } from 'node:crypto'
import { bodyOf, message, random, seed, segmentsOf, snapshot, started, temporary, textOf } from './helper.ts'
import type { AdminAction, OutcomeRecord, QueueStore } from '@postern/core'

const OPERATIONS = Number(process.env['OPERATIONS'] ?? 20_000)
const SEED = Number(process.env['SEED'] ?? randomInt(2 ** 32))

interface Expected {
  body: Buffer
  states: { state: string; text?: string }[]
  attempts: number
  nextTry: number
  held?: string
  longLived: boolean
}
const pendingOf = (m: Expected) => m.states.flatMap((s, n) => (s.state === 'pending' ? [n] : []))

async function check(store: QueueStore, model: Map<string, Expected>): Promise<void> {
  const seen = new Set<string>()
  for await (const entry of store.list()) seen.add(entry.id)
  assert.equal([...seen].sort(), [...model.keys()].sort(), 'the messages in the queue')
  assert.is(store.health().messages, model.size)
  for (const [id, expected] of model) {
    const found = (await store.load(id))!
    const states = found.recipients.map((r) => ({
      state: r.state as string,
      ...(r.text !== undefined && { text: r.text }),
    }))
    assert.equal(states, expected.states, `recipients of ${id}`)
    assert.is(found.attempts, expected.attempts)
    assert.is(found.nextTry, expected.nextTry)
    assert.is(found.held?.reason, expected.held)
    assert.ok((await textOf(found.body)).equals(expected.body), `body of ${id}`)
  }
}

test(`the queue equals the model after each restart (SEED=${SEED} OPERATIONS=${OPERATIONS})`, async () => {
  const chance = random(SEED)
  const pick = (n: number) => Math.floor(chance() * n)
  const model = new Map<string, Expected>()
  let path = temporary()
  const options = { outcomeSync: 'lazy' as const }
  let store = await started(path, options)
  const given = new Set<string>()
  let restarts = 0
  let tallest = 0

  const commit = async () => {
    const body = Buffer.alloc(chance() < 0.02 ? 9000 + pick(5000) : pick(600), 65 + pick(26))
    const recipients = Array.from({ length: 1 + pick(3) }, (_, i) => seed(`r${i}@example.net`))
    const held = chance() < 0.02 ? { by: 'test', reason: 'held at the start' } : undefined
    const made = await message(store, '', recipients, { body: await bodyOf(store, body), held })
    assert.not(given.has(made.id), 'an id is given once')
    given.add(made.id)
    await store.commit(made)
    const states = recipients.map(() => ({ state: 'pending' }))
    model.set(made.id, { body, states, attempts: 0, nextTry: 0, held: held?.reason, longLived: chance() < 0.03 })
  }
  const outcome = (id: string, m: Expected) => {
    const records: OutcomeRecord[] = []
    for (const n of pendingOf(m)) {
      if (chance() < 0.3) continue
      const state = m.longLived || chance() < 0.3 ? 'deferred' : chance() < 0.8 ? 'delivered' : 'failed'
      const text = `text ${pick(20)}`
      records.push({ n, state, esc: '2.0.0', text })
      m.states[n] = { state: state === 'deferred' ? 'pending' : state, text }
    }
    const nextTry = pick(1e6)
    m.nextTry = nextTry
    const done = store.outcome(id, records, { nextTry, durable: chance() < 0.05 })
    if (pendingOf(m).length === 0) model.delete(id)
    return done
  }
  const expand = async (id: string, m: Expected) => {
    const parent = pendingOf(m)[0]!
    const children = Array.from({ length: 1 + pick(2) }, (_, i) => seed(`child${i}@example.net`))
    m.states[parent] = { state: 'expanded' }
    const from = m.states.length
    for (const _ of children) m.states.push({ state: 'pending' })
    assert.equal(
      await store.expand(id, parent, children),
      children.map((_, i) => from + i),
    )
  }
  const admin = (id: string, m: Expected) => {
    const action = (['hold', 'release', 'delete', 'requeue'] as AdminAction[])[pick(4)]!
    if (action === 'hold') m.held = 'by hand'
    else m.nextTry = 0
    if (action === 'release') m.held = undefined
    if (action === 'delete') model.delete(id)
    return store.admin(id, { action, who: 'test', why: 'by hand' })
  }
  const restart = async (clean: boolean) => {
    if (!clean) {
      // a durable record behind all others: everything before it is written
      await commit()
      const copy = snapshot(path)
      await store.stop()
      fs.rmSync(path, { recursive: true })
      path = copy
    } else await store.stop()
    store = await started(path, options)
    restarts++
    await check(store, model)
  }

  for (let i = 0; i < OPERATIONS; i++) {
    const ids = [...model.keys()]
    const some = ids[pick(Math.min(ids.length, 40))] ?? ''
    const m = model.get(some)
    const what = chance()
    if (!m || (what < 0.4 && model.size < 150)) await commit()
    else if (what < 0.5) {
      store.attempt(some, pendingOf(m))
      m.attempts++
    } else if (what < 0.94) await outcome(some, m)
    else if (what < 0.96) await expand(some, m)
    else if (what < 0.98) await admin(some, m)
    else if (chance() < 0.15) await restart(chance() < 0.5)
    tallest = Math.max(tallest, i % 50 ? 0 : segmentsOf(path).length)
  }
  await restart(true)
  assert.ok(restarts > OPERATIONS / 1000, `${restarts} restarts`)
  assert.ok(tallest < OPERATIONS / 20, `segments go when nothing in them is needed: ${tallest} at most`)
  await store.stop()
})
test.run()
