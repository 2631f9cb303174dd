/** The rules of a dialogue: what is forgotten when, what waits for RCPT, what the limits say. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  defer,
  discard,
  edits,
  envelope,
  hangUp,
  header,
  permit,
  refuse,
  session,
  transactionSlot,
  sessionSlot,
} from '@postern/core'
import type { Config, Mta, Session } from '@postern/core'
import { settle } from '../support/clock.ts'
import { address, short, world } from '../support/world.ts'

const TLS = { protocol: 'TLSv1.3', cipher: 'x' }
const rcpt = async (s: Session, to = 'u@d.example') => short(await s.rcpt(address(to), {}))
const no = () => refuse('5.7.1', 'no')

test('the order of commands', async () => {
  const w = await world()
  const s = w.session
  assert.is(await rcpt(s), '503 5.5.1 Error: need MAIL command')
  assert.is(short(await s.data()), '503 5.5.1 Error: need RCPT command')
  await w.hello()
  assert.is(short(await s.mail(address('c@b.example'), {})), '503 5.5.1 Error: nested MAIL command')
  assert.is(short(await s.data()), '554 5.5.1 Error: no valid recipients')
  assert.is(await rcpt(s), undefined)
  assert.is(await s.data(), undefined)
  await w.stop()
})
const FORGETTING: [string, (s: Session) => unknown][] = [
  ['RSET', (s) => s.reset()],
  ['HELO', (s) => s.helo('HELO', 'x')],
  ['EHLO', (s) => s.helo('EHLO', 'x')],
  ['STARTTLS', (s) => s.secured(TLS)],
]
for (const [name, act] of FORGETTING)
  test(`${name} forgets the transaction`, async () => {
    const slot = transactionSlot<object>('s.t')
    let gone = 0
    const w = await world((m) => {
      const t = m.slot(slot)
      m.mail.tap((v) => void t.set(v, { [Symbol.dispose ?? Symbol.for('Symbol.dispose')]: () => gone++ }))
    })
    await w.hello()
    await rcpt(w.session)
    await act(w.session)
    assert.is(await rcpt(w.session), '503 5.5.1 Error: need MAIL command')
    assert.is(await w.session.mail(address('c@b.example'), {}), undefined)
    assert.is(short(await w.session.data()), '554 5.5.1 Error: no valid recipients')
    if (typeof Symbol.dispose === 'symbol') assert.is(gone, 1)
    await w.stop()
  })
test('STARTTLS forgets HELO and the session’s slots, RSET does not', async () => {
  const slot = sessionSlot<string>('s.s')
  const w = await world((m) => {
    const t = m.slot(slot)
    m.helo.tap((v) => void t.set(v, v.helo!.name))
  })
  const { view } = w.session
  await w.session.helo('EHLO', 'client.example')
  w.session.reset()
  assert.equal([view.helo?.name, view.slots.get(slot), view.tls], ['client.example', 'client.example', undefined])
  w.session.secured(TLS)
  assert.equal([view.helo, view.slots.get(slot), view.tls], [undefined, undefined, TLS])
  await w.stop()
})

type Early = [stage: string, apply: (m: Mta) => void]
const EARLY: Early[] = [
  ['connect', (m) => m.connect.tap(no)],
  ['helo', (m) => m.helo.tap(no)],
  ['mail', (m) => m.mail.tap(no)],
]
for (const [stage, apply] of EARLY)
  for (const delayed of [true, false])
    test(`a refusal at ${stage} ${delayed ? 'waits for RCPT' : 'is said at once'}`, async () => {
      const stages: string[] = []
      const w = await world(
        (m) => {
          apply(m)
          m.on.refused.tap((f) => void stages.push(f.stage) as undefined)
        },
        { config: { smtpdDelayReject: delayed } },
      )
      const s = w.session
      const said = {
        connect: short(await s.connect()),
        helo: short(await s.helo('EHLO', 'x')),
        mail: short(await s.mail(address('a@b.example'), {})),
      }
      assert.equal(
        Object.entries(said).filter(([, v]) => v !== undefined),
        delayed ? [] : [[stage, '554 5.7.1 no']],
      )
      if (delayed) {
        assert.is(await rcpt(s), '554 5.7.1 no')
        assert.is(await rcpt(s, 'v@d.example'), '554 5.7.1 no')
        assert.is(short(await s.data()), '554 5.5.1 Error: no valid recipients')
      }
      assert.equal(stages.slice(0, 2), delayed ? ['RCPT', 'RCPT'] : [stage])
      await w.stop()
    })
test('a refused MAIL leaves no transaction when it is said at once', async () => {
  const w = await world((m) => m.mail.tap((v) => (v.sender.local === 'bad' ? no() : undefined)), {
    config: { smtpdDelayReject: false },
  })
  assert.is(short(await w.hello(w.session, 'bad@b.example')), '554 5.7.1 no')
  assert.is(await w.session.mail(address('a@b.example'), {}), undefined)
  assert.is(await rcpt(w.session), undefined)
  await w.stop()
})
test('a waiting refusal goes with what it was said about', async () => {
  const w = await world((m) => {
    m.helo.tap((v) => (v.helo!.name === 'bad' ? no() : undefined))
    m.mail.tap((v) => (v.sender.local === 'bad' ? refuse('5.1.8', 'sender') : undefined))
  })
  const s = w.session
  await s.helo('EHLO', 'bad')
  await s.mail(address('a@b.example'), {})
  assert.is(await rcpt(s), '554 5.7.1 no')
  s.reset()
  await s.mail(address('a@b.example'), {})
  assert.is(await rcpt(s), '554 5.7.1 no', 'RSET keeps what was said of HELO')
  await s.helo('EHLO', 'good')
  await s.mail(address('bad@b.example'), {})
  assert.is(await rcpt(s), '554 5.1.8 sender')
  s.reset()
  await s.mail(address('a@b.example'), {})
  assert.is(await rcpt(s), undefined)
  await w.stop()
})
for (const [name, verdict, wanted] of [
  ['hangUp', () => hangUp('4.7.0', 'bye'), '421 4.7.0 bye'],
  ['hangUp for good', () => hangUp('5.7.0', 'bye'), '521 5.7.0 bye'],
  ['a refusal with 521', () => refuse('5.7.0', 'bye', { code: 521 }), '521 5.7.0 bye'],
] as const)
  test(`${name} closes`, async () => {
    const w = await world((m) => m.rcpt.tap(verdict))
    await w.hello()
    const r = await w.session.rcpt(address('u@d.example'), {})
    assert.equal([short(r), r!.close], [wanted, true])
    await w.stop()
  })
test('hangUp does not wait for RCPT', async () => {
  const w = await world((m) => m.connect.tap(() => hangUp('4.7.0', 'bye')))
  const r = await w.session.connect()
  assert.equal([short(r), r!.close], ['421 4.7.0 bye', true])
  await w.stop()
})

const LAST: [name: string, apply: (m: Mta) => void, first: string | undefined, second?: string][] = [
  [
    'deferIfPermit turns a yes into later',
    (m) => m.mail.tap(() => edits([session.deferIfPermit('4.7.1', 'later')])),
    '450 4.7.1 later',
    '450 4.7.1 later',
  ],
  [
    'deferIfPermit leaves a no',
    (m) => {
      m.mail.tap(() => edits([session.deferIfPermit('4.7.1', 'later')]))
      m.rcpt.tap(no)
    },
    '554 5.7.1 no',
    '554 5.7.1 no',
  ],
  [
    'deferIfReject turns a no into later',
    (m) => {
      m.mail.tap(() => edits([session.deferIfReject('4.7.1', 'later')]))
      m.rcpt.tap(no)
    },
    '450 4.7.1 later',
    '450 4.7.1 later',
  ],
  ['deferIfReject leaves a yes', (m) => m.mail.tap(() => edits([session.deferIfReject('4.7.1', 'later')])), undefined],
  [
    'deferIfReject leaves a later',
    (m) => {
      m.mail.tap(() => edits([session.deferIfReject('4.7.1', 'later')]))
      m.rcpt.tap(() => defer('4.1.1', 'mine'))
    },
    '450 4.1.1 mine',
    '450 4.1.1 mine',
  ],
  [
    'the first deferIfPermit wins',
    (m) => {
      m.helo.tap(() => undefined)
      m.mail.tap(() => edits([session.deferIfPermit('4.7.1', 'one'), session.deferIfPermit('4.7.2', 'two')]))
    },
    '450 4.7.1 one',
    '450 4.7.1 one',
  ],
  [
    'refuseLater refuses at RCPT',
    (m) => m.mail.tap(() => edits([session.refuseLater(refuse('5.7.1', 'kept'))])),
    '554 5.7.1 kept',
    '554 5.7.1 kept',
  ],
  [
    'refuseLater does not hide a refusal',
    (m) => {
      m.mail.tap(() => edits([session.refuseLater(refuse('5.7.1', 'kept'))]))
      m.rcpt.tap(no)
    },
    '554 5.7.1 no',
    '554 5.7.1 no',
  ],
  [
    'a permit does not undo refuseLater',
    (m) => {
      m.mail.tap(() => edits([session.refuseLater(refuse('5.7.1', 'kept'))]))
      m.rcpt.tap(() => permit())
    },
    '554 5.7.1 kept',
    '554 5.7.1 kept',
  ],
  // smtpd_access.c begins each check of a recipient with a clean slate
  [
    'deferIfPermit at RCPT is for that recipient',
    (m) =>
      m.rcpt.tap((v) => (v.recipient.local === 'u' ? edits([session.deferIfPermit('4.7.1', 'later')]) : undefined)),
    '450 4.7.1 later',
    undefined,
  ],
  [
    'deferIfReject at RCPT is for that recipient',
    (m) =>
      m.rcpt.tap((v) => (v.recipient.local === 'u' ? edits([session.deferIfReject('4.7.1', 'later')], no()) : no())),
    '450 4.7.1 later',
    '554 5.7.1 no',
  ],
  [
    'refuseLater at RCPT is for that recipient',
    (m) =>
      m.rcpt.tap((v) =>
        v.recipient.local === 'u' ? edits([session.refuseLater(refuse('5.7.1', 'kept'))]) : undefined,
      ),
    '554 5.7.1 kept',
    undefined,
  ],
]
for (const [name, apply, first, second] of LAST)
  test(name, async () => {
    const w = await world(apply)
    await w.hello()
    assert.is(await rcpt(w.session), first)
    assert.is(await rcpt(w.session, 'v@d.example'), second)
    await w.stop()
  })
for (const [name, act] of [
  ['a new HELO', (s: Session) => s.helo('EHLO', 'good')],
  ['STARTTLS', async (s: Session) => (s.secured(TLS), s.helo('EHLO', 'good'))],
] as const)
  for (const [kind, edit] of [
    ['deferIfPermit', session.deferIfPermit('4.7.1', 'of bad')],
    ['refuseLater', session.refuseLater(refuse('5.7.1', 'of bad'))],
  ] as const)
    test(`${name} forgets the ${kind} of the old one`, async () => {
      const w = await world((m) => m.helo.tap((v) => (v.helo!.name === 'bad' ? edits([edit]) : undefined)))
      await w.session.helo('EHLO', 'bad')
      await act(w.session)
      await w.session.mail(address('a@b.example'), {})
      assert.is(await rcpt(w.session), undefined)
      await w.stop()
    })

test('discard at RCPT drops the whole message and says 250', async () => {
  const told: string[] = []
  const w = await world((m) => {
    m.rcpt.tap((v) => (v.recipient.local === 'trap' ? discard() : undefined))
    m.on.discarded.tap((f) => void told.push(f.by) as undefined)
    m.on.received.tap(() => void told.push('received') as undefined)
  })
  const { rcpt: said, end } = await w.send(['u@d.example', 'trap@d.example'])
  assert.equal(said, [undefined, undefined])
  assert.match(short(end)!, /^250 2\.0\.0 Ok: queued as /)
  assert.equal(told, ['mine'])
  assert.is(w.store.messages.size, 0)
  await w.send(['u@d.example'])
  assert.equal(told, ['mine', 'received'], 'the next message is another one')
  await w.stop()
})
test('edits at RCPT are in the message', async () => {
  const w = await world((m) => m.rcpt.tap(() => edits([header.insert('X-A', 'b'), envelope.bcc('archive@e.example')])))
  await w.send()
  await settle()
  assert.match(w.deliveries[0]!.header, /^X-A: b\r\nReceived:/)
  assert.equal(w.deliveries.flatMap((d) => d.to).sort(), ['archive@e.example', 'u@d.example'])
  await w.stop()
})

const SIZES: [
  name: string,
  config: Config,
  declared: number | undefined,
  bytes: number,
  mail?: string,
  end?: string,
][] = [
  ['declared too big', { messageSizeLimit: 100 }, 101, 0, '552 5.3.4 Message size exceeds fixed limit'],
  ['declared as much as may be', { messageSizeLimit: 100 }, 100, 100],
  ['one byte too many', { messageSizeLimit: 100 }, undefined, 101, undefined, '552 5.3.4 Error: message file too big'],
  ['declared less than it is', { messageSizeLimit: 100 }, 10, 101, undefined, '552 5.3.4 Error: message file too big'],
  ['no limit', { messageSizeLimit: 0 }, 10_000_000, 1000],
]
for (const [name, config, size, bytes, mail, end] of SIZES)
  test(`size: ${name}`, async () => {
    const w = await world(undefined, { config })
    assert.is(short(await w.hello(undefined, undefined, { size })), mail)
    if (!mail) {
      await rcpt(w.session)
      const sink = w.session.content()
      for (let i = 0; i < bytes; i += 10)
        await sink.write(Buffer.alloc(Math.min(10, bytes - i), i === 0 ? 'A: b\r\n\r\nx' : 'x'))
      const said = short(await sink.end())!
      if (end) assert.is(said, end)
      else assert.match(said, /^250/)
    }
    assert.is(w.store.messages.size, end || mail ? 0 : 1)
    assert.is(await w.session.mail(address('a@b.example'), {}), undefined, 'the next one may come')
    await w.stop()
  })
test('too many recipients', async () => {
  const w = await world(undefined, { config: { recipientLimit: 2 } })
  await w.hello()
  assert.equal(
    [await rcpt(w.session, 'a@d.example'), await rcpt(w.session, 'b@d.example'), await rcpt(w.session, 'c@d.example')],
    [undefined, undefined, '452 4.5.3 Error: too many recipients'],
  )
  assert.is(await w.session.data(), undefined)
  await w.stop()
})
test('a store that is full is said at MAIL', async () => {
  const w = await world()
  w.store.refusing = 'disk full'
  assert.is(short(await w.hello()), '452 4.3.1 Insufficient system storage')
  w.store.refusing = undefined
  assert.is(await w.session.mail(address('a@b.example'), {}), undefined)
  await w.stop()
})
for (const [hops, code] of [
  [48, 250],
  [60, 554],
] as const)
  test(`${hops} Received fields`, async () => {
    const w = await world()
    const { end } = await w.send(
      undefined,
      'received: from x\r\n\tby y\r\n'.repeat(hops) + '\r\nReceived: in the body\r\n',
    )
    assert.is(end!.code, code)
    if (code === 554) assert.is(short(end), '554 5.4.0 Error: too many hops')
    await w.stop()
  })

test('VRFY keeps nothing', async () => {
  const w = await world((m) => {
    m.rcpt.tap((v) =>
      v.recipient.local === 'no'
        ? no()
        : v.recipient.local === 'trap'
          ? discard()
          : edits([envelope.bcc('x@e.example'), header.insert('X-A', 'b'), session.deferIfPermit('4.7.1', 'later')]),
    )
  })
  const s = w.session
  assert.is(short(await s.verify(address('u@d.example'))), '450 4.7.1 later')
  assert.is(short(await s.verify(address('no@d.example'))), '554 5.7.1 no')
  assert.is(await rcpt(s), '503 5.5.1 Error: need MAIL command')
  await w.hello()
  await s.verify(address('trap@d.example'))
  await s.verify(address('v@d.example'))
  assert.is(short(await s.data()), '554 5.5.1 Error: no valid recipients')
  await w.stop()
})
test('VRFY inside a transaction leaves it as it was', async () => {
  const w = await world((m) => m.rcpt.tap((v) => (v.recipient.local === 'trap' ? discard() : undefined)))
  const s = w.session
  await w.hello()
  await rcpt(s)
  await s.verify(address('trap@d.example'))
  const sink = s.content()
  await sink.write(Buffer.from('A: b\r\n\r\nc\r\n'))
  await sink.end()
  await w.node.idle()
  assert.equal(
    w.deliveries.map((d) => d.to),
    [['u@d.example']],
  )
  await w.stop()
})
test('what nobody claims is refused, whatever rcpt would say', async () => {
  let asked = false
  const w = await world((m) => m.rcpt.tap(() => ((asked = true), permit())), { claim: false })
  await w.hello()
  assert.is(await rcpt(w.session, '"a b"@d.example'), '554 5.7.1 <a b@d.example>: Relay access denied')
  assert.is(asked, false)
  await w.stop()
})
test('content that is aborted leaves nothing, and the session goes on', async () => {
  const w = await world()
  await w.hello()
  await rcpt(w.session)
  const sink = w.session.content()
  await sink.write(Buffer.from('A: b\r\n\r\nc'))
  sink.abort()
  assert.is(w.store.messages.size, 0)
  assert.is(await w.session.mail(address('a@b.example'), {}), undefined)
  await w.stop()
})
test('a session’s commands are counted once', async () => {
  let commands = -1
  const w = await world((m) => {
    m.command('XYZ', {}, () => ({ kind: 'reply', code: 250, text: 'ok' }))
    m.on.disconnect.tap((f) => void (commands = f.commands) as undefined)
  })
  const s = w.open()
  s.replied('XYZ', (await s.command('XYZ', ''))!)
  s.end()
  assert.is(commands, 1)
  await w.stop()
})

test('an address that a program would take for an option', async () => {
  const replies = async (allowMinUser: boolean) => {
    const w = await world(undefined, { config: { allowMinUser } })
    const sender = await w.hello(w.session, '-x@b.example')
    await w.session.mail(address('a@b.example'), {})
    const recipient = await w.session.rcpt(address('-u@d.example'), {})
    await w.stop()
    return [sender, recipient].map((r) => r && `${r.code} ${r.esc} ${r.text}`)
  }
  assert.equal(await replies(false), ['501 5.1.7 Bad sender address syntax', '501 5.1.3 Bad recipient address syntax'])
  assert.equal(await replies(true), [undefined, undefined])
})
test.run()
