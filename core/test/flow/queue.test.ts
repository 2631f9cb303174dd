/** The queue manager on a clock of the test's own. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { deferred, defer, delivered, expand, failedWith, hold, report, silent } from '@postern/core'
import type { Mta } from '@postern/core'
import { FakeClock, settle } from '../support/clock.ts'
import { MemoryStore } from '../support/memory-store.ts'
import { world } from '../support/world.ts'
import type { WorldOptions } from '../support/world.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const away = () => deferred('4.4.1', 'later')
const start = async (mine: (m: Mta) => void = () => undefined, options: WorldOptions = {}) => {
  const clock = new FakeClock()
  return { clock, w: await world(mine, { clock, ...options }) }
}
const first = (s: MemoryStore) => [...s.messages.values()][0]

for (const [name, config, min, max] of [
  ['defaults', {}, 300_000, 4_000_000],
  ['configured', { minimalBackoffTime: '10s', maximalBackoffTime: '60s' }, 10_000, 60_000],
] as const)
  test(`the wait grows with the age, between its bounds, with a tenth of jitter: ${name}`, async () => {
    const { w, clock } = await start(undefined, { outcome: away, config })
    await w.send()
    await settle()
    const created = first(w.store)!.envelope.created
    let clamped = { low: false, high: false }
    for (let i = 0; i < 40; i++) {
      const now = clock.now()
      const wait = first(w.store)!.nextTry - now
      const base = Math.min(Math.max(now - created, min), max)
      assert.ok(wait >= base && wait <= base * 1.1 + 1, `round ${i}: ${wait} for an age of ${now - created}`)
      clamped = { low: clamped.low || base === min, high: clamped.high || base === max }
      const tries = w.deliveries.length
      await clock.advance(wait - 1)
      assert.is(w.deliveries.length, tries, 'not before it is due')
      await clock.advance(1)
      assert.is(w.deliveries.length, tries + 1)
    }
    assert.equal(clamped, { low: true, high: true })
    await w.stop()
  })
test('the jitter is one', async () => {
  const { w } = await start(undefined, { outcome: away })
  const s = w.session
  for (let i = 0; i < 20; i++) {
    await w.send([`u@d${i}.example`], undefined, s)
  }
  await settle()
  const times = new Set([...w.store.messages.values()].map((m) => m.nextTry))
  assert.ok(times.size > 10, `${times.size} of 20 differ`)
  await w.stop()
})

const silence = (m: Mta) => m.report.tap(() => silent('test'))
test('mail expires only by an attempt, and as that attempt failed', async () => {
  const told: string[] = []
  const { w, clock } = await start(
    (m) =>
      m.report.tap((v) => {
        told.push(...v.recipients.map((r) => `${v.why} ${r.address} ${r.status} ${r.text}`))
        return silent('test')
      }),
    { outcome: away, config: { maximalQueueLifetime: '1d' } },
  )
  await w.send()
  await clock.advance(DAY - 1)
  assert.equal(told, [])
  assert.is(w.store.messages.size, 1)
  const tries = w.deliveries.length
  await clock.advance(4_400_001)
  assert.ok(w.deliveries.length > tries)
  assert.equal(told, ['failed u@d.example 4.4.1 later'])
  assert.is(w.store.messages.size, 0)
  await w.stop()
})
test('mail that is past its lifetime is still tried, and may be delivered', async () => {
  const store = new MemoryStore()
  let up = false
  const { w, clock } = await start(silence, {
    store,
    outcome: () => (up ? delivered('2.0.0', 'ok') : away()),
    config: { maximalQueueLifetime: '1d', maximalBackoffTime: '2d', minimalBackoffTime: '2d' },
  })
  await w.send()
  await settle()
  up = true
  await clock.advance(3 * DAY)
  assert.is(w.deliveries.length, 2)
  assert.match(store.log.join('\n'), 'delivered')
  await w.stop()
})
test('an attempt that began within the lifetime does not end it', async () => {
  const told: string[] = []
  const clock = new FakeClock()
  const { w } = await start((m) => m.report.tap((v) => (told.push(v.why), silent('test'))), {
    clock,
    config: { maximalQueueLifetime: '1h' },
    outcome: () => new Promise((r) => clock.after(HOUR + 1, () => r(away()))),
  })
  await w.send()
  await clock.advance(HOUR + 1)
  assert.equal(told, [])
  assert.is(w.store.messages.size, 1)
  await w.node.stop(0)
})
for (const [sender, lifetime] of [
  ['', 'bounceQueueLifetime'],
  ['a@b.example', 'maximalQueueLifetime'],
] as const)
  test(`the lifetime of mail from <${sender}>`, async () => {
    const { w, clock } = await start(silence, {
      outcome: away,
      config: { maximalQueueLifetime: '9d', bounceQueueLifetime: '9d', [lifetime]: '1h' },
    })
    await w.node.submit({ sender, recipients: ['u@d.example'], content: 'A: b\n\nc' })
    await clock.advance(2 * HOUR)
    assert.is(w.store.messages.size, 0)
    await w.stop()
  })

test('a mailbox that two recipients lead to is delivered once, also when the first try was put off', async () => {
  let up = false
  const { w } = await start(undefined, { outcome: () => (up ? delivered('2.0.0', 'ok') : away()) })
  await w.send(['a@one.example', 'a@ONE.example'])
  await settle()
  assert.is(w.deliveries.length, 1)
  assert.is(w.store.messages.size, 1)
  up = true
  w.node.flush()
  await w.node.idle()
  assert.is(w.deliveries.length, 2, 'it must be tried again: nothing was delivered yet')
  assert.is(w.store.messages.size, 0)
  await w.stop()
})
test('the same by an alias is another delivery, over a restart too', async () => {
  const store = new MemoryStore()
  const alias = (m: Mta) =>
    m.resolve.tap((v) => (v.recipient.local === 'staff' ? expand(['a@one.example', 'b@two.example']) : undefined))
  const one = await start(alias, { store, outcome: away })
  await one.w.send(['a@one.example', 'staff@d.example'])
  await settle()
  await one.w.stop()
  const two = await start(alias, { store })
  await two.clock.advance(2 * HOUR)
  assert.equal(two.w.deliveries.flatMap((d) => d.to).sort(), ['a@one.example', 'a@one.example', 'b@two.example'])
  assert.is(store.messages.size, 0)
  await two.w.stop()
})

test('a dead destination costs no connection', async () => {
  let dialled = 0
  const { w, clock } = await start(undefined, {
    config: { initialDestinationConcurrency: 1 },
    outcome: () => (dialled++, deferred('4.4.1', 'connect to d.example: timed out', { siteDown: true })),
  })
  await w.send()
  await settle()
  for (let i = 0; i < 5; i++) await w.send([`u${i}@D.example`])
  await settle()
  assert.is(dialled, 1)
  assert.match(
    [...w.store.messages.values()].map((m) => m.recipients[0]!.text).join(),
    /delivery temporarily suspended: connect to/,
  )
  await w.send(['u@other.example'])
  await settle()
  assert.is(dialled, 2, 'others are not touched')
  await clock.advance(299_999)
  assert.is(dialled, 2)
  await clock.advance(40_000)
  assert.ok(dialled >= 3, 'and the next try after its time')
  await w.stop()
})
test('flush tries dead sites again, and only the message that is named', async () => {
  let up = false
  const { w } = await start(undefined, {
    outcome: () => (up ? delivered('2.0.0', 'ok') : deferred('4.4.1', 'x', { siteDown: true })),
  })
  await w.send(['u@d.example'])
  await w.send(['v@e.example'])
  await settle()
  up = true
  const [one] = [...w.store.messages.keys()]
  w.node.flush([one!])
  await w.node.idle()
  assert.is(w.store.messages.has(one!), false)
  assert.is(w.store.messages.size, 1)
  w.node.flush(['no-such-message'])
  w.node.flush()
  await w.node.idle()
  assert.is(w.store.messages.size, 0)
  await w.stop()
})

test('held mail waits for its release', async () => {
  const { w, clock } = await start((m) => m.attempt.tap((v) => (v.attempts === 0 ? hold('look at it') : undefined)))
  await w.send()
  await settle()
  assert.equal({ ...first(w.store)!.held }, { by: 'mine', reason: 'look at it', at: 0 })
  assert.equal(pick(w), { active: 0, waiting: 0, held: 1 })
  await clock.advance(10 * DAY)
  w.node.flush()
  await settle()
  assert.is(w.deliveries.length, 0)
  await w.stop()
})
test('hold, release, delete by an operator', async () => {
  const { w, clock } = await start(undefined, { outcome: away })
  await w.send()
  await settle()
  const id = first(w.store)!.id
  const word = { who: 'op', why: 'test' }
  assert.is(await w.node.administer('nobody', { action: 'hold', ...word }), false)
  assert.is(await w.node.administer(id, { action: 'hold', ...word }), true)
  assert.equal(pick(w), { active: 0, waiting: 0, held: 1 })
  await clock.advance(DAY)
  assert.is(w.deliveries.length, 1)
  await w.node.administer(id, { action: 'release', ...word })
  await settle()
  assert.is(w.deliveries.length, 2)
  assert.equal(pick(w), { active: 0, waiting: 1, held: 0 })
  await w.node.administer(id, { action: 'delete', ...word })
  await clock.advance(DAY)
  assert.is(w.deliveries.length, 2)
  assert.equal(pick(w), { active: 0, waiting: 0, held: 0 })
  await w.stop()
})
test('mail held while it is delivered is not counted as held when it has gone', async () => {
  let done!: () => void
  const { w } = await start(undefined, {
    outcome: () => new Promise((r) => (done = () => r(delivered('2.0.0', 'ok')))),
  })
  await w.send()
  await settle()
  await w.node.administer(first(w.store)!.id, { action: 'hold', who: 'op', why: 'test' })
  done()
  await w.node.idle()
  assert.equal(pick(w), { active: 0, waiting: 0, held: 0 })
  await w.stop()
})
const pick = (w: Awaited<ReturnType<typeof world>>) => {
  const { active, waiting, held } = w.node.status().queue
  return { active, waiting, held }
}

test('no more messages are active than the limit says, and all have their turn', async () => {
  let now = 0
  let most = 0
  const open: (() => void)[] = []
  const { w } = await start(undefined, {
    config: { qmgrMessageActiveLimit: 3, inFlowDelay: 0 },
    outcome: () => {
      most = Math.max(most, ++now)
      return new Promise((r) => open.push(() => (now--, r(delivered('2.0.0', 'ok')))))
    },
  })
  for (let i = 0; i < 10; i++) await w.send([`u@d${i}.example`])
  await settle()
  assert.equal(pick(w), { active: 3, waiting: 7, held: 0 })
  while (open.length > 0) {
    open.shift()!()
    await settle()
  }
  assert.is(most, 3)
  assert.is(w.store.messages.size, 0)
  await w.stop()
})
test('no more deliveries to one next hop than its limit', async () => {
  let now = 0
  let most = 0
  const open: (() => void)[] = []
  const { w } = await start(undefined, {
    config: { defaultDestinationConcurrencyLimit: 2, defaultDestinationRecipientLimit: 2 },
    outcome: () => {
      most = Math.max(most, ++now)
      return new Promise((r) => open.push(() => (now--, r(delivered('2.0.0', 'ok')))))
    },
  })
  await w.send(Array.from({ length: 9 }, (_, i) => `u${i}@d.example`))
  await settle()
  while (open.length > 0) {
    open.shift()!()
    await settle()
  }
  assert.is(most, 2)
  assert.equal(
    w.deliveries.map((d) => d.to.length),
    [2, 2, 2, 2, 1],
  )
  await w.stop()
})

test('what the store recovers is delivered, what is held is not', async () => {
  const store = new MemoryStore()
  const one = await start(undefined, { store, outcome: away })
  await one.w.send(['a@d.example'])
  await one.w.send(['b@d.example'])
  await settle()
  await one.w.stop()
  const [held] = [...store.messages.values()]
  held!.held = { by: 'op', reason: 'x', at: 0 }
  const two = await start(undefined, { store })
  assert.equal(pick(two.w), { active: 0, waiting: 1, held: 1 })
  await two.clock.advance(HOUR)
  assert.equal(
    two.w.deliveries.map((d) => d.to[0]),
    ['b@d.example'],
  )
  await two.w.stop()
})
test('a message the store cannot read stays and is tried again', async () => {
  const { w, clock } = await start(undefined, { outcome: away })
  await w.send()
  await settle()
  const load = w.store.load.bind(w.store)
  w.store.load = () => Promise.reject(new Error('damaged'))
  w.node.flush()
  await settle()
  assert.is(w.log.of('queue.fault').length, 1)
  assert.is(w.deliveries.length, 1)
  w.store.load = load
  await clock.advance(300_000)
  assert.is(w.deliveries.length, 2)
  await w.stop()
})

const bad = () => failedWith('5.1.1', 'no such user')
for (const [name, tap] of [
  ['nobody makes it', undefined],
  [
    'its maker throws',
    () => {
      throw new Error('no')
    },
  ],
  ['it is refused', () => report({ sender: '', recipients: ['not an address@@'], content: 'x' })],
  ['the answer is wrong', (() => ({ kind: 'permit' })) as never],
] as const)
  test(`a failure whose report cannot be made is not settled: ${name}`, async () => {
    const { w, clock } = await start((m) => tap && m.report.tap(tap as never), { outcome: bad })
    await w.send()
    await settle()
    assert.is(first(w.store)!.recipients[0]!.state, 'pending')
    assert.not.match(w.store.log.join(), 'failed')
    await clock.advance(400_000)
    assert.is(w.deliveries.length, 2, 'and tried again')
    await w.stop()
  })
test('a report that is refused in cleanup is held for the operator, and the failure settled', async () => {
  const { w } = await start(
    (m) => {
      m.report.tap((v) => report({ sender: '', recipients: [v.sender], content: 'Subject: bounce\n\nx' }))
      m.cleanup.tap({ body: 'none', origins: ['bounce'] }, () => ({
        kind: 'refuse',
        code: 554,
        esc: '5.7.1',
        text: 'spam',
      }))
    },
    { outcome: bad },
  )
  await w.send()
  await w.node.idle()
  assert.is(w.store.messages.size, 1)
  assert.match(first(w.store)!.held!.reason, /554 5\.7\.1 spam/)
  assert.is(first(w.store)!.envelope.origin.kind, 'bounce')
  await w.stop()
})
test('the attempt is recorded before its taps run: one that kills the process is known; a deferral of theirs is a round too', async () => {
  let attempts = -1
  const { w } = await start((m) =>
    m.attempt.tap(() => ((attempts = first(w.store)!.attempts), defer('4.7.0', 'quiet hours'))),
  )
  await w.send()
  await settle()
  assert.is(w.deliveries.length, 0)
  assert.is(attempts, 1)
  assert.is(first(w.store)!.attempts, 1)
  assert.is(first(w.store)!.recipients[0]!.text, 'quiet hours')
  await w.stop()
})
test('the attempt is recorded before the transport is called', async () => {
  let attempts = -1
  const { w } = await start(undefined, {
    outcome: () => ((attempts = first(w.store)!.attempts), delivered('2.0.0', 'ok')),
  })
  await w.send()
  await settle()
  assert.is(attempts, 1)
  await w.stop()
})

test.run()
