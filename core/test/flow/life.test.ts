/** Reload and stop: who gets which graph, what is handed over, what is waited for. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { definePlugin, needsRestart, refuse } from '@postern/core'
import type { Call, Mta } from '@postern/core'
import { FakeClock, settle } from '../support/clock.ts'
import { address, plugin, rejection, short, world } from '../support/world.ts'

const rcpt = async (s: ReturnType<Awaited<ReturnType<typeof world>>['open']>) =>
  short(await s.rcpt(address('u@d.example'), {}))
const says = (text: string) => (m: Mta) => m.rcpt.tap(() => refuse('5.7.1', text))

test('after a reload new sessions get the new graph, old ones the old', async () => {
  const w = await world(says('one'), { clock: new FakeClock() })
  const old = w.open()
  await w.hello(old)
  await w.node.reload(await w.load({}, says('two')))
  const young = w.open()
  await w.hello(young)
  assert.equal([await rcpt(old), await rcpt(young)], ['554 5.7.1 one', '554 5.7.1 two'])
  old.end()
  young.end()
  await w.node.stop(0)
})
test('deliveries get the new graph', async () => {
  const seen: string[] = []
  const w = await world((m) => m.attempt.tap(() => void seen.push('one')))
  await w.node.reload(await w.load({}, (m) => m.attempt.tap(() => void seen.push('two'))))
  await w.node.submit({ sender: '', recipients: ['u@d.example'], content: 'x' })
  await w.node.idle()
  assert.equal(seen, ['two'])
  await w.stop()
})
test('the old graph stops when its last session has gone, and not before', async () => {
  const seen: string[] = []
  const life = (name: string) => (m: Mta) =>
    m.lifecycle({
      start: () => void seen.push(`start ${name}`),
      drain: () => void seen.push(`drain ${name}`),
      stop: () => void seen.push(`stop ${name}`),
    })
  const w = await world(life('one'), { clock: new FakeClock() })
  const s = w.open()
  await w.node.reload(await w.load({}, life('two')))
  await settle()
  assert.equal(seen, ['start one', 'start two', 'drain one'])
  s.end()
  await settle()
  assert.equal(seen, ['start one', 'start two', 'drain one', 'stop one'])
  await w.node.stop()
})
test('or when the time to drain is over', async () => {
  const seen: string[] = []
  const clock = new FakeClock()
  const w = await world((m) => m.lifecycle({ stop: () => void seen.push('stop one') }), {
    clock,
    config: { drainTimeout: '30s' },
  })
  const s = w.open()
  await w.node.reload(await w.load({}, () => undefined))
  await clock.advance(29_999)
  assert.equal(seen, [])
  await clock.advance(1)
  assert.equal(seen, ['stop one'])
  s.end()
  await w.node.stop()
})
test('what is kept is made once, handed over, and disposed when nobody keeps it', async () => {
  const seen: string[] = []
  const keeping = (m: Mta) => {
    const pool = m.keep(
      'pool',
      () => (seen.push('made'), {}),
      () => void seen.push('disposed'),
    )
    m.lifecycle({ start: () => void pool() })
  }
  const w = await world(keeping)
  await w.node.reload(await w.load({}, keeping))
  await settle()
  assert.equal(seen, ['made'])
  await w.node.reload(await w.load({}, () => undefined))
  await settle()
  assert.equal(seen, ['made', 'disposed'])
  await w.stop()
})
test('what was kept is disposed at stop', async () => {
  const seen: string[] = []
  const w = await world((m) => {
    const pool = m.keep(
      'pool',
      () => ({}),
      () => void seen.push('disposed'),
    )
    m.lifecycle({ start: () => void pool(), stop: () => void seen.push('stop') })
  })
  await w.stop()
  assert.equal(seen, ['stop', 'disposed'])
})

const fixed = (port: number) =>
  definePlugin({
    name: 'fixed',
    options: z.strictObject({ port: needsRestart(z.number()), soft: z.number().default(1) }),
    apply: () => undefined,
  })({ port })
const BAD: [name: string, load: (w: Awaited<ReturnType<typeof world>>) => unknown, message: RegExp][] = [
  ['an unknown key', (w) => w.load({ myhostnam: 'x' } as never), /myhostnam: unknown option/],
  ['an unknown plugin', (w) => w.load({}, undefined, ['no-such-plugin']), /no plugin "no-such-plugin"/],
  [
    'an apply that throws',
    (w) =>
      w.load({}, () => {
        throw new Error('boo')
      }),
    /boo/,
  ],
  [
    'a start that fails',
    (w) => w.load({}, (m) => m.lifecycle({ start: () => Promise.reject(new Error('boo')) })),
    /boo/,
  ],
  ['a spool that changed', (w) => w.load({ spool: 'elsewhere' }), /a reload cannot change: spool; restart instead/],
  [
    'an option that needs a restart',
    (w) => w.load({}, undefined, [fixed(2)]),
    /a reload cannot change: fixed\.port; restart/,
  ],
]
for (const [name, load, message] of BAD)
  test(`a reload that is refused leaves the old graph: ${name}`, async () => {
    const w = await world(says('one'), { uses: [fixed(1)] })
    const door = w.doors.get('mx')!
    const e = await rejection(async () => w.node.reload((await load(w)) as never))
    assert.match(e.message, message)
    w.doors.set('mx', door)
    const s = w.open()
    await w.hello(s)
    assert.is(await rcpt(s), '554 5.7.1 one')
    s.end()
    assert.is(w.node.status().state, 'running')
    await w.node.reload(await w.load({}, says('two'), [fixed(1)]))
    await w.stop()
  })
test('a reload whose plugin fails in ready leaves one graph running, and stops the other', async () => {
  const seen: string[] = []
  const life = (name: string, ready: () => void) => (m: Mta) => m.lifecycle({ ready, stop: () => void seen.push(name) })
  const w = await world(life('one', () => undefined))
  const boo = () => {
    throw new Error('boo')
  }
  await rejection(async () => w.node.reload(await w.load({}, life('two', boo))))
  await settle()
  assert.is(seen.length, 1, 'one of the two has stopped')
  await w.stop()
  assert.equal([...seen].sort(), ['one', 'two'], 'and both at the end')
})
test('reloads follow each other; after stop there is none', async () => {
  const w = await world()
  const loads = await Promise.all([w.load({ mailName: 'one' }), w.load({ mailName: 'two' })])
  await Promise.all(loads.map((l) => w.node.reload(l)))
  assert.is(w.node.graph.settings.mailName, 'two')
  await w.stop()
  assert.is((await rejection(() => w.node.reload())).code, 'PN_STOPPING')
})

test('stop waits for sessions', async () => {
  const clock = new FakeClock()
  let stopped = false
  const w = await world(undefined, { clock, config: { drainTimeout: '30s' } })
  const s = w.open()
  const done = w.node.stop().then(() => (stopped = true))
  await clock.advance(29_000)
  assert.is(stopped, false)
  assert.is(w.node.status().state, 'draining')
  s.end()
  await done
  assert.is(w.node.status().state, 'stopped')
})
test('but not for ever', async () => {
  const clock = new FakeClock()
  let stopped = false
  const w = await world(undefined, { clock, config: { drainTimeout: '30s' } })
  w.open()
  const done = w.node.stop().then(() => (stopped = true))
  await clock.advance(29_999)
  assert.is(stopped, false)
  await clock.advance(1)
  await done
})
test('stop waits for deliveries, and tells those that take too long', async () => {
  const clock = new FakeClock()
  let call!: Call
  const w = await world(undefined, {
    clock,
    deliver: (m) =>
      m.deliver('box', {
        deliver: (job, c) => {
          call = c
          void c.signal
          return new Promise((_, reject) => c.signal.addEventListener('abort', () => reject(new Error(job.messageId))))
        },
      }),
  })
  await w.send()
  await settle()
  w.session.end()
  const done = w.node.stop(1000)
  await clock.advance(999)
  assert.is(call.signal.aborted, false)
  await clock.advance(1)
  await done
  assert.is(call.signal.aborted, true)
  assert.is([...w.store.messages.values()][0]!.recipients[0]!.state, 'pending')
})
test('a tap in a session is told when the node stops', async () => {
  const clock = new FakeClock()
  let call!: Call
  const w = await world(
    (m) =>
      m.rcpt.tap((_v, c) => {
        call = c
        void c.signal
        return new Promise<undefined>(() => undefined)
      }),
    { clock },
  )
  await w.hello()
  void w.session.rcpt(address('u@d.example'), {})
  const done = w.node.stop(1000)
  await clock.advance(1000)
  await done
  assert.is(call.signal.aborted, true)
})
test('background work is waited for; what fails is logged', async () => {
  let done = false
  let mta!: Mta
  const w = await world((m) => void (mta = m))
  mta.background(async () => {
    await settle()
    done = true
  })
  mta.background(() => Promise.reject(new Error('no')))
  await w.stop()
  assert.is(done, true)
  assert.is(w.log.of('background.failed').length, 1)
})
test('a plugin that fails to drain and to stop does not keep the others', async () => {
  let stopped = false
  const bad = plugin('bad', (m) =>
    m.lifecycle({
      drain: () => Promise.reject(new Error('no')),
      stop: () => {
        throw new Error('no')
      },
    }),
  )
  const w = await world((m) => m.lifecycle({ stop: () => void (stopped = true) }), { uses: [bad] })
  await w.stop()
  assert.is(stopped, true)
  assert.equal([w.log.of('plugin.drainFailed').length, w.log.of('plugin.stopFailed').length], [1, 1])
})

test.run()
