/** Thrown things that cannot even be looked at, at every place where plugins' code runs. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { delivered } from '@postern/core'
import type { Mta } from '@postern/core'
import { FakeClock, settle } from '../support/clock.ts'
import { MemoryStore } from '../support/memory-store.ts'
import { world } from '../support/world.ts'
import type { World } from '../support/world.ts'
import { UNTOUCHABLE, orHangs } from './gate.ts'

// each case fails by itself, where the first would end the process
const unhandled: unknown[] = []
process.on('unhandledRejection', (error) => void unhandled.push(error))
process.on('uncaughtException', (error) => void unhandled.push(error))
test.before.each(() => void (unhandled.length = 0))

type Sent = Awaited<ReturnType<World['send']>>
async function sent(w: World, to: string[]): Promise<Sent> {
  const got = await orHangs(
    w.send(to).catch(() => 'the session throws' as const),
    1000,
  )
  if (typeof got === 'string') throw new Error(got)
  return got
}
function raise(e: unknown): never {
  throw e
}

for (const [name, make] of UNTOUCHABLE) {
  for (const [how, fail] of [
    ['throws', raise],
    ['rejects with', async (e: unknown) => raise(e)],
  ] as const)
    test(`a tap ${how} ${name}: a fault, and the session goes on`, async () => {
      const w = await world((m) => m.rcpt.tap((v) => (v.recipient.local === 'x' ? fail(make()) : undefined)))
      const { rcpt, end } = await sent(w, ['x@d.example', 'u@d.example'])
      assert.equal([rcpt[0]!.code, rcpt[1], end!.code], [451, undefined, 250])
      assert.is(unhandled.length, 0)
      await settle()
      w.session.end()
      await orHangs(w.node.stop(0))
    })
  for (const fact of ['connected', 'received', 'attempted', 'settled'] as const)
    test(`the fact ${fact} throws ${name}: still 250, delivered once, and the others are told`, async () => {
      let told = 0
      const w = await world((m) => {
        m.on[fact].tap(() => raise(make()))
        m.on[fact].tap(() => void told++)
      })
      assert.is((await sent(w, ['u@d.example'])).end!.code, 250)
      await settle()
      assert.equal([w.deliveries.length, told, w.store.messages.size, unhandled.length], [1, 1, 0, 0])
      await w.stop()
    })
  for (const [where, mine] of [
    ['transport', undefined],
    ['resolve tap', (m: Mta, fail: () => never) => m.resolve.tap(async () => fail())],
    ['attempt tap', (m: Mta, fail: () => never) => m.attempt.tap(async () => fail())],
  ] as const)
    test(`a ${where} throws ${name}: deferred, and tried again`, async () => {
      const clock = new FakeClock()
      let down = true
      const fail = () => (down ? raise(make()) : (undefined as never))
      const w = await world((m) => mine?.(m, fail), {
        clock,
        deliver: (m) =>
          m.deliver('box', {
            deliver: async (job) => {
              if (!mine) fail()
              return job.all(delivered('2.0.0', 'ok'))
            },
          }),
      })
      await sent(w, ['u@d.example'])
      await settle()
      assert.is(w.node.status().queue.waiting, 1)
      down = false
      await clock.advance(400_000)
      assert.equal([w.store.messages.size, unhandled.length], [0, 0])
      w.session.end()
      await orHangs(w.node.stop(0))
    })
  for (const call of ['commit', 'attempt', 'outcome', 'load'] as const)
    test(`the store's ${call} throws ${name}: nothing is lost`, async () => {
      const clock = new FakeClock()
      const store = new MemoryStore()
      let down = true
      const real = store[call].bind(store) as (...args: unknown[]) => unknown
      Object.assign(store, { [call]: (...args: unknown[]) => (down ? raise(make()) : real(...args)) })
      // what is loaded was put off once
      const w = await world((m) => m.attempt.tap((v) => (call === 'load' && down ? raise(v) : undefined)), {
        clock,
        store,
      })
      const { end } = await sent(w, ['u@d.example'])
      assert.is(end!.code, call === 'commit' ? 451 : 250)
      await settle()
      w.node.flush()
      await settle()
      down = false
      await clock.advance(864e5)
      assert.equal([w.deliveries.length, store.messages.size], [call === 'commit' ? 0 : 1, 0])
      assert.is(unhandled.length, 0)
      w.session.end()
      await orHangs(w.node.stop(0))
    })
  test(`background work throws ${name}: logged`, async () => {
    let mta!: Mta
    const w = await world((m) => void (mta = m))
    mta.background(async () => raise(make()))
    await settle()
    assert.is(await orHangs(w.stop()), undefined)
    assert.equal([w.log.of('background.failed').length, unhandled.length], [1, 0])
  })
  test(`stop and dispose throw ${name}: everything else stops`, async () => {
    const store = new MemoryStore()
    let stopped = false
    store.stop = async () => void (stopped = true)
    const w = await world(
      (m) => {
        const pool = m.keep(
          'pool',
          () => ({}),
          () => raise(make()),
        )
        m.lifecycle({ start: () => void pool(), stop: () => raise(make()) })
      },
      { store },
    )
    await orHangs(
      w.stop().catch(() => undefined),
      1000,
    )
    assert.equal([stopped, w.node.status().state, unhandled.length], [true, 'stopped', 0])
  })
}

test.run()
