/** What the scheduler does with real messages, on a clock that stands still. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  deferred,
  definePlugin,
  delivered,
  destinationPolicy,
  expand,
  failedWith,
  routeTo,
  silent,
} from '@postern/core'
import type { Config, DestinationLimits, Job, Mta, Outcome, ReportView } from '@postern/core'
import { z } from 'zod'
import { FakeClock, settle } from '../support/clock.ts'
import { MemoryStore } from '../support/memory-store.ts'
import { address, short, world } from '../support/world.ts'

const ok = () => delivered('2.0.0', 'ok')
const away = () => deferred('4.4.1', 'connect to it: timed out', { siteDown: true })
const MINUTE = 60_000
const HOUR = 3_600_000

interface Made {
  readonly config?: Config
  readonly policy?: (nexthop: string) => DestinationLimits | undefined | Promise<DestinationLimits | undefined>
  readonly outcome?: (address: string, job: Job) => Outcome | Promise<Outcome>
  readonly mine?: (mta: Mta) => void
  /** no report can be made */
  readonly noReports?: () => boolean
  readonly store?: MemoryStore
}
async function start(o: Made = {}) {
  const clock = new FakeClock()
  const reports: ReportView[] = []
  const policy =
    o.policy &&
    definePlugin({
      name: 'limits',
      options: z.strictObject({}),
      provides: [destinationPolicy],
      apply: (mta) => mta.provide(destinationPolicy, { limitsFor: (_transport, nexthop) => o.policy!(nexthop) }),
    })
  const w = await world(
    (mta) => {
      mta.report.tap((v) => {
        if (o.noReports?.()) throw new Error('no ink')
        reports.push(v)
        return silent('noted')
      })
      o.mine?.(mta)
    },
    { clock, store: o.store, config: o.config, outcome: o.outcome, uses: policy ? [policy] : [] },
  )
  return { w, clock, reports }
}
const texts = (store: MemoryStore) => [...store.messages.values()].flatMap((m) => m.recipients.map((r) => r.text))

test('deferTransports: kept until somebody flushes', async () => {
  const { w, clock } = await start({ config: { deferTransports: ['box'] } })
  await w.send()
  await settle()
  assert.equal(texts(w.store), ['deferred transport'])
  await clock.advance(2 * HOUR)
  assert.is(w.deliveries.length, 0)
  w.node.flush()
  await w.node.idle()
  assert.is(w.deliveries.length, 1)
  await w.stop()
})

test('softBounce: what would be returned stays, and refusals are for now', async () => {
  const { w, clock, reports } = await start({
    config: { softBounce: true },
    outcome: () => failedWith('5.1.1', 'no such user'),
    mine: (mta) => mta.resolve.tap((v) => (v.recipient.domain === 'd.example' ? routeTo('box', 'x') : undefined)),
  })
  await w.send()
  await clock.advance(20 * 24 * HOUR)
  assert.is(reports.length, 0)
  assert.equal(
    [...w.store.messages.values()].map((m) => m.recipients[0]!.esc),
    ['4.1.1'],
  )
  assert.is(short(await w.session.mail(address('a@b.example'), {})), undefined)
  await w.stop()
  const shut = await world(undefined, { config: { softBounce: true }, claim: false })
  await shut.hello()
  assert.is(short(await shut.session.rcpt(address('u@d.example'), {})), '454 4.7.1 <u@d.example>: Relay access denied')
  assert.is(short(await shut.session.mail(address('u@d.example'), {})), '403 4.5.1 Error: nested MAIL command')
  await shut.stop()
})

test('the sender is told of a delay once, with the time until which it is tried', async () => {
  const { w, clock, reports } = await start({ config: { delayWarningTime: '4h' }, outcome: away })
  await w.send()
  await clock.advance(3 * HOUR)
  assert.is(reports.length, 0)
  await clock.advance(24 * HOUR)
  assert.equal(
    reports.map((r) => [r.why, r.recipients[0]!.action]),
    [['delayed', 'delayed']],
  )
  assert.is(reports[0]!.recipients[0]!.willRetryUntil! - reports[0]!.arrived, 5 * 24 * HOUR)
  assert.is([...w.store.messages.values()][0]!.warned, true)
  await w.stop()
})

const NOTIFY: [string, string, Outcome | undefined, string[]][] = [
  ['delivered here', 'u@d.example', ok(), ['delivered u@d.example']],
  [
    'passed on to a host that does not report',
    'u@d.example',
    delivered('2.0.0', 'ok', { dsnPassed: false }),
    ['relayed u@d.example'],
  ],
  ['passed on to one that does', 'u@d.example', delivered('2.0.0', 'ok', { dsnPassed: true }), []],
  ['an alias for several', 'staff@d.example', ok(), ['expanded staff@d.example']],
  ['an alias for one', 'one@d.example', ok(), ['expanded one@d.example']],
]
for (const [name, to, outcome, expected] of NOTIFY)
  test(`NOTIFY=SUCCESS: ${name}`, async () => {
    const { w, reports } = await start({
      outcome: () => outcome!,
      mine: (mta) =>
        mta.resolve.tap((v) => {
          if (v.recipient.local === 'staff') return expand(['a@one.example', 'b@two.example'])
          return v.recipient.local === 'one' ? expand(['a@one.example']) : undefined
        }),
    })
    await w.hello()
    await w.session.rcpt(address(to), { notify: ['SUCCESS', 'FAILURE'] })
    await w.session.rcpt(address('quiet@d.example'), {})
    await w.session.data()
    const sink = w.session.content()
    await sink.write(Buffer.from('Subject: x\r\n\r\n'))
    await sink.end()
    await settle()
    assert.equal(
      reports.filter((r) => r.why === 'success').flatMap((r) => r.recipients.map((x) => `${x.action} ${x.address}`)),
      expected,
    )
    assert.is(w.store.messages.size, 0)
    await w.stop()
  })

test('a list of 2,500 is in memory a part at a time, everybody is tried once a round, and the message ends', async () => {
  let most = 0
  const tried = new Map<string, number>()
  const { w, clock } = await start({
    config: { recipientLimit: 5000, defaultDestinationRecipientLimit: 1 },
    outcome: (to, job) => {
      most = Math.max(most, job.recipients.length)
      tried.set(to, (tried.get(to) ?? 0) + 1)
      return to.startsWith('u7@') || to.startsWith('u2400@')
        ? tried.get(to)! > 1
          ? ok()
          : deferred('4.2.0', 'full')
        : ok()
    },
  })
  const loads: number[] = []
  const load = w.store.load.bind(w.store)
  w.store.load = async (id, range) => {
    const m = await load(id, range)
    loads.push(m!.recipients.filter((r) => r.state === 'pending').length)
    return m
  }
  await w.send(Array.from({ length: 2500 }, (_, i) => `u${i}@d${i % 7}.example`))
  for (let i = 0; i < 200; i++) await settle()
  assert.equal(loads, [1000, 1000, 500])
  assert.is(tried.size, 2500)
  assert.equal([...new Set(tried.values())], [1])
  assert.is([...w.store.messages.values()][0]!.attempts, 1)
  await clock.advance(HOUR)
  assert.is(tried.get('u7@d0.example'), 2)
  assert.is(w.store.messages.size, 0)
  assert.is(w.log.of('queue.fault').length, 0)
  await w.stop()
})

for (const [recipients, expected] of [
  [2500, [2500]],
  [12_500, [11_000, 1500]],
] as const)
  test(`a list of ${recipients} of which nobody exists: the sender gets ${expected.length} of it`, async () => {
    const { w, reports } = await start({
      config: { recipientLimit: 20_000 },
      outcome: () => failedWith('5.1.1', 'no such user'),
    })
    await w.send(Array.from({ length: recipients }, (_, i) => `u${i}@d.example`))
    for (let i = 0; i < recipients / 5 && w.store.messages.size > 0; i++) await settle()
    assert.equal(
      reports.map((r) => r.recipients.length),
      expected,
    )
    assert.is(new Set(reports.flatMap((r) => r.recipients.map((x) => x.address))).size, recipients)
    assert.is(w.store.messages.size, 0)
    assert.is(w.log.of('queue.fault').length, 0)
    await w.stop()
  })

test('a list of which nobody exists, and no report of it can be made: all of them are tried again, and told then', async () => {
  let broken = true
  const tried = new Map<string, number>()
  const { w, clock, reports } = await start({
    config: { recipientLimit: 5000 },
    outcome: (to) => {
      tried.set(to, (tried.get(to) ?? 0) + 1)
      return failedWith('5.1.1', 'no such user')
    },
    noReports: () => broken,
  })
  await w.send(Array.from({ length: 1500 }, (_, i) => `u${i}@d.example`))
  for (let i = 0; i < 300; i++) await settle()
  assert.equal([reports.length, w.store.messages.size, ...new Set(tried.values())], [0, 1, 1])
  broken = false
  await clock.advance(HOUR)
  for (let i = 0; i < 300; i++) await settle()
  assert.equal(
    reports.map((r) => r.recipients.length),
    [1500],
  )
  assert.is(w.store.messages.size, 0)
  await w.stop()
})

test('small mail and a list in turn: one of five is small', async () => {
  const order: string[] = []
  const open: (() => void)[] = []
  const { w } = await start({
    config: { defaultDestinationConcurrencyLimit: 1, defaultDestinationRecipientLimit: 1 },
    outcome: (to) => {
      order.push(to[0]!)
      return new Promise((r) => open.push(() => r(ok())))
    },
  })
  await w.send(['first@d.example'])
  await w.send(Array.from({ length: 60 }, (_, i) => `l${i}@d.example`))
  for (let i = 0; i < 10; i++) await w.send([`s${i}@d.example`])
  await settle()
  for (let i = 0; i < 40; i++) {
    open.shift()!()
    await settle()
  }
  const upTo = order.slice(1, 41).join('')
  assert.match(upTo, /^l{1,4}(sllll){7}/)
  for (; open.length > 0; await settle()) open.shift()!()
  await w.stop()
})

test('ten a minute are ten in any minute; others are not held up', async () => {
  const times: number[] = []
  const { w, clock } = await start({
    policy: (nexthop) => (nexthop === 'slow.example' ? { rate: { count: 10, per: MINUTE } } : undefined),
    outcome: (to) => (to.endsWith('slow.example') && times.push(clock.now()), ok()),
  })
  for (let i = 0; i < 35; i++) await w.send([`u${i}@slow.example`])
  await w.send(['u@quick.example'])
  await settle()
  assert.is(w.deliveries.length, 11)
  await clock.advance(10 * MINUTE)
  assert.is(times.length, 35)
  for (let i = 10; i < times.length; i++) assert.ok(times[i]! - times[i - 10]! >= MINUTE, `start ${i}`)
  assert.ok(times[34]! - times[0]! <= 3 * MINUTE + 1000)
  await w.stop()
})
test('rateDelay: one at a time, with a wait between', async () => {
  const times: number[] = []
  const { w, clock } = await start({
    policy: async () => ({ rateDelay: 5000 }),
    outcome: () => (times.push(clock.now()), ok()),
  })
  for (let i = 0; i < 4; i++) await w.send()
  await clock.advance(MINUTE)
  assert.equal(
    times.map((t) => t - times[0]!),
    [0, 5000, 10_000, 15_000],
  )
  await w.stop()
})
test('a schedule of retries instead of the back-off by age', async () => {
  const times: number[] = []
  const { w, clock } = await start({
    policy: () => ({ retry: [MINUTE, 10 * MINUTE] }),
    outcome: () => (times.push(clock.now()), deferred('4.2.0', 'not now')),
  })
  await w.send()
  await clock.advance(HOUR)
  assert.equal(
    times.map((t) => (t - times[0]!) / MINUTE),
    [0, 1, 11, 21, 31, 41, 51],
  )
  await w.stop()
})
for (const [name, policy] of [
  [
    'throws',
    () => {
      throw new Error('no')
    },
  ],
  ['rejects', () => Promise.reject(new Error('no'))],
] as const)
  test(`limits that cannot be had are the transport's own: the policy ${name}`, async () => {
    const { w } = await start({ policy })
    await w.send()
    await w.node.idle()
    assert.is(w.deliveries.length, 1)
    assert.is(w.log.of('limits.fault').length, 1)
    await w.stop()
  })

test('one slow next hop does not fill the queue: others find room', async () => {
  const { w } = await start({
    config: { qmgrMessageActiveLimit: 400, inFlowDelay: 0 },
    outcome: (to) => (to.endsWith('slow.example') ? new Promise<Outcome>(() => undefined) : ok()),
  })
  for (let i = 0; i < 600; i++) await w.send([`u${i}@slow.example`])
  await w.send(['u@quick.example'])
  for (let i = 0; i < 20; i++) await settle()
  assert.ok(w.deliveries.some((d) => d.nexthop === 'quick.example'))
})
test('who brings mail faster than it goes waits for his 250', async () => {
  const { w, clock } = await start({
    config: { qmgrMessageActiveLimit: 1 },
    outcome: () => new Promise<Outcome>(() => undefined),
  })
  await w.send(['one@d.example'])
  let said = false
  void w.send(['two@d.example']).then(() => (said = true))
  await settle()
  assert.is(said, false)
  assert.is(w.store.messages.size, 2)
  await clock.advance(1000)
  assert.is(said, true)
})
test('all that waits for a site that dies is deferred with its reason, without a call', async () => {
  let calls = 0
  const open: (() => void)[] = []
  const { w } = await start({
    config: { initialDestinationConcurrency: 1 },
    outcome: () => (calls++, new Promise((r) => open.push(() => r(away())))),
  })
  for (let i = 0; i < 600; i++) await w.send([`u${i}@d.example`])
  await settle()
  assert.is(calls, 1)
  open.shift()!()
  for (let i = 0; i < 10; i++) await settle()
  assert.is(calls, 1)
  const said = texts(w.store)
  assert.is(said.filter((t) => t === 'delivery temporarily suspended: connect to it: timed out').length, 599)
  await w.stop()
})
test('a site that dies while it waits for a place leaves that place to others', async () => {
  const open: (() => void)[] = []
  const { w } = await start({
    config: { defaultProcessLimit: 1 },
    outcome: (to) => (to.endsWith('@a.example') ? new Promise((r) => open.push(() => r(away()))) : ok()),
  })
  for (let i = 0; i < 7; i++) await w.send([`u${i}@a.example`])
  await settle()
  for (let i = 0; i < 3; i++) {
    open.shift()!()
    await settle()
  }
  await w.send(['u@b.example'])
  await w.send(['u@c.example'])
  await settle()
  open.shift()!()
  await settle()
  assert.equal(
    w.deliveries
      .map((d) => d.nexthop)
      .slice(-2)
      .sort(),
    ['b.example', 'c.example'],
  )
  await w.stop()
})
for (const word of ['delete', 'requeue'] as const)
  test(`${word} while the message is being read: delivered ${word === 'delete' ? 'never' : 'once'}`, async () => {
    const store = new MemoryStore()
    const { w, clock } = await start({ store, outcome: () => (w.deliveries.length > 1 ? ok() : away()) })
    await w.send()
    await settle()
    const [id] = [...store.messages.keys()]
    const load = store.load.bind(store)
    let go!: () => void
    const gate = new Promise<void>((r) => (go = r))
    store.load = async (asked, range) => {
      const m = await load(asked, range)
      await gate
      return m
    }
    w.node.flush()
    await settle()
    const by = { who: 'op', why: 'test' }
    if (word === 'delete') await w.node.administer(id!, { action: 'delete', ...by })
    else await w.node.requeue(id!, by)
    go()
    await clock.advance(HOUR)
    assert.is(w.deliveries.length, word === 'delete' ? 1 : 2)
    assert.is(store.messages.size, 0)
    await w.stop()
  })
test('what was flushed and found no room is tried as flushed when there is some', async () => {
  const { w, clock } = await start({
    config: {
      deferTransports: ['box'],
      qmgrMessageActiveLimit: 100,
      inFlowDelay: 0,
      defaultDestinationConcurrencyLimit: 1,
    },
  })
  for (let i = 0; i < 300; i++) await w.send([`u${i}@d.example`])
  await settle()
  w.node.flush()
  await clock.advance(2 * HOUR)
  assert.is(w.store.messages.size, 0)
  await w.stop()
})
test('a reload gives no new minute of a rate', async () => {
  const { w } = await start({ policy: () => ({ rate: { count: 10, per: MINUTE } }) })
  for (let i = 0; i < 15; i++) await w.send([`u${i}@d.example`])
  await settle()
  await w.node.reload(await w.load())
  for (let i = 0; i < 15; i++) await w.send([`v${i}@d.example`])
  await settle()
  assert.is(w.deliveries.length, 10)
  await w.stop()
})
for (const limits of [{ recipients: 0 }, { concurrency: 0 }, { rate: { count: 0, per: 1 } }, { retry: [] }])
  test(`limits that would stop everything are none: ${JSON.stringify(limits)}`, async () => {
    const { w } = await start({ policy: () => limits })
    await w.send()
    await w.node.idle()
    assert.is(w.deliveries.length, 1)
    await w.stop()
  })
test('one recipient that hangs holds up two parts of a list at most, not the rest', async () => {
  const { w } = await start({
    config: { recipientLimit: 6000 },
    outcome: (to) => (to.startsWith('hang@') ? new Promise<Outcome>(() => undefined) : ok()),
  })
  await w.send(['hang@h.example', ...Array.from({ length: 4999 }, (_, i) => `u${i}@d.example`)])
  for (let i = 0; i < 100; i++) await settle()
  assert.is(w.deliveries.flatMap((d) => d.to).length, 5000)
  const [m] = [...w.store.messages.values()]
  assert.is(m!.recipients.filter((r) => r.state === 'pending').length, 1)
})
test.run()
