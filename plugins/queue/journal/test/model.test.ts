/**
 * Random operations against a model in memory, with restarts at random points, clean and by what a crash leaves: what is
 * recorded is never taken back. MODEL_OPERATIONS, SEED: how many, which. NAIVE: with a rule for dropping segments that is
 * wrong (a segment goes when its own messages are gone), and without compaction, which hides it: the model must see it.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import fs from 'node:fs'
import { randomInt } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { verifyQueue } from '@postern/queue-journal'
import { bodyOf, message, random, seed, segmentsOf, snapshot, started, temporary, textOf } from './helper.ts'
import type { AdminAction, OutcomeRecord, QueueStore } from '@postern/core'

const OPERATIONS = Number(process.env['MODEL_OPERATIONS'] ?? 5000)
const SEED = Number(process.env['SEED'] ?? randomInt(2 ** 32))
const NAIVE = process.env['NAIVE'] !== undefined

interface Recipient {
  state: string
  text?: string | undefined
  parent?: number
}
interface Expected {
  body: Buffer
  states: Recipient[]
  attempts: number
  nextTry: number
  held?: string | undefined
  expired?: boolean
  warned?: boolean
  trying: boolean
  crashes: number
  longLived: boolean
}
const pendingOf = (m: Expected) => m.states.flatMap((s, n) => (s.state === 'pending' ? [n] : []))

async function checkOne(store: QueueStore, id: string, expected: Expected): Promise<void> {
  const found = (await store.load(id))!
  assert.ok(found, `${id} is there`)
  const states = found.recipients.map(({ state, text, parent }) => ({
    state: state as string,
    ...(text !== undefined && { text }),
    ...(parent !== undefined && { parent }),
  }))
  assert.equal(states, expected.states, `recipients of ${id}`)
  assert.is(found.attempts, expected.attempts, `attempts of ${id}`)
  assert.is(found.nextTry, expected.nextTry)
  assert.is(found.held?.reason, expected.held)
  assert.is(found.expired, expected.expired)
  assert.is(found.warned, expected.warned)
  assert.ok((await textOf(found.body)).equals(expected.body), `body of ${id}`)
  const some = await store.load(id, { from: 1, limit: 1 })
  const [first, next] = pendingOf(expected).filter((n) => n >= 1)
  const got = some!.recipients.filter((r) => r.state === 'pending').map((r) => r.n)
  assert.equal([got, some!.more], [first === undefined ? [] : [first], next])
}
async function check(store: QueueStore, model: Map<string, Expected>): Promise<void> {
  const seen = new Set<string>()
  for await (const entry of store.list()) seen.add(entry.id)
  assert.equal([...seen].sort(), [...model.keys()].sort(), 'the messages in the queue')
  assert.is(store.health().messages, model.size)
  assert.equal(store.health().problems, [])
  for (const [id, expected] of model) await checkOne(store, id, expected)
}

test(`the queue equals the model after each restart (SEED=${SEED} MODEL_OPERATIONS=${OPERATIONS})`, async () => {
  if (NAIVE) {
    const { Segment } = (await import(new URL('../dist/segment.js', import.meta.url).href)) as {
      Segment: { prototype: { refer(home: number): void } }
    }
    Segment.prototype.refer = () => undefined
  }
  const chance = random(SEED)
  const pick = (n: number) => Math.floor(chance() * n)
  const model = new Map<string, Expected>()
  let path = temporary()
  const options = { outcomeSync: 'lazy' as const, compact: { age: 0, rate: 1e9, patience: Infinity } }
  let store = await started(path, options)
  const given = new Set<string>()
  let restarts = 0
  let tallest = 0

  const commit = async () => {
    const body = Buffer.alloc(chance() < 0.02 ? 9000 + pick(5000) : pick(600), 65 + pick(26))
    const recipients = Array.from({ length: chance() < 0.02 ? 20 : 1 + pick(3) }, (_, i) => seed(`r${i}@example.net`))
    const held = chance() < 0.02 ? { by: 'test', reason: 'held at the start' } : undefined
    const made = await message(store, '', recipients, { body: await bodyOf(store, body), held })
    assert.not(given.has(made.id), 'an id is given once')
    given.add(made.id)
    await store.commit(made)
    const states = recipients.map(() => ({ state: 'pending' }))
    const state = { attempts: 0, nextTry: 0, held: held?.reason, trying: false, crashes: 0 }
    model.set(made.id, { body, states, ...state, longLived: chance() < 0.1 })
  }
  const outcome = (id: string, m: Expected) => {
    const records: OutcomeRecord[] = []
    for (const n of pendingOf(m)) {
      if (chance() < 0.3) continue
      const state = m.longLived || chance() < 0.3 ? 'deferred' : chance() < 0.8 ? 'delivered' : 'failed'
      const text = `text ${pick(20)}`
      records.push({ n, state, esc: '2.0.0', text })
      m.states[n] = { ...m.states[n], state: state === 'deferred' ? 'pending' : state, text }
    }
    m.trying = false
    m.crashes = 0
    const nextTry = pick(1e6)
    m.nextTry = nextTry
    const warned = chance() < 0.05
    if (warned) m.warned = true
    const done = store.outcome(id, records, { nextTry, durable: chance() < 0.05, warned })
    if (pendingOf(m).length === 0) model.delete(id)
    return done
  }
  const expand = async (id: string, m: Expected) => {
    const parent = pendingOf(m)[0]!
    const children = Array.from({ length: 1 + pick(2) }, (_, i) => seed(`child${i}@example.net`))
    const { parent: grandparent } = m.states[parent]!
    m.states[parent] = { state: 'expanded', ...(grandparent !== undefined && { parent: grandparent }) }
    const from = m.states.length
    for (const _ of children) m.states.push({ state: 'pending', parent })
    const numbers = await store.expand(id, parent, children)
    assert.equal(
      numbers,
      children.map((_, i) => from + i),
    )
  }
  const requeue = async (id: string, m: Expected) => {
    const now = (await store.requeue(id, { who: 'test', why: 'again' }))!
    assert.not(given.has(now))
    given.add(now)
    model.delete(id)
    const states = m.states.filter((s) => s.parent === undefined && s.state !== 'delivered')
    const state = { attempts: 0, nextTry: 0, trying: false, crashes: 0, longLived: m.longLived }
    model.set(now, { body: m.body, states: states.map(() => ({ state: 'pending' })), ...state })
  }
  const admin = (id: string, m: Expected) => {
    const action = (['hold', 'release', 'delete', 'expire'] as AdminAction[])[pick(4)]!
    if (action === 'hold') m.held = 'by hand'
    else m.nextTry = 0
    if (action === 'expire') m.expired = true
    if (action === 'release') {
      m.held = undefined
      m.crashes = 0
    }
    if (action === 'delete') model.delete(id)
    return store.admin(id, { action, who: 'test', why: 'by hand' })
  }
  const crash = () => {
    for (const m of model.values()) {
      if (!m.trying) continue
      if (++m.crashes >= 3) m.held ??= `crashed ${m.crashes} times during delivery`
    }
  }
  const restart = async (clean: boolean) => {
    if (!clean) {
      // a durable record behind all others: everything before it is written
      await commit()
      const copy = snapshot(path)
      await store.stop()
      fs.rmSync(path, { recursive: true })
      path = copy
      crash()
    } else await store.stop()
    for (const m of model.values()) m.trying = false
    if (chance() < 0.3) for (const one of checkpointsOf(path)) if (chance() < 0.6) fs.rmSync(one)
    if (chance() < 0.2)
      assert.equal(
        (await verifyQueue(path)).problems.filter((p) => p.kind !== 'orphan'),
        [],
      )
    store = await started(path, options)
    restarts++
    await check(store, model)
  }

  for (let i = 0; i < OPERATIONS; i++) {
    const ids = [...model.keys()]
    const some = ids[pick(Math.min(ids.length, 40))] ?? ''
    const m = model.get(some)
    const what = chance()
    if (!m || (what < 0.4 && model.size < 100)) await commit()
    else if (what < 0.5) {
      store.attempt(some, pendingOf(m), m.attempts + 1)
      m.attempts++
      m.trying = true
    } else if (what < 0.92) await outcome(some, m)
    else if (what < 0.94) await expand(some, m)
    else if (what < 0.96) await admin(some, m)
    else if (what < 0.97) await requeue(some, m)
    else if (what < 0.975) await Promise.all([NAIVE || store.compact(), outcome(some, m)])
    else if (what < 0.98) await store.checkpoint()
    else if (what < 0.984) await checkOne(store, some, m)
    else if (chance() < 0.15) await restart(chance() < 0.5)
    tallest = Math.max(tallest, i % 50 ? 0 : segmentsOf(path).length)
  }
  await restart(true)
  assert.ok(restarts > OPERATIONS / 2000, `${restarts} restarts`)
  assert.ok(tallest < 40, `segments go when nothing in them is needed: ${tallest} at most`)
  await store.stop()
})
const checkpointsOf = (path: string) => {
  const [part] = fs.readdirSync(`${path}/parts`)
  return fs.readdirSync(`${path}/parts/${part}/ckpt`).map((name) => `${path}/parts/${part}/ckpt/${name}`)
}
if (!NAIVE && process.env['MODEL_OPERATIONS'] === undefined)
  test('it sees a segment that goes too early', () => {
    const file = fileURLToPath(import.meta.url)
    // when a segment goes is a matter of time, too: not every run meets it
    const seen = ['7', '8', '9', '10'].some((one) => {
      const env = { ...process.env, NAIVE: '1', SEED: one, MODEL_OPERATIONS: '4000' }
      const run = spawnSync(process.execPath, ['--import', 'tsx', file], { env })
      return run.status === 1 && /the messages in the queue|is there|recipients of/.test(run.stdout.toString())
    })
    assert.ok(seen)
  })
test.run()
