/** A store that fails after it has accepted: nothing lost, nobody delivered twice, nobody told too early. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { delivered, expand, failedWith, memoryBody, silent } from '@postern/core'
import type { Mta } from '@postern/core'
import { FakeClock, settle } from '../support/clock.ts'
import { MemoryStore } from '../support/memory-store.ts'
import { short, world } from '../support/world.ts'
import type { WorldOptions } from '../support/world.ts'
import { UNPRINTABLE, gate } from './gate.ts'

const MINUTES = 400_000
async function start(mine: (m: Mta) => void = () => undefined, options: WorldOptions = {}) {
  const clock = new FakeClock()
  const settled: string[] = []
  const tell = (m: Mta) => {
    m.on.settled.tap((f) => void settled.push(f.messageId))
    mine(m)
  }
  return { clock, settled, w: await world(tell, { clock, ...options }) }
}
const states = (s: MemoryStore) => [...s.messages.values()].flatMap((m) => m.recipients.map((r) => r.state))

test('an attempt that the store cannot write down is not made; it is made later', async () => {
  const store = new MemoryStore()
  const attempt = store.attempt.bind(store)
  store.attempt = () => {
    throw new Error('lost backend')
  }
  const { w, clock, settled } = await start(undefined, { store })
  assert.is((await w.send(['a@d.example', 'b@e.example'])).end!.code, 250)
  await settle()
  assert.equal([w.deliveries.length, settled], [0, []])
  assert.equal(states(store), ['pending', 'pending'])
  store.attempt = attempt
  await clock.advance(MINUTES)
  assert.equal([w.deliveries.length, settled.length, store.messages.size], [2, 1, 0])
  await w.stop()
})
for (const [name, make] of UNPRINTABLE)
  test(`a transport that throws ${name} defers`, async () => {
    let tries = 0
    const { w, clock, settled } = await start(undefined, {
      deliver: (m) =>
        m.deliver('box', {
          deliver: async (job) => {
            if (++tries === 1) throw make()
            return job.all(delivered('2.0.0', 'ok'))
          },
        }),
    })
    await w.send()
    await settle()
    assert.equal([tries, settled, states(w.store)], [1, [], ['pending']])
    assert.is(w.log.of('deliver.fault').length, 1)
    await clock.advance(MINUTES)
    assert.equal([tries, settled.length, w.store.messages.size], [2, 1, 0])
    await w.stop()
  })
for (const [name, make] of UNPRINTABLE)
  test(`a recipient for whom resolve throws ${name} is tried again`, async () => {
    let tries = 0
    const { w, clock } = await start((m) =>
      m.resolve.tap(async () => {
        if (++tries === 1) throw make()
        return undefined
      }),
    )
    await w.send()
    await settle()
    assert.equal([w.deliveries.length, states(w.store)], [0, ['pending']])
    await clock.advance(MINUTES)
    assert.equal([w.deliveries.length, w.store.messages.size], [1, 0])
    await w.stop()
  })

const FAULTS: [name: string, fail: () => undefined][] = [
  [
    'throws',
    () => {
      throw new Error('lost backend')
    },
  ],
  ['rejects', () => Promise.reject(new Error('lost backend')) as never],
]
for (const [name, fail] of FAULTS)
  for (const outcome of [delivered('2.0.0', 'ok'), failedWith('5.1.1', 'no such user')])
    test(`an outcome that the store ${name} at is written later, and the message not settled before: ${outcome.kind}`, async () => {
      const store = new MemoryStore()
      const write = store.outcome.bind(store)
      let refused = 0
      store.outcome = (...args) => (refused++ < 2 ? fail() : write(...args))
      const { w, clock, settled } = await start((m) => m.report.tap(() => silent('test')), {
        store,
        outcome: () => outcome,
      })
      await w.send()
      await settle()
      assert.is(store.messages.size, 1)
      const idle = w.node.idle()
      w.node.flush()
      await clock.advance(60_000)
      await idle
      assert.equal([store.messages.size, settled.length, w.deliveries.length], [0, 1, 1])
      assert.equal(store.log.slice(1), [`outcome ID00000000001 0 ${outcome.kind}`])
      assert.is(w.log.of('queue.outcomeFailed').length, 2)
      await w.stop()
    })
for (const [name, fail] of FAULTS)
  test(`a message is not told as settled while the store ${name}`, async () => {
    const store = new MemoryStore()
    const write = store.outcome.bind(store)
    let down = true
    store.outcome = (...args) => (down ? fail() : write(...args))
    const { w, clock, settled } = await start(undefined, { store })
    await w.send()
    await clock.advance(60_000)
    assert.equal(settled, [])
    down = false
    await clock.advance(60_000)
    assert.equal([settled.length, store.messages.size], [1, 0])
    await w.stop()
  })

test('nor is it told when the node stops before the store has taken its outcome', async () => {
  const store = new MemoryStore()
  store.outcome = () => Promise.reject(new Error('lost backend')) as never
  const { w, clock, settled } = await start(undefined, { store })
  await w.send()
  await settle()
  w.session.end()
  const done = w.node.stop(1000)
  await clock.advance(1000)
  await clock.advance(10_000)
  await done
  assert.equal([settled, states(store)], [[], ['pending']])
})

/** Three recipients, one a delivery; the last cannot be expanded while the deliveries of the others run. */
async function overlapping(store: MemoryStore, mine: (m: Mta) => void) {
  const door = gate()
  const got: string[] = []
  const { w, clock } = await start(mine, {
    store,
    config: { defaultDestinationRecipientLimit: 1 },
    deliver: (m) =>
      m.deliver('box', {
        deliver: async (job) => {
          got.push(...job.recipients.map((r) => r.address))
          await door.passed
          return job.all(delivered('2.0.0', 'ok'))
        },
      }),
  })
  await w.send(['a@d.example', 'b@d.example', 'z@d.example'])
  await settle()
  for (let i = 0; i < 3; i++) {
    w.node.flush()
    await settle()
  }
  const early = [...got]
  door.open()
  await clock.advance(MINUTES)
  await clock.advance(MINUTES)
  await w.stop()
  return { got, early }
}
const staff = (m: Mta) => m.resolve.tap((v) => (v.recipient.local === 'z' ? expand(['y@d.example']) : undefined))
test('a store that cannot expand while first deliveries run: nobody twice, and nobody lost', async () => {
  const store = new MemoryStore()
  const write = store.expand.bind(store)
  let refused = 0
  store.expand = (...args) => (refused++ === 0 ? Promise.reject(new Error('lost backend')) : write(...args))
  const { got, early } = await overlapping(store, staff)
  assert.is(new Set(early).size, early.length, early.join())
  assert.equal([...got].sort(), ['a@d.example', 'b@d.example', 'y@d.example'])
  assert.is(store.messages.size, 0)
})
test('a resolve tap with a wrong answer while first deliveries run: nobody twice, and nobody lost', async () => {
  const store = new MemoryStore()
  let wrong = 0
  const { got, early } = await overlapping(store, (m) =>
    m.resolve.tap((v) => (v.recipient.local === 'z' && wrong++ === 0 ? ({ kind: 'expand' } as never) : undefined)),
  )
  assert.is(new Set(early).size, early.length, early.join())
  assert.equal([...got].sort(), ['a@d.example', 'b@d.example', 'z@d.example'])
  assert.is(store.messages.size, 0)
})

for (const [name, make] of UNPRINTABLE)
  test(`a fact that throws ${name} after the commit: still 250, once, and the others are told`, async () => {
    let told = 0
    const throws = () => {
      throw make()
    }
    const { w } = await start((m) => {
      for (const fact of ['received', 'attempted', 'settled'] as const) {
        m.on[fact].tap(throws)
        m.on[fact].tap(() => void told++)
      }
    })
    assert.match(short((await w.send()).end)!, /^250 /)
    await settle()
    assert.equal([w.deliveries.length, told, w.store.messages.size], [1, 3, 0])
    await w.stop()
  })

test('a store that cannot load is not asked without end, and everything is delivered when it can', async () => {
  const store = new MemoryStore()
  const clock = new FakeClock()
  const envelope = {
    sender: 'a@b.example',
    origin: { kind: 'submit', by: 'test' },
    created: clock.now(),
    smtputf8: false,
    marks: {},
    reason: '',
  } as const
  for (let i = 0; i < 5000; i++) {
    const recipients = [{ address: 'u@d.example', original: 'u@d.example', n: 0, state: 'pending' as const }]
    const m = {
      id: `M${String(i).padStart(12, '0')}`,
      envelope,
      recipients,
      header: Buffer.from('A: b\r\n'),
      attempts: 0,
      nextTry: 0,
    }
    store.messages.set(m.id, { ...m, body: memoryBody([]) })
  }
  const load = store.load.bind(store)
  let asked = 0
  store.load = () => (asked++, Promise.reject(new Error('down')))
  const w = await world(undefined, { clock, store })
  await settle()
  await settle()
  assert.ok(asked > 0 && asked <= 500, `asked ${asked} times at once`)
  await clock.advance(60_000)
  assert.ok(asked <= 13 * 500, `asked ${asked} times in a minute`)
  store.load = load
  await clock.advance(864e5)
  assert.is(w.deliveries.length, 5000)
  assert.is(store.messages.size, 0)
  await w.stop()
})

test.run()
