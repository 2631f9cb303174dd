/** Stop, whatever hangs: what is in hand may end, everything is let go, the store last. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { delivered } from '@postern/core'
import type { Mta } from '@postern/core'
import { FakeClock, settle } from '../support/clock.ts'
import { MemoryStore } from '../support/memory-store.ts'
import { world } from '../support/world.ts'
import type { World, WorldOptions } from '../support/world.ts'
import { gate, orHangs } from './gate.ts'

/** `seen` also tells when the store stops. */
async function watched(mine: (m: Mta, seen: string[]) => void, options: WorldOptions = {}) {
  const seen: string[] = []
  const store = new MemoryStore()
  store.stop = async () => void seen.push('store')
  const w = await world((m) => mine(m, seen), { store, ...options })
  return { w, seen }
}
const state = (w: World) => w.node.status().state
const never = () => new Promise<never>(() => undefined)

test('a transport that is told to end may still say that it has delivered', async () => {
  const clock = new FakeClock()
  const w = await world(undefined, {
    clock,
    deliver: (m) =>
      m.deliver('box', {
        deliver: (job, call) =>
          new Promise((resolve) =>
            call.signal.addEventListener('abort', () =>
              clock.after(200, () => resolve(job.all(delivered('2.0.0', '250 from the other side')))),
            ),
          ),
      }),
  })
  await w.send()
  await settle()
  w.session.end()
  const done = w.node.stop(1000)
  await clock.advance(1000)
  await clock.advance(200)
  await done
  assert.equal(w.store.log, ['commit ID00000000001', 'outcome ID00000000001 0 delivered'])
})
test('a transport that goes on after its deadline keeps its place at the destination', async () => {
  const clock = new FakeClock()
  const door = gate()
  let calls = 0
  const w = await world(undefined, {
    clock,
    deliver: (m) =>
      m.deliver('box', {
        limits: { concurrency: 1, deadline: 1000 },
        deliver: async (job) => {
          if (++calls === 1) await door.passed
          return job.all(delivered('2.0.0', 'ok'))
        },
      }),
  })
  await w.send()
  await clock.advance(10_000)
  assert.is(w.node.status().queue.waiting, 1, 'deferred')
  w.node.flush()
  await settle()
  assert.is(calls, 1)
  await w.send(['other@d.example'], undefined, w.open())
  await settle()
  assert.is(calls, 1)
  await w.send(['u@e.example'], undefined, w.open())
  await settle()
  assert.is(calls, 2, 'another destination')
  door.open()
  await settle()
  assert.is(calls, 4)
  assert.is(w.store.messages.size, 0)
  await w.node.stop(0)
})

test('stop during a start that hangs', async () => {
  const { w, seen } = await watched((m) => m.lifecycle({ start: never, stop: () => undefined }), { start: false })
  const started = w.node.start().then(
    () => 'started',
    (e: Error) => e.message,
  )
  await settle()
  assert.is(await orHangs(w.node.stop(0)), undefined)
  assert.match(await orHangs(started), /stopping/)
  assert.equal([state(w), seen], ['stopped', ['store']])
})
test('stop during a start: no node runs afterwards, and what ended starting late is stopped', async () => {
  const door = gate()
  const { w, seen } = await watched(
    (m, s) => {
      m.lifecycle({ start: () => void s.push('one'), stop: () => void s.push('one stopped') })
      m.lifecycle({ start: () => door.passed.then(() => void s.push('two')), stop: () => void s.push('two stopped') })
    },
    { start: false },
  )
  const started = w.node.start().catch((e: Error) => e)
  await settle()
  assert.is(await orHangs(w.node.stop(0)), undefined)
  assert.is(state(w), 'stopped')
  door.open()
  assert.instance(await started, Error)
  await settle()
  assert.is(state(w), 'stopped')
  assert.equal([...seen].sort(), ['one', 'one stopped', 'store', 'two', 'two stopped'])
})
test('stop during a reload that hangs', async () => {
  const { w, seen } = await watched((m, s) => m.lifecycle({ stop: () => void s.push('old') }))
  const reloaded = w.node.reload(await w.load({}, (m) => m.lifecycle({ start: never }))).catch((e: Error) => e)
  await settle()
  assert.is(await orHangs(w.node.stop(0)), undefined)
  assert.instance(await orHangs(reloaded), Error)
  assert.equal([state(w), seen], ['stopped', ['old', 'store']])
})
test('what ended starting after its reload was given up is stopped', async () => {
  const door = gate()
  const { w, seen } = await watched((m, s) => m.lifecycle({ stop: () => void s.push('old') }))
  const late = (m: Mta) =>
    m.lifecycle({
      start: () => door.passed.then(() => void seen.push('late')),
      stop: () => void seen.push('late stopped'),
    })
  const reloaded = w.node.reload(await w.load({}, late)).catch((e: Error) => e)
  await settle()
  await orHangs(w.node.stop(0))
  door.open()
  await reloaded
  await settle()
  assert.equal([...seen].sort(), ['late', 'late stopped', 'old', 'store'])
})
test('two stops are one', async () => {
  const { w, seen } = await watched((m, s) => m.lifecycle({ stop: () => void s.push('mine') }))
  await orHangs(Promise.all([w.node.stop(0), w.node.stop(0)]))
  await orHangs(w.node.stop(0))
  assert.equal(seen, ['mine', 'store'])
})

test('a graph is not stopped before the commit that it began has ended, though its client has gone', async () => {
  const door = gate()
  const { w, seen } = await watched((m, s) => {
    m.on.received.tap(() => void s.push('received'))
    m.lifecycle({ stop: () => void s.push('old') })
  })
  const commit = w.store.commit.bind(w.store)
  w.store.commit = (m) => door.passed.then(() => commit(m))
  const s = w.open()
  const sent = w.send(undefined, undefined, s)
  await settle()
  s.end()
  await w.node.reload(await w.load({}, () => undefined))
  await settle()
  assert.equal(seen, [])
  door.open()
  assert.is((await sent).end!.code, 250)
  await settle()
  assert.equal(seen, ['received', 'old'])
  await w.node.stop(0)
})
test('stop while an old graph drains stops it too, before the store', async () => {
  const { w, seen } = await watched((m, s) => m.lifecycle({ stop: () => void s.push('old') }))
  w.open()
  await w.node.reload(await w.load({}, (m) => m.lifecycle({ stop: () => void seen.push('new') })))
  await settle()
  assert.equal(seen, [])
  assert.is(await orHangs(w.node.stop(0)), undefined)
  assert.equal([...seen.slice(0, 2)].sort(), ['new', 'old'])
  assert.equal(seen.slice(2), ['store'])
})
test('a drain that does not heed its signal keeps the old graph from stopping only as long as drainTimeout', async () => {
  const clock = new FakeClock()
  const options: WorldOptions = { clock, config: { drainTimeout: '30s' } }
  const { w, seen } = await watched((m, s) => m.lifecycle({ drain: never, stop: () => void s.push('old') }), options)
  await w.node.reload(await w.load({}, () => undefined))
  await clock.advance(29_999)
  assert.equal(seen, [])
  await clock.advance(1)
  assert.equal(seen, ['old'])
  await w.stop()
})

test.run()
