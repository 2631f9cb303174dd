/** Much at once: turns of the event loop, places of transports, bombs, limits that are none. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { deferred, delivered, expand, silent } from '@postern/core'
import type { Mta } from '@postern/core'
import { FakeClock, settle } from '../support/clock.ts'
import { rejection, world } from '../support/world.ts'
import type { World, WorldOptions } from '../support/world.ts'

/** A transport whose deliveries end one by one, when the test says so. */
async function stepwise(options: WorldOptions, transport = 'box') {
  const open: { to: string; done: () => void }[] = []
  const order: string[] = []
  let most = 0
  const w = await world(undefined, {
    ...options,
    deliver: (m) =>
      m.deliver(transport, {
        deliver: async (job) => {
          order.push(job.nexthop)
          await new Promise<void>((done) => {
            open.push({ to: job.nexthop, done })
            most = Math.max(most, open.length)
          })
          return job.all(delivered('2.0.0', 'ok'))
        },
      }),
  })
  const finish = async () => {
    await settle()
    while (open.length > 0) {
      open.shift()!.done()
      await settle()
    }
  }
  return { w, order, finish, most: () => most }
}
async function sendTo(w: World, domain: string, n = 1) {
  for (let i = 0; i < n; i++) {
    const s = w.open()
    await w.send([`u@${domain}`], undefined, s)
    s.end()
  }
}

test('100,000 recipients do not block the event loop', async () => {
  let got = 0
  let messages = 0
  const w = await world(undefined, {
    deliver: (m) =>
      m.deliver('box', {
        deliver: async (job) => ((got += job.recipients.length), messages++, job.all(delivered('2.0.0', 'ok'))),
      }),
  })
  const recipients = Array.from({ length: 100_000 }, (_, i) => `u${i}@d.example`)
  // processor time, not the wall's: other processes of this machine do not count
  const spent = () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  }
  let last = spent()
  let longest = 0
  const look = () => {
    const now = spent()
    longest = Math.max(longest, now - last)
    last = now
  }
  const timer = setInterval(look, 1)
  await w.node.submit({ sender: 'a@b.example', recipients, content: 'A: b\n\nc' })
  await w.node.idle()
  clearInterval(timer)
  look()
  assert.is(got, 100_000)
  assert.is(messages, 2000)
  assert.is(w.store.messages.size, 0)
  assert.ok(longest < 1500, `${Math.round(longest)} ms without a turn for anybody else`)
  await w.node.stop()
})

for (const [limits, most] of [
  [{ defaultProcessLimit: 3 }, 3],
  [{ processLimits: { box: 2 } }, 2],
  [{ defaultProcessLimit: 3, processLimits: { box: 0, other: 1 } }, 12],
] as const)
  test(`one transport has no more deliveries at a time than ${JSON.stringify(limits)}, and all destinations are served`, async () => {
    const t = await stepwise({ config: limits })
    for (let i = 0; i < 12; i++) await sendTo(t.w, `d${i}.example`)
    await t.finish()
    assert.is(t.most(), most)
    assert.is(new Set(t.order).size, 12)
    assert.is(t.w.store.messages.size, 0)
    await t.w.stop()
  })
test('a destination with much mail leaves places to the others', async () => {
  const t = await stepwise({ config: { defaultProcessLimit: 2, defaultDestinationConcurrencyLimit: 2 } })
  await sendTo(t.w, 'busy.example', 20)
  for (let i = 0; i < 3; i++) await sendTo(t.w, `d${i}.example`)
  await t.finish()
  assert.is(t.w.store.messages.size, 0)
  const last = Math.max(...[0, 1, 2].map((i) => t.order.indexOf(`d${i}.example`)))
  assert.ok(last < 12, `the last of three small destinations came as number ${last + 1} of ${t.order.length}`)
  await t.w.stop()
})
test("the places are a transport's own: a full one keeps no other waiting", async () => {
  const open: (() => void)[] = []
  const got: string[] = []
  const w = await world(
    (m) => m.deliver('fast', { deliver: async (job) => (got.push(job.nexthop), job.all(delivered('2.0.0', 'ok'))) }),
    {
      config: { defaultProcessLimit: 1 },
      route: false,
      uses: [],
      deliver: (m) => {
        m.resolve.tap((v) => ({
          kind: 'route',
          transport: v.recipient.domain === 'fast.example' ? 'fast' : 'slow',
        }))
        m.deliver('slow', {
          deliver: async (job) => {
            await new Promise<void>((r) => open.push(r))
            return job.all(delivered('2.0.0', 'ok'))
          },
        })
      },
    },
  )
  for (const domain of ['a.example', 'b.example', 'fast.example']) await sendTo(w, domain)
  await settle()
  assert.equal([open.length, got], [1, ['fast.example']])
  for (let i = 0; i < 2; i++) {
    open.shift()!()
    await settle()
  }
  assert.is(w.store.messages.size, 0)
  await w.stop()
})

/** Each name becomes two, over twelve levels: 4096 addresses from one. */
const bomb = (m: Mta) =>
  m.resolve.tap((v) => {
    const level = Number(/^l(\d+)/.exec(v.recipient.local)?.[1])
    return level < 12 ? expand(['a', 'b'].map((x) => `l${level + 1}${x}${v.recipient.local}@d.example`)) : undefined
  })
async function bombed(limit: number) {
  const clock = new FakeClock()
  const w = await world(bomb, { clock, config: { virtualAliasExpansionLimit: limit } })
  await w.send(['l0@d.example'])
  await clock.advance(1)
  const recipients = () => [...w.store.messages.values()][0]?.recipients ?? []
  return { w, clock, recipients }
}
test('an address that becomes too many over several levels is deferred with 4.6.0', async () => {
  const { w, recipients } = await bombed(50)
  const left = recipients().filter((r) => r.state === 'pending')
  assert.ok(left.length > 0)
  for (const r of left) assert.equal([r.esc, r.text], ['4.6.0', 'Alias expansion error'])
  assert.ok(left.length <= 50, `${left.length} recipients`)
  await w.stop()
})
test('nor does it grow with each round', async () => {
  const { w, clock, recipients } = await bombed(50)
  for (let i = 0; i < 5; i++) {
    w.node.flush()
    await clock.advance(1)
  }
  const { length } = recipients().filter((r) => r.state === 'pending')
  assert.ok(length > 1 && length <= 50, `${length} recipients after six rounds`)
  await w.stop()
})

test('mail past its lifetime is dialled itself, though its site is known to be away', async () => {
  const clock = new FakeClock()
  const dialled: string[] = []
  const reports: string[] = []
  let away = false
  const w = await world(
    (m) => m.report.tap((v) => (reports.push(...v.recipients.map((r) => `${v.messageId} ${r.text}`)), silent('test'))),
    {
      clock,
      config: { maximalQueueLifetime: '1d', minimalBackoffTime: '2d', maximalBackoffTime: '2d' },
      deliver: (m) =>
        m.deliver('box', {
          limits: { concurrency: 1 },
          deliver: async (job) => {
            dialled.push(job.messageId)
            return job.all(deferred('4.4.1', `${job.messageId} down`, { siteDown: away }))
          },
        }),
    },
  )
  await sendTo(w, 'd.example', 3)
  await settle()
  assert.is(dialled.splice(0).length, 3)
  away = true
  await clock.advance(3 * 864e5)
  assert.is(w.store.messages.size, 0)
  assert.equal([...dialled].sort(), ['ID00000000001', 'ID00000000002', 'ID00000000003'])
  assert.equal(
    [...reports].sort(),
    [...dialled].sort().map((id) => `${id} ${id} down`),
  )
  await w.stop()
})

for (const key of ['concurrency', 'recipients', 'deadline'] as const)
  for (const value of [0, -1, NaN, Infinity, '5'])
    test(`a transport's ${key} of ${JSON.stringify(value)} (${String(value)}) is refused at start`, async () => {
      const e = await rejection(() =>
        world(undefined, {
          deliver: (m) =>
            m.deliver('box', {
              limits: { [key]: value as number },
              deliver: async (job) => job.all(delivered('2.0.0', 'ok')),
            }),
        }),
      )
      assert.match(e.message + e.problems.map((p) => p.message).join(), key)
    })

test.run()
