/** The way in: what a client, a tap or a lost connection can do to a message that is being accepted. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defer, discard, edits, header, memorySink, refuse, session } from '@postern/core'
import type { BodySink } from '@postern/core'
import { settle } from '../support/clock.ts'
import { MemoryStore } from '../support/memory-store.ts'
import { address, short, world } from '../support/world.ts'
import { gate } from './gate.ts'

/** A store that counts the bodies it was told to forget; a body forgotten after its end is empty. */
class Counting extends MemoryStore {
  forgotten = 0
  override body(): BodySink & ReturnType<typeof memorySink> {
    const sink = memorySink()
    return { ...sink, abort: () => (this.forgotten++, sink.abort()) }
  }
}

test('abort of the content while end is under way does nothing', async () => {
  const door = gate()
  const store = new Counting()
  const w = await world((m) => m.cleanup.tap({ body: 'none' }, () => door.passed.then(() => undefined)), { store })
  const s = w.session
  await w.hello()
  await s.rcpt(address('u@d.example'), {})
  await s.data()
  const sink = s.content()
  await sink.write(Buffer.from('Subject: hi\r\n\r\nimportant\r\n'))
  const end = sink.end()
  await settle()
  sink.abort()
  door.open()
  assert.is((await end).code, 250)
  await settle()
  assert.is(store.forgotten, 0)
  assert.equal(
    w.deliveries.map((d) => d.body),
    ['important\r\n'],
  )
  await w.stop()
})
test('the end of a session forgets content that is still coming in', async () => {
  const store = new Counting()
  const w = await world(undefined, { store })
  const s = w.session
  await w.hello()
  await s.rcpt(address('u@d.example'), {})
  await s.data()
  await s.content().write(Buffer.from('Subject: hi\r\n\r\nhalf of it'))
  s.end()
  assert.is(store.forgotten, 1)
  await settle()
  assert.is(store.messages.size, 0)
  await w.node.stop()
})
test('the end of a session leaves what is being committed whole', async () => {
  const door = gate()
  const store = new Counting()
  const w = await world((m) => m.on.received.tap(() => undefined), { store })
  const commit = store.commit.bind(store)
  store.commit = (m) => door.passed.then(() => commit(m))
  const s = w.open()
  const sent = w.send(undefined, 'A: b\r\n\r\nimportant\r\n', s)
  await settle()
  s.end()
  door.open()
  assert.is((await sent).end!.code, 250)
  await settle()
  assert.equal([store.forgotten, w.deliveries.map((d) => d.body)], [0, ['important\r\n']])
  await w.node.stop()
})

test('discard for a recipient that was refused in the end does not drop the others', async () => {
  const w = await world((m) =>
    m.rcpt.tap((v) =>
      v.recipient.local === 'spam' ? edits([session.refuseLater(refuse('5.7.1', 'no'))], discard('trap')) : undefined,
    ),
  )
  const { rcpt, end } = await w.send(['spam@d.example', 'good@d.example'])
  assert.equal(rcpt.map(short), ['554 5.7.1 no', undefined])
  assert.is(end!.code, 250)
  await settle()
  assert.equal(
    w.deliveries.map((d) => d.to),
    [['good@d.example']],
  )
  await w.stop()
})
test('discard for a recipient that was accepted drops the message', async () => {
  const w = await world((m) => m.rcpt.tap((v) => (v.recipient.local === 'spam' ? discard('trap') : undefined)))
  assert.is((await w.send(['spam@d.example', 'good@d.example'])).end!.code, 250)
  await settle()
  assert.equal([w.deliveries.length, w.store.log], [0, []])
  await w.stop()
})

for (const smtpdDelayReject of [true, false])
  test(`a client that goes on after a fault at HELO meets it at RCPT: smtpdDelayReject ${smtpdDelayReject}`, async () => {
    let calls = 0
    const w = await world(
      (m) =>
        m.helo.tap(() => {
          if (++calls === 1) throw new Error('lost backend')
          return undefined
        }),
      { config: { smtpdDelayReject } },
    )
    const s = w.session
    await s.connect()
    assert.is((await s.helo('EHLO', 'client.example'))!.code, 451)
    assert.is(await s.mail(address('a@b.example'), {}), undefined)
    for (let i = 0; i < 2; i++) assert.is((await s.rcpt(address('u@d.example'), {}))!.code, 451)
    assert.is((await s.data())!.code, 554)
    assert.is(await s.helo('EHLO', 'client.example'), undefined)
    await s.mail(address('a@b.example'), {})
    assert.is(await s.rcpt(address('u@d.example'), {}), undefined, 'a new HELO is judged anew')
    await w.stop()
  })
test('a deferral at MAIL is met at each RCPT of that transaction only', async () => {
  let calls = 0
  const w = await world((m) => m.mail.tap(() => (++calls === 1 ? defer('4.7.1', 'later') : undefined)))
  const s = w.session
  await w.hello()
  assert.is(short(await s.rcpt(address('u@d.example'), {})), '450 4.7.1 later')
  s.reset()
  await s.mail(address('a@b.example'), {})
  assert.is(await s.rcpt(address('u@d.example'), {}), undefined)
  await w.stop()
})

const LITERALS: [domain: string, malformed: boolean][] = [
  ['[192.0.2.1]', false],
  ['[IPv6:2001:db8::1]', false],
  ['[ipv6:::1]', false],
  ['d.example', false],
  ['1.2.3', false],
  ['[999.0.2.1]', true],
  ['[192.0.2.256]', true],
  ['[192.0.2]', true],
  ['[host]', true],
  ['[IPv6:zz]', true],
  ['[IPv6:192.0.2.1]', true],
  ['192.0.2.1', true],
]
test('a recipient whose domain is a malformed address literal is refused', async () => {
  let judged = 0
  const w = await world((m) => m.relay.tap({ phase: 'early' }, () => void judged++))
  await w.hello()
  const said: typeof LITERALS = []
  for (const [domain] of LITERALS) {
    const reply = await w.session.rcpt({ ...address('u@d.example'), domain, text: `u@${domain}` }, {})
    if (reply) assert.is(short(reply), '501 5.1.3 Bad recipient address syntax', domain)
    said.push([domain, reply !== undefined])
  }
  assert.equal(said, LITERALS)
  assert.is(judged, LITERALS.filter(([, malformed]) => !malformed).length, 'before any tap')
  await w.stop()
})

test('fields that several answers put on top stand in the order of the answers', async () => {
  const w = await world((m) => {
    m.mail.tap(() => edits([header.insert('X-1', 'a')]))
    m.rcpt.tap((v) =>
      edits(
        v.recipient.local === 'u'
          ? [header.insert('X-2', 'b'), header.insert('X-End', 'z', 'bottom'), header.insert('X-3', 'c')]
          : [header.insert('X-4', 'd')],
      ),
    )
  })
  await w.send(['u@d.example', 'v@d.example'], 'Subject: hi\r\n\r\nx\r\n')
  await settle()
  const names = [...w.deliveries[0]!.header.matchAll(/^([\w-]+):/gm)].map((m) => m[1])
  assert.equal(
    names.filter((n) => n!.startsWith('X-') || n === 'Subject'),
    ['X-1', 'X-2', 'X-3', 'X-4', 'Subject', 'X-End'],
  )
  assert.equal(names.slice(0, 4), ['X-1', 'X-2', 'X-3', 'X-4'])
  await w.stop()
})

test.run()
