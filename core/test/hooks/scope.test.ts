/** What a tap sees and where it is called: edits, origins, tiers, listeners, facts. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import {
  body,
  definePlugin,
  edits,
  envelope,
  header,
  hold,
  mark,
  permit,
  refuse,
  report,
  failedWith,
} from '@postern/core'
import { session as sessionEdit, sessionSlot, transactionSlot } from '@postern/core'
import type { BodyTier, Mta } from '@postern/core'
import { settle } from '../support/clock.ts'
import { address, plugin, rejection, short, told, world } from '../support/world.ts'

test('edits are seen by later taps, and end no list', async () => {
  const seen: string[] = []
  const w = await world((m) => {
    m.cleanup.tap({ body: 'headers' }, () => edits([header.insert('X-A', '1'), envelope.setSender('new@b.example')]))
    m.cleanup.tap({ body: 'headers' }, (d) => {
      seen.push(d.header.get('x-a')!, d.sender)
      return edits([header.replace('X-A', '2'), envelope.addRecipient('more@e.example')])
    })
    m.cleanup.tap(
      { body: 'headers' },
      (d) => void seen.push(d.header.get('x-a')!, ...d.recipients.map((r) => r.address)),
    )
  })
  await w.send()
  await settle()
  assert.equal(seen, ['1', 'new@b.example', '2', 'u@d.example', 'more@e.example'])
  assert.equal(w.deliveries.map((d) => d.to[0]).sort(), ['more@e.example', 'u@d.example'])
  assert.is(w.deliveries[0]!.sender, 'new@b.example')
  await w.stop()
})
test('each edit of the envelope', async () => {
  const verified = mark('scope.verified', z.boolean())
  const w = await world((m) => {
    m.mark(verified)
    m.cleanup.tap({ body: 'none' }, () =>
      edits([
        envelope.removeRecipient('gone@d.example'),
        envelope.replaceRecipient('old@d.example', 'new@d.example'),
        envelope.bcc('archive@d.example'),
        envelope.mark(verified, true),
        envelope.routeAll('box', 'filter'),
        hold('look at it'),
      ]),
    )
  })
  await w.send(['gone@d.example', 'old@d.example'])
  const m = [...w.store.messages.values()][0]!
  assert.equal(
    m.recipients.map((r) => [r.address, r.original, r.bcc ?? false]),
    [
      ['new@d.example', 'old@d.example', false],
      ['archive@d.example', 'archive@d.example', true],
    ],
  )
  assert.equal(m.recipients[1]!.notify, ['NEVER'])
  assert.equal(m.envelope.marks, { 'scope.verified': true })
  assert.equal({ ...m.envelope.route }, { transport: 'box', nexthop: 'filter' })
  assert.is(m.held!.reason, 'look at it')
  await w.stop()
})
test('a message whose recipients are all taken away is refused', async () => {
  const w = await world((m) => m.cleanup.tap({ body: 'none' }, () => edits([envelope.removeRecipient('u@d.example')])))
  assert.is(short((await w.send()).end), '554 5.5.1 Error: no valid recipients')
  assert.is(w.store.messages.size, 0)
  await w.stop()
})
test('edits of a tap that failed are not applied, none of them', async () => {
  const w = await world(() => undefined, {
    uses: [
      plugin('half', (m) =>
        m.cleanup.tap({ body: 'none' }, () => edits([header.insert('X-A', '1'), header.insert('X-B', 'a\r\n\r\nb')])),
      )({}, { onFault: 'pass' }),
    ],
  })
  await w.send()
  await settle()
  assert.not.match(w.deliveries[0]!.header, /X-A/)
  await w.stop()
})
test('a mark that its schema does not take is a fault of the tap', async () => {
  const level = mark('scope.level', z.number())
  const w = await world((m) => {
    m.mark(level)
    m.cleanup.tap({ body: 'none' }, () => edits([{ ...envelope.mark(level, 1), value: 'high' }]))
  })
  assert.is((await w.send()).end!.code, 451)
  await w.stop()
})
test('a mark is there at resolve, attempt and deliver; a wrong one reads as absent', async () => {
  const level = mark('scope.n', z.number())
  const other = mark('scope.n', z.string())
  const seen: unknown[] = []
  const w = await world(
    (m) => {
      m.rcpt.tap(() => edits([envelope.mark(level, 7)]))
      m.resolve.tap((v) => void seen.push(v.marks.get(level), v.marks.get(other)))
      m.attempt.tap((v) => void seen.push(v.marks.get(level)))
    },
    { outcome: (_a, job) => (seen.push(job.marks.get(level)), failedWith('5.0.0', 'x')) },
  )
  await w.send()
  await settle()
  assert.equal(seen, [7, undefined, 7, 7])
  await w.stop()
})
test('the body can be replaced', async () => {
  const w = await world((m) => m.cleanup.tap({ body: 'none' }, () => edits([body.replace('new\nbody')])))
  await w.send()
  await settle()
  assert.is(w.deliveries[0]!.body, 'new\r\nbody\r\n')
  await w.stop()
})

const TIERS: [BodyTier, string[]][] = [
  ['none', []],
  ['headers', ['header']],
  ['lines', ['header', 'lines']],
  ['stream', ['header', 'stream']],
  ['mime', ['header', 'parts']],
]
for (const [tier, wanted] of TIERS)
  test(`a draft of the tier ${tier} offers just that`, async () => {
    let has: string[] = []
    const w = await world((m) =>
      m.cleanup.tap({ body: tier }, (d) => void (has = ['header', 'lines', 'stream', 'parts'].filter((k) => k in d))),
    )
    await w.send()
    assert.equal(has, wanted)
    await w.stop()
  })
test('lines and stream give the body, byte for byte', async () => {
  const lines: string[] = []
  let bytes = ''
  const w = await world((m) => {
    m.cleanup.tap({ body: 'lines' }, async (d) => {
      for await (const l of d.lines()) lines.push(l)
      return undefined
    })
    m.cleanup.tap({ body: 'stream' }, async (d) => {
      for await (const c of d.stream()) bytes += Buffer.from(c).toString('latin1')
      return undefined
    })
  })
  await w.send(undefined, ['A: b\r\n\r\none\r', '\n\xfftwo\r\n\r\nth', 'ree\r\n'])
  assert.equal(lines, ['one', '\xfftwo', '', 'three'])
  assert.is(bytes, 'one\r\n\xfftwo\r\n\r\nthree\r\n')
  await w.stop()
})

const ORIGINS: [name: string, origins: readonly ('smtp' | 'submit' | 'bounce')[] | undefined, seen: string[]][] = [
  ['all but bounces', undefined, ['smtp', 'submit']],
  ['only bounces', ['bounce'], ['bounce']],
  ['smtp', ['smtp'], ['smtp']],
  ['none', [], []],
]
for (const [name, origins, wanted] of ORIGINS)
  test(`a tap sees ${name}`, async () => {
    const seen: string[] = []
    const w = await world(
      (m) => {
        m.cleanup.tap({ body: 'none', ...(origins && { origins }) }, (d) => void seen.push(d.origin.kind))
        m.report.tap((v) => report({ sender: '', recipients: [v.sender], content: 'A: b\n\nc' }))
      },
      {
        outcome: (a) =>
          a === 'a@b.example' ? { kind: 'delivered', esc: '2.0.0', text: '' } : failedWith('5.1.1', 'x'),
      },
    )
    await w.send()
    await w.node.submit({ sender: '', recipients: ['a@b.example'], content: 'x' })
    await settle()
    assert.equal([...new Set(seen)].sort(), wanted)
    await w.stop()
  })

const scored = (called: string[]) =>
  definePlugin({
    name: 'scored',
    options: z.strictObject({ score: z.number().default(1) }),
    apply: (m, o) => {
      m.rcpt.tap((v) => void called.push(`${v.session.listener}:${o.score}`))
      m.resolve.tap(() => void called.push(`resolve:${o.score}`))
      m.on.received.tap(() => void called.push(`received:${o.score}`) as undefined)
    },
  })
const LISTENERS = ['mx', 'submission']
for (const [name, bind, wanted] of [
  ['root', {}, ['mx:1', 'submission:1']],
  ['bound to one', { listener: 'mx' }, ['mx:1']],
  ['with options of its own in one', { onListener: { submission: { score: 5 } } }, ['mx:1', 'submission:5']],
  ['in both', { onListener: { mx: { score: 3 }, submission: { score: 5 } } }, ['mx:3', 'submission:5']],
] as const)
  test(`a use in the scope of listeners: ${name}`, async () => {
    const called: string[] = []
    const w = await world(undefined, { listeners: LISTENERS, uses: [scored(called)({}, bind)] })
    for (const l of LISTENERS) {
      const s = w.open(l)
      await w.send(undefined, undefined, s)
      s.end()
    }
    await w.node.idle()
    assert.equal(
      called.filter((c) => !/resolve|received/.test(c)),
      wanted,
    )
    const root = called.filter((c) => /resolve|received/.test(c)).sort()
    assert.equal(root, ['received:1', 'received:1', 'resolve:1', 'resolve:1'], 'root taps once, with the own options')
    await w.stop()
  })
test('commands in the scope of a listener', async () => {
  const w = await world(undefined, {
    listeners: LISTENERS,
    uses: [
      plugin('x', (m) => m.command('XYZ', { keyword: 'XYZ 1' }, () => ({ kind: 'reply', code: 250, text: 'ok' })))(
        {},
        { listener: 'mx' },
      ),
    ],
  })
  assert.equal(w.doors.get('mx')!().keywords, ['XYZ 1'])
  assert.equal(w.doors.get('submission')!().keywords, [])
  assert.is(await w.open('submission').command('XYZ', ''), undefined)
  await w.node.stop(0)
})
test('a listener that is not there, in listener and onListener', async () => {
  const e = await rejection(() =>
    world(undefined, {
      uses: [scored([])({}, { as: 'a', listener: 'm' }), scored([])({}, { as: 'b', onListener: { mxx: {} } })],
    }),
  )
  assert.equal(told(e), [
    'plugins[1]: there is no listener "m"; there are: mx (mx)',
    'plugins[2]: there is no listener "mxx"; there are: mx (mx)',
  ])
})

const PASS: [string, (m: Mta) => void, boolean][] = [
  ['rcpt', (m) => m.rcpt.tap(() => undefined), true],
  ['cleanup', (m) => m.cleanup.tap({ body: 'none' }, () => undefined), true],
  ['relay', (m) => m.relay.tap(() => undefined), false],
  ['resolve', (m) => m.resolve.tap(() => undefined), false],
  ['attempt', (m) => m.attempt.tap(() => undefined), false],
  ['report', (m) => m.report.tap(() => undefined), false],
  ['command', (m) => m.command('X', {}, () => undefined), false],
  ['a transport', (m) => m.deliver('x', { deliver: async (j) => j.all(failedWith('5.0.0', 'x')) }), false],
]
for (const [name, apply, may] of PASS)
  test(`onFault: pass ${may ? 'is taken' : 'is refused'} at ${name}`, async () => {
    const start = () => world(undefined, { uses: [plugin('x', apply)({}, { onFault: 'pass' })] })
    if (may) return (await start()).stop()
    assert.match(told(await rejection(start)).join(), /^plugins\[1\]\.onFault: onFault: pass is not possible at /)
  })
for (const [policy, code, held] of [
  ['pass', 250, false],
  ['hold', 250, true],
  ['defer', 451, false],
] as const)
  test(`onFault: ${policy} in cleanup`, async () => {
    const w = await world(undefined, {
      uses: [
        plugin('x', (m) =>
          m.cleanup.tap({ body: 'none' }, () => {
            throw new Error('no')
          }),
        )({}, { onFault: policy }),
      ],
      outcome: () => ({ kind: 'deferred', esc: '4.0.0', text: 'x' }),
    })
    assert.is((await w.send()).end!.code, code)
    await settle()
    assert.is([...w.store.messages.values()][0]?.held !== undefined, held)
    await w.stop()
  })
test('a misspelt policy, phase and timeout stop the start', async () => {
  const e = await rejection(() =>
    world(undefined, {
      uses: [plugin('x', () => undefined)({}, { onFault: 'pas', phase: 'erly', timeout: -1 } as never)],
    }),
  )
  assert.equal(told(e), [
    'plugins[1].onFault: expected one of defer, pass, hold (pass)',
    'plugins[1].phase: expected one of early, normal, late (early)',
    'plugins[1].timeout: expected milliseconds above 0',
  ])
})

test('a fact whose tap throws is told to the others', async () => {
  const seen: string[] = []
  const w = await world((m) => {
    m.on.received.tap(() => {
      throw new Error('no')
    })
    m.on.received.tap((() => Promise.reject(new Error('async'))) as never)
    m.on.received.tap((f) => void seen.push(f.sender) as undefined)
  })
  assert.is((await w.send()).end!.code, 250)
  await settle()
  assert.equal(seen, ['a@b.example'])
  assert.is(w.log.of('plugin.fault').length, 2)
  await w.stop()
})
test('facts of a session, in order', async () => {
  const seen: string[] = []
  const w = await world((m) => {
    m.on.connected.tap(() => void seen.push('connected') as undefined)
    m.on.authenticated.tap((f) => void seen.push(`authenticated ${f.user}`) as undefined)
    m.on.refused.tap((f) => void seen.push(`refused ${f.stage} by ${f.by}`) as undefined)
    m.on.received.tap((f) => void seen.push(`received ${f.recipients}`) as undefined)
    m.on.attempted.tap((f) => void seen.push(`attempted ${f.recipient} ${f.outcome.kind}`) as undefined)
    m.on.settled.tap((f) => void seen.push(`settled ${f.delivered} ${f.failed}`) as undefined)
    m.on.disconnect.tap((f) => void seen.push(`disconnect ${f.commands}`) as undefined)
    m.rcpt.tap((v) => (v.recipient.local === 'bad' ? refuse('5.7.1', 'no') : permit()))
  })
  const s = w.open()
  await s.authenticated('joe', 'PLAIN')
  await w.send(['u@d.example', 'bad@d.example'], undefined, s)
  await w.node.idle()
  s.replied('QUIT', { code: 221, text: 'Bye' })
  s.end()
  s.end()
  assert.equal(seen, [
    'connected',
    'authenticated joe',
    'refused RCPT by mine',
    'received 1',
    'attempted u@d.example delivered',
    'settled 1 0',
    'disconnect 1',
  ])
  await w.stop()
})
test('slots: the transaction’s end with it, the session’s stay; a transaction’s cannot be set at HELO', async () => {
  const mine = sessionSlot<string>('scope.s')
  const theirs = transactionSlot<string>('scope.t')
  const seen: unknown[] = []
  const w = await world((m) => {
    const s = m.slot(mine)
    const t = m.slot(theirs)
    m.helo.tap((v) => void s.set(v, 'session'))
    m.helo.tap((v) => (v.helo!.name === 'wrong' ? void t.set(v, 'x') : undefined))
    m.mail.tap((v) => {
      seen.push(v.slots.get(mine), v.slots.get(theirs))
      t.set(v, 'transaction')
      return undefined
    })
    m.rcpt.tap((v) => void seen.push(v.slots.get(theirs)))
    m.cleanup.tap({ body: 'none' }, (d) => void seen.push(d.slots.get(mine), d.slots.get(theirs)))
  })
  await w.send()
  await w.session.mail(address('a@b.example'), {})
  assert.equal(seen, ['session', undefined, 'transaction', 'session', 'transaction', 'session', undefined])
  assert.is((await w.session.helo('EHLO', 'wrong'))!.code, 451)
  await w.stop()
})
test('a trusted front end may say who the client is, but no more than a line', async () => {
  const w = await world((m) =>
    m.helo.tap(() => edits([sessionEdit.client({ address: '192.0.2.9', helo: 'a\r\nBcc: evil' })])),
  )
  const { end } = await w.send()
  await settle()
  for (const d of w.deliveries) assert.not.match(d.header, /^Bcc/m)
  assert.ok(end)
  await w.stop()
})
test('nothing can be tapped after apply', async () => {
  let late!: Mta
  const w = await world((m) => void (late = m))
  assert.throws(() => late.rcpt.tap(() => undefined), /freeze/)
  assert.throws(() => late.deliver('x', { deliver: async (j) => j.all(failedWith('5.0.0', 'x')) }), /freeze/)
  assert.throws(() => late.on.received.tap(() => undefined), /freeze/)
  await w.stop()
})

test.run()
