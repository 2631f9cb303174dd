/** The call that a tap gets: its log, its signal, and what must not come of it under explain. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { AbortScope, HookCall, refuse, systemClock } from '@postern/core'
import type { Call, Logger } from '@postern/core'
import { UNPRINTABLE, orHangs } from '../flow/gate.ts'
import { settle } from '../support/clock.ts'
import { short, world } from '../support/world.ts'

test('call.log carries the use, and the ids of session and message', async () => {
  const say = (stage: string) => (_view: unknown, call: Call) => void call.log.info('mine', { stage })
  const w = await world((m) => {
    m.connect.tap(say('connect'))
    m.rcpt.tap(say('rcpt'))
    m.cleanup.tap({ body: 'none' }, say('cleanup'))
    m.resolve.tap(say('resolve'))
    m.attempt.tap(say('attempt'))
  })
  await w.send()
  await settle()
  const [session, id] = [w.session.view.id, 'ID00000000001']
  const said = w.log.of('mine').map((l) => l.fields)
  assert.equal(
    said.map((f) => ({ stage: f.stage, use: f.use, session: f.session, id: f.id })),
    [
      { stage: 'connect', use: 'mine', session, id: undefined },
      { stage: 'rcpt', use: 'mine', session, id: undefined },
      { stage: 'cleanup', use: 'mine', session, id },
      { stage: 'resolve', use: 'mine', session: undefined, id },
      { stage: 'attempt', use: 'mine', session: undefined, id },
    ],
  )
  await w.stop()
})
test("a transport's log carries the message", async () => {
  const w = await world(undefined, {
    deliver: (m) =>
      m.deliver('box', {
        deliver: async (job, call) => {
          call.log.info('mine')
          throw new Error('no')
        },
      }),
  })
  await w.send()
  await settle()
  assert.is(w.log.of('mine')[0]!.fields.id, 'ID00000000001')
  w.session.end()
  await w.node.stop()
})

/** Counts who waits for the scope's end. */
class Counted extends AbortScope {
  waiting = 0
  override onAbort(fn: (reason: Error) => void) {
    this.waiting++
    const off = super.onAbort(fn)
    return () => (this.waiting--, off())
  }
}
const QUIET: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  enabled: () => false,
}
const called = () => {
  const scope = new Counted()
  return { scope, call: new HookCall({ scope, clock: systemClock, log: QUIET }, 1000) }
}
test('a signal that is asked for after the call has ended already, and leaves nothing behind', () => {
  const { scope, call } = called()
  call.done()
  assert.is(call.signal.aborted, true)
  assert.is(scope.waiting, 0)
})
test('a signal that is asked for during the call leaves nothing behind either, and ends with the scope', () => {
  const one = called()
  assert.is(one.call.signal.aborted, false)
  one.call.done()
  assert.is(one.scope.waiting, 0)
  const two = called()
  const { signal } = two.call
  two.scope.abort(new Error('stop'))
  assert.is(signal.aborted, true)
})
test('a signal that is first asked for after a timeout is aborted', async () => {
  let late: Call | undefined
  const w = await world((m) =>
    m.rcpt.tap({ timeout: 10 }, (_view, call) => {
      late = call
      return new Promise<undefined>(() => undefined)
    }),
  )
  const { rcpt } = (await orHangs(w.send())) as Awaited<ReturnType<typeof w.send>>
  assert.is(rcpt[0]!.code, 451)
  assert.is(late!.signal.aborted, true)
  await w.stop()
})

test('a log that throws costs no mail and no dialogue', async () => {
  const w = await world((m) => {
    m.rcpt.tap(async (v) => {
      if (v.recipient.local === 'fault') throw new Error('ordinary')
      return undefined
    })
    m.on.received.tap(() => {
      throw new Error('ordinary')
    })
  })
  w.log.write = () => {
    throw new Error('ENOSPC')
  }
  const sent = await orHangs(w.send(['fault@d.example', 'u@d.example']))
  assert.is.not(sent, 'hangs')
  const { rcpt, end } = sent as Awaited<ReturnType<typeof w.send>>
  assert.equal([rcpt[0]!.code, rcpt[1], end!.code], [451, undefined, 250])
  await w.node.idle()
  assert.is(w.deliveries.length, 1)
  assert.is(await orHangs(w.stop()), undefined)
})
test('a log that throws when it is asked whether it writes', async () => {
  const w = await world((m) => m.rcpt.tap(() => refuse('5.7.1', 'no')))
  w.log.enabled = () => {
    throw new Error('ENOSPC')
  }
  assert.is(short((await w.send()).rcpt[0]), '554 5.7.1 no')
  assert.is(await orHangs(w.stop()), undefined)
})

for (const [name, make] of UNPRINTABLE)
  for (const [how, fail] of [
    ['throws', (e: unknown) => raise(e)],
    ['rejects with', async (e: unknown) => raise(e)],
  ] as const)
    test(`a tap that ${how} ${name} is a fault, and the session goes on`, async () => {
      const w = await world((m) => m.rcpt.tap((v) => (v.recipient.local === 'x' ? fail(make()) : undefined)))
      const sent = await orHangs(
        w.send(['x@d.example', 'u@d.example']).catch(() => 'throws' as const),
        1500,
      )
      assert.is(typeof sent, 'object', String(sent))
      const { rcpt, end } = sent as Awaited<ReturnType<typeof w.send>>
      assert.equal([rcpt[0]!.code, rcpt[1], end!.code], [451, undefined, 250])
      await settle()
      w.session.end()
      await w.node.stop(0)
    })
function raise(e: unknown): never {
  throw e
}

test('who listens to a call hears of its end once, by the scope or by the deadline, and not behind it', () => {
  for (const by of ['scope', 'call', 'nobody'] as const) {
    const scope = new AbortScope()
    const call = new HookCall({ scope, clock: systemClock, log: QUIET }, 1000)
    const heard: string[] = []
    call.onAbort((reason) => heard.push(reason.message))
    call.onAbort(() => heard.push('left'))()
    if (by === 'call') call.abort(new Error(by))
    if (by === 'nobody') call.done()
    scope.abort(new Error('scope'))
    assert.equal(heard, by === 'nobody' ? [] : [by])
  }
})
test('faults under explain open no breaker, and answers under explain close none', async () => {
  let calls = 0
  const w = await world((m) =>
    m.rcpt.tap((v) => {
      calls++
      if (v.recipient.local === 'bad') throw new Error('no')
      return undefined
    }),
  )
  const scenario = { sender: 'a@b.example', recipients: ['bad@d.example'] }
  for (let i = 0; i < 50; i++) await w.node.explain(scenario)
  assert.is(calls, 50)
  assert.is(w.log.of('plugin.leftAlone').length, 0)
  const { rcpt } = await w.send(['bad@d.example', 'u@d.example'])
  assert.is(calls, 52, 'real mail is still judged')
  assert.equal([rcpt[0]!.code, rcpt[1]], [451, undefined])
  await w.hello()
  w.session.reset()
  for (let i = 0; i < 50 && w.log.of('plugin.leftAlone').length === 0; i++) {
    await w.send(['bad@d.example'], undefined, w.open())
    await w.node.explain({ ...scenario, recipients: ['good@d.example'] })
  }
  assert.is(w.log.of('plugin.leftAlone').length, 1)
  w.session.end()
  await w.node.stop(0)
})

test.run()
