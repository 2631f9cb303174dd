/** The guard: a fault in a tap defers, whatever the fault is, and never escapes. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defer, permit, refuse, reply } from '@postern/core'
import type { Call, Mta, Reply } from '@postern/core'
import { FakeClock, settle } from '../support/clock.ts'
import { address, short, world } from '../support/world.ts'

const escaped: unknown[] = []
process.on('unhandledRejection', (e) => escaped.push(e))
process.on('uncaughtException', (e) => escaped.push(e))
const nothingEscaped = () => assert.equal(escaped.splice(0).map(String), [], 'nothing may escape')
test.before.each(() => void escaped.splice(0))

const circle: Record<string, unknown> = {}
circle.self = circle
const ANSWERS: [name: string, answer: () => unknown][] = [
  ['null', () => null],
  ['true', () => true],
  ['false', () => false],
  ['0', () => 0],
  ['a string', () => 'reject'],
  ['a number', () => 550],
  ['a bigint', () => 1n],
  ['a symbol', () => Symbol('x')],
  ['a function', () => () => undefined],
  ['a list', () => [permit()]],
  ['an object without a kind', () => ({})],
  ['an object with itself in it', () => circle],
  ['a verdict with itself in it', () => ({ kind: 'claim', circle })],
  ['a verdict of another stage', () => ({ kind: 'claim', why: 'x' })],
  ['a verdict that does not exist', () => ({ kind: 'bounce' })],
  ['a refusal with a 4xx code', () => ({ ...refuse('5.7.1', 'x'), code: 450 })],
  ['a refusal with a 2xx code', () => ({ ...refuse('5.7.1', 'x'), code: 250 })],
  ['a refusal with a 4.x.x status', () => ({ ...refuse('5.7.1', 'x'), esc: '4.7.1' })],
  ['a refusal without a text', () => ({ kind: 'refuse', code: 550, esc: '5.7.1' })],
  ['a refusal without a code', () => ({ kind: 'refuse', esc: '5.7.1', text: 'x' })],
  ['a deferral with a 5xx code', () => ({ ...defer('4.7.1', 'x'), code: 550 })],
  ['edits without a list', () => ({ kind: 'edits' })],
  ['edits with null in them', () => ({ kind: 'edits', edits: [null] })],
  ['an edit of another stage', () => ({ kind: 'edits', edits: [{ kind: 'body.replace', content: '' }] })],
  ['edits beside a wrong verdict', () => ({ kind: 'edits', edits: [], verdict: { kind: 'claim' } })],
  ['edits beside null', () => ({ kind: 'edits', edits: [], verdict: null })],
  ['an edit that cannot be applied', () => ({ kind: 'edits', edits: [{ kind: 'sender.set', address: 'a@b..c' }] })],
  [
    'a thenable whose then throws',
    () => ({
      then() {
        throw new Error('no')
      },
    }),
  ],
]
const throwing = (error: unknown) => () => {
  throw error
}
const THROWS: [name: string, fn: () => unknown][] = [
  ['throws an error', throwing(new Error('no'))],
  ['throws undefined', throwing(undefined)],
  ['throws an object with itself in it', throwing(circle)],
  ['throws an object that has no text', throwing(Object.create(null))],
]
const deferred = (r: Reply | undefined) =>
  assert.is(short(r), '451 4.3.0 Error: temporary system problem, try again later')

for (const [name, answer] of [...ANSWERS.map(([n, f]) => [`answers ${n}`, f] as const), ...THROWS])
  for (const later of [false, true])
    test(`a tap that ${name} defers${later ? ', later too' : ''}`, async () => {
      const w = await world((mta) => mta.rcpt.tap((later ? async () => answer() : answer) as never), {
        clock: new FakeClock(),
      })
      await w.hello()
      const said = await Promise.race([
        (async () => w.session.rcpt(address('u@d.example'), {}))(),
        settle().then(() => 'nothing' as const),
      ])
      nothingEscaped()
      assert.is.not(said, 'nothing', 'the stage never ended')
      deferred(said as Reply)
      const [fault] = w.log.of('plugin.fault')
      assert.equal([fault!.fields.hook, fault!.fields.use], ['rcpt', 'mine'])
      await w.stop()
    })

const throws = throwing(new Error('no')) as () => never
const STAGES: [stage: string, apply: (mta: Mta) => void, reply: string][] = [
  ['connect', (m) => m.connect.tap(throws), '421 4.3.0 Error: temporary system problem, try again later'],
  ['helo', (m) => m.helo.tap(throws), '451 4.3.0 Error: temporary system problem, try again later'],
  ['mail', (m) => m.mail.tap(throws), '451 4.3.0 Error: temporary system problem, try again later'],
  ['data', (m) => m.data.tap(throws), '451 4.3.0 Error: temporary system problem, try again later'],
  [
    'cleanup',
    (m) => m.cleanup.tap({ body: 'none' }, throws),
    '451 4.3.0 Error: temporary system problem, try again later',
  ],
]
for (const [stage, apply, wanted] of STAGES)
  test(`a fault at ${stage}`, async () => {
    const w = await world(apply)
    const { end } = await w.send()
    assert.is(short(end), wanted)
    assert.is(end!.close ?? false, stage === 'connect')
    assert.is(w.store.messages.size, 0)
    await w.stop()
  })
test('a fault at relay claims nothing and refuses nothing', async () => {
  const w = await world((m) => m.relay.tap({ phase: 'early' }, throws))
  const { rcpt } = await w.send()
  deferred(rcpt[0])
  await w.stop()
})
test('a fault of a command', async () => {
  const w = await world((m) => m.command('XTEST', {}, throws))
  deferred(await w.session.command('xtest', ''))
  await w.stop()
})
for (const [stage, apply] of [
  ['resolve', (m: Mta) => m.resolve.tap(throws)],
  ['attempt', (m: Mta) => m.attempt.tap(throws)],
  ['resolve with an answer that cannot be printed', (m: Mta) => m.resolve.tap((() => circle) as never)],
] as const)
  test(`a fault at ${stage} keeps the mail, and the client is told of it`, async () => {
    const w = await world(apply)
    const { end } = await w.send()
    assert.is(end!.code, 250)
    await w.node.idle()
    assert.is(w.deliveries.length, 0)
    assert.is([...w.store.messages.values()][0]!.recipients[0]!.state, 'pending')
    w.session.end()
    await w.node.stop(0)
  })

test('a tap that does not answer in time', async () => {
  const clock = new FakeClock()
  let call!: Call
  let answer!: (v: undefined) => void
  const w = await world(
    (m) =>
      m.rcpt.tap({ timeout: 5000 }, (_v, c) => {
        call = c
        void c.signal
        return new Promise<undefined>((r) => (answer = r))
      }),
    { clock },
  )
  await w.hello()
  const began = clock.now()
  let said: Reply | undefined
  const waiting = (async () => (said = await w.session.rcpt(address('u@d.example'), {})))()
  await clock.advance(4999)
  assert.is(said, undefined)
  assert.is(call.signal.aborted, false)
  await clock.advance(1)
  await waiting
  deferred(said)
  assert.is(call.signal.aborted, true)
  assert.is(call.deadline, began + 100_000)
  assert.is(w.log.of('plugin.fault')[0]!.fields.code, 'PN_FAULT_TIMEOUT')
  answer(undefined)
  await settle()
  assert.is(w.log.of('plugin.fault').length, 1, 'the late answer is nothing')
  await w.stop()
})
for (const [name, late] of [
  ['answer', () => Promise.resolve(refuse('5.7.1', 'no'))],
  ['rejection', () => Promise.reject(new Error('late'))],
] as const)
  test(`a late ${name} changes nothing`, async () => {
    const clock = new FakeClock()
    const w = await world((m) => m.rcpt.tap({ timeout: 10 }, () => settle().then(settle).then(late)), { clock })
    await w.hello()
    const said = Promise.resolve(w.session.rcpt(address('u@d.example'), {}))
    await clock.advance(10)
    deferred(await said)
    await settle()
    await settle()
    nothingEscaped()
    await w.stop()
  })
test('a stage has one deadline for all of its taps', async () => {
  const clock = new FakeClock()
  const slow = (c: Call) => new Promise<undefined>((r) => c.clock.after(60_000, () => r(undefined)))
  const w = await world(
    (m) => {
      m.rcpt.tap((_v, c) => slow(c))
      m.rcpt.tap((_v, c) => slow(c))
    },
    { clock },
  )
  await w.hello()
  let said: Reply | undefined
  void (async () => (said = await w.session.rcpt(address('u@d.example'), {})))()
  await clock.advance(99_999)
  assert.is(said, undefined)
  await clock.advance(1)
  deferred(said)
  await w.stop()
})

test('a client that has gone is an abort, never a null', async () => {
  const clock = new FakeClock()
  let reason: unknown
  let seen: unknown
  const w = await world(
    (m) =>
      m.rcpt.tap(async (v, call) => {
        await new Promise((r) => call.signal.addEventListener('abort', r))
        reason = call.signal.reason
        seen = v.session.client.address
        return undefined
      }),
    { clock },
  )
  const s = w.open()
  await w.hello(s)
  const said = Promise.resolve(s.rcpt(address('u@d.example'), {}))
  await settle()
  s.end()
  assert.is((await said)!.code, 451)
  await settle()
  assert.match(String(reason), 'the client has gone')
  assert.is(seen, '192.0.2.1')
  await w.stop()
})
test('a stage that begins after the client has gone', async () => {
  const w = await world((m) => m.cleanup.tap({ body: 'none' }, () => Promise.reject(new Error('gone'))))
  const s = w.open()
  await w.hello(s)
  await s.rcpt(address('u@d.example'), {})
  const sink = s.content()
  await sink.write(Buffer.from('A: b\r\n\r\nc\r\n'))
  s.end()
  assert.is((await sink.end()).code, 451)
  await settle()
  nothingEscaped()
  assert.equal(w.log.of('intake.failed'), [])
  await w.stop()
})
test('a signal that is asked for late is aborted already', async () => {
  let aborted: boolean | undefined
  const clock = new FakeClock()
  const w = await world(
    (m) =>
      m.rcpt.tap(async (_v, call) => {
        await settle()
        aborted = call.signal.aborted
        return undefined
      }),
    { clock },
  )
  const s = w.open()
  await w.hello(s)
  const said = Promise.resolve(s.rcpt(address('u@d.example'), {}))
  s.end()
  await said
  await settle()
  assert.is(aborted, true)
  await w.stop()
})

test('the breaker opens after N faults in a row and closes again', async () => {
  const clock = new FakeClock()
  let broken = true
  let calls = 0
  const w = await world(
    (m) =>
      m.rcpt.tap(() => {
        calls++
        if (broken) throw new Error('no')
        return undefined
      }),
    { clock, config: { faultLimit: 3, faultPause: '30s' } },
  )
  await w.hello()
  const rcpt = async () => (await w.session.rcpt(address('u@d.example'), {}))?.code
  for (let i = 0; i < 5; i++) assert.is(await rcpt(), 451)
  assert.is(calls, 3, 'left alone after three')
  assert.is(w.log.of('plugin.leftAlone').length, 1)
  await clock.advance(29_999)
  assert.is(await rcpt(), 451)
  assert.is(calls, 3)
  await clock.advance(1)
  assert.is(await rcpt(), 451)
  assert.is(calls, 4, 'one try, and closed off again')
  assert.is(await rcpt(), 451)
  assert.is(calls, 4)
  await clock.advance(30_000)
  broken = false
  assert.is(await rcpt(), undefined)
  broken = true
  for (let i = 0; i < 2; i++) await rcpt()
  assert.is(calls, 7, 'a good answer starts the count again')
  await w.stop()
})
test('good answers between faults keep the breaker closed', async () => {
  let n = 0
  const w = await world(
    (m) =>
      m.rcpt.tap(() => {
        if (n++ % 2 === 0) throw new Error('no')
        return undefined
      }),
    { config: { faultLimit: 2 } },
  )
  await w.hello()
  for (let i = 0; i < 10; i++) await w.session.rcpt(address('u@d.example'), {})
  assert.is(n, 10)
  await w.stop()
})
test('a command answers', async () => {
  const w = await world((m) =>
    m.command('etrn', { keyword: 'ETRN' }, (v) => reply(250, '2.0.0', `${v.verb} ${v.argument}`)),
  )
  assert.is(short(await w.session.command('Etrn', 'x.example')), '250 2.0.0 ETRN x.example')
  assert.is(await w.session.command('NOPE', ''), undefined)
  assert.equal(w.doors.get('mx')!().keywords, ['ETRN'])
  await w.stop()
})

test.run()
