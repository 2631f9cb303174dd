/** What a network and servers can do to calls. */
import { createSocket } from 'node:dgram'
import { getEventListeners } from 'node:events'
import { absent, found, systemClock } from '@postern/core'
import type { Lookup } from '@postern/core'
import { fakeCall, sleep, within } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { accepted, fragmented, hostile, noKey, opaque, value, words } from './hostile.ts'
import type { Asked } from './hostile.ts'
import { open } from './open.ts'

const text = (asked: Asked) => asked.key.toString().replace(/\0$/, '')
const echo = (asked: Asked) => value(asked.xid, `value of ${text(asked)}`)
const BIG = 'x'.repeat(60_000)
const elsewhere = createSocket('udp4')

/** name, transport, server, what comes (a pattern: the cause of a failure) */
const cases: [string, 'udp' | 'tcp', (asked: Asked) => void, Lookup | RegExp][] = [
  ['a lost datagram', 'udp', (a) => a.times > 1 && a.send(echo(a)), found('value of joe')],
  ['two lost datagrams', 'udp', (a) => a.times > 2 && a.send(echo(a)), found('value of joe')],
  ['all lost', 'udp', () => undefined, /no answer within 2 s/],
  [
    'replies to calls that nobody made come first',
    'udp',
    (a) => [value(a.xid + 1, 'wrong'), value(0, 'wrong'), echo(a)].forEach((m) => a.send(m)),
    found('value of joe'),
  ],
  ['a reply twice', 'udp', (a) => [echo(a), value(a.xid, 'other')].forEach((m) => a.send(m)), found('value of joe')],
  [
    'another sender',
    'udp',
    (a) => {
      elsewhere.send(value(a.xid, 'spoofed'), a.from!.port, a.from!.address)
      setTimeout(() => a.send(echo(a)), 50)
    },
    found('value of joe'),
  ],
  [
    'garbage',
    'udp',
    (a) => [Buffer.from('x'), Buffer.alloc(0), Buffer.alloc(400, 7), echo(a)].forEach((m) => a.send(m)),
    found('value of joe'),
  ],
  ['our call sent back', 'udp', (a) => a.send(words(a.xid, 0, 2, 100004, 2, 3, 0, 0, 0, 0)), /no answer/],
  ['a large value', 'udp', (a) => a.send(value(a.xid, BIG)), found(BIG)],
  ['half a reply', 'udp', (a) => a.send(echo(a).subarray(0, 34)), /ends too early/],
  ['a length that lies', 'udp', (a) => a.send(accepted(a.xid, words(1, 0xffffffff))), /ends too early/],
  ['denied', 'udp', (a) => a.send(words(a.xid, 1, 1, 1, 5)), /denies/],
  ['no such program', 'udp', (a) => a.send(words(a.xid, 1, 0, 0, 0, 1)), /not served there/],
  [
    'a verifier in the reply',
    'udp',
    (a) => a.send(Buffer.concat([words(a.xid, 1, 0, 1), opaque('abcde'), words(0, 1), opaque('v')])),
    found('v'),
  ],
  ['keys with a NUL', 'udp', (a) => a.send(a.key.at(-1) === 0 ? value(a.xid, 'with\0') : noKey(a.xid)), found('with')],
  ['keys without', 'udp', (a) => a.send(a.key.at(-1) === 0 ? noKey(a.xid) : value(a.xid, 'without')), found('without')],
  ['neither', 'udp', (a) => a.send(noKey(a.xid)), absent()],
  ['an empty value', 'udp', (a) => a.send(value(a.xid, '')), found('')],
  ['no UTF-8', 'udp', (a) => a.send(value(a.xid, Buffer.from([0xff, 0xfe]))), /not UTF-8/],
  ['a damaged database', 'udp', (a) => a.send(accepted(a.xid, words(-5, 0))), /damaged/],
  ['an unknown status', 'udp', (a) => a.send(accepted(a.xid, words(-77, 0))), /status -77/],
  ['NOMORE is no "absent"', 'udp', (a) => a.send(accepted(a.xid, words(2, 0))), /no more entries/],
  ['one record', 'tcp', (a) => a.send(fragmented(echo(a))), found('value of joe')],
  ['fragments of a byte', 'tcp', (a) => a.send(fragmented(echo(a), 1)), found('value of joe')],
  [
    'bytes one by one',
    'tcp',
    (a) =>
      fragmented(echo(a), 7).forEach((_b, i, all) => setTimeout(() => a.send(all.subarray(i, i + 1) as Buffer), i * 5)),
    found('value of joe'),
  ],
  [
    'an empty last fragment',
    'tcp',
    (a) => a.send(Buffer.concat([words(echo(a).length), echo(a), words(0x80000000)])),
    found('value of joe'),
  ],
  ['a large value', 'tcp', (a) => a.send(fragmented(value(a.xid, BIG), 8000)), found(BIG)],
  ['too large', 'tcp', (a) => a.send(fragmented(value(a.xid, 'x'.repeat(2_000_000)))), /more than 1048576 bytes/],
  [
    'a stray reply before',
    'tcp',
    (a) => a.send(Buffer.concat([fragmented(value(a.xid + 1, 'wrong')), fragmented(echo(a))])),
    found('value of joe'),
  ],
  ['closed at once', 'tcp', (a) => a.socket!.end(), /closed the connection/],
  ['closed within a reply', 'tcp', (a) => a.socket!.end(fragmented(echo(a)).subarray(0, 20)), /closed the connection/],
  ['reset', 'tcp', (a) => a.socket!.resetAndDestroy(), /ECONNRESET/],
  ['empty fragments', 'tcp', (a) => a.send(Buffer.alloc(100_000)), /empty fragments/],
  ['no reply', 'tcp', () => undefined, /no answer within 2 s/],
  [
    'a slow reply',
    'tcp',
    (a) =>
      fragmented(echo(a)).forEach((_b, i, all) =>
        setTimeout(() => a.socket!.destroyed || a.send(all.subarray(i, i + 1) as Buffer), i * 100),
      ),
    /no answer within 2 s/,
  ],
]
for (const [name, transport, answer, want] of cases) {
  test(`${transport}: ${name}`, async () => {
    const server = await hostile(answer)
    const { table } = await open({ map: 'm', domain: 'd', servers: server.server, transport, timeout: 2 })
    try {
      const got = await within(name, Promise.resolve(table.get('joe', fakeCall())))
      if (!(want instanceof RegExp)) return assert.equal(got, want)
      assert.is(got.kind, 'failed')
      assert.match((got as { cause: string }).cause, want)
    } finally {
      await table.close!()
      server.close()
    }
  })
}
for (const transport of ['udp', 'tcp'] as const) {
  const send = (a: Asked, bytes: Buffer) => a.send(transport === 'tcp' ? fragmented(bytes) : bytes)
  test(`${transport}: replies in another order`, async () => {
    const held: (() => void)[] = []
    const server = await hostile((a) => {
      held.push(() => send(a, echo(a)))
      if (held.length === 50) for (const one of held.reverse()) one()
    })
    const { table } = await open({ map: 'm', domain: 'd', servers: server.server, transport })
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => table.get(`k${i}`, fakeCall())) as Promise<Lookup>[],
    )
    answers.forEach((answer, i) => assert.equal(answer, found(`value of k${i}`)))
    await table.close!()
    server.close()
  })
  test(`${transport}: one caller goes, the others get their answers`, async () => {
    const server = await hostile((a) => setTimeout(() => send(a, echo(a)), 100))
    const { table, told } = await open({ map: 'm', domain: 'd', servers: server.server, transport })
    const call = fakeCall()
    const gone = table.get('gone', call)
    const stays = table.get('stays', fakeCall())
    await sleep(20)
    call.abort(new Error('bye'))
    assert.equal(await gone, { kind: 'failed', why: 'retry', cause: 'nis:m: the lookup was ended: bye' })
    assert.equal(await stays, found('value of stays'))
    const late = await table.get('late', fakeCall({ deadline: systemClock.now() - 1 }))
    assert.is(late.kind, 'failed')
    const short = await table.get('short', fakeCall({ deadline: systemClock.now() + 50 }))
    assert.match((short as { cause: string }).cause, /time for the lookup is over/)
    const used = fakeCall()
    await table.get('used', used)
    assert.equal(getEventListeners(used.signal, 'abort'), [], 'nothing listens any more')
    assert.equal(told, [], 'that a caller goes says nothing of the server')
    await table.close!()
    server.close()
  })
}
test('a key longer than the protocol has them is absent where the server does not read it', async () => {
  const server = await hostile((a) => a.send(words(a.xid, 1, 0, 0, 0, 4)))
  const { table } = await open({ map: 'm', domain: 'd', servers: server.server })
  assert.equal(await table.get('x'.repeat(1100), fakeCall()), absent())
  assert.is((await table.get('x', fakeCall())).kind, 'failed')
  await table.close!()
  server.close()
})
/** what follows the head of a whole map's reply, what comes out */
const entry = (key: string, val: string) => Buffer.concat([words(1, 1), opaque(val), opaque(key)])
const maps: [string, (xid: number) => Buffer, string | RegExp][] = [
  ['two', (x) => fragmented(accepted(x, entry('a', '1'), entry('b', '2\0'), words(0)), 5), 'a=1 b=2'],
  ['NOMORE', (x) => fragmented(accepted(x, entry('a', '1'), words(1, 2, 0, 0))), 'a=1'],
  ['none', (x) => fragmented(accepted(x, words(0))), ''],
  ['half', (x) => fragmented(accepted(x, entry('a', '1'))), /without its end mark/],
  ['an error', (x) => fragmented(accepted(x, entry('a', '1'), words(1, -5, 0, 0))), /damaged/],
  ['another call', (x) => fragmented(accepted(x + 1, words(0))), /another call/],
  ['half a head', (x) => fragmented(accepted(x).subarray(0, 16)), /end of its head/],
]
for (const [name, reply, want] of maps) {
  test(`a whole map: ${name}`, async () => {
    const server = await hostile((a) => a.send(a.procedure === 3 ? noKey(a.xid) : reply(a.xid)))
    const { table } = await open({ map: 'm', domain: 'd', servers: server.server })
    const all: string[] = []
    let problem = ''
    try {
      for await (const [key, val] of table.entries!()) all.push(`${key}=${val}`)
    } catch (error) {
      problem = (error as Error).message
    }
    if (typeof want === 'string') assert.equal([all.join(' '), problem], [want, ''])
    else assert.match(problem, want)
    await table.close!()
    server.close()
  })
}
const definitions: [string | Record<string, unknown>, RegExp][] = [
  ['', /^nis table: map: /],
  ['two words', /^nis table: map: expected a name without blanks; need "nis:MAP"/],
  [{}, /^nis table: map: is missing/],
  [{ map: 'm', server: 'x' }, /unknown option server; did you mean servers\?/],
  [{ map: 'm', transport: 'sctp' }, /^nis table: transport: /],
  [{ map: 'm', servers: 'a:99999' }, /^nis table: servers: expected names/],
  [{ map: 'm', domain: 'x'.repeat(65) }, /^nis table: domain: /],
]
for (const [spec, problem] of definitions) {
  test(`definition: ${JSON.stringify(spec).slice(0, 60)}`, async () => {
    const { table } = await open(spec)
    const said = (await table.check!())!
    assert.match(said, problem)
    assert.equal(await table.get('a', fakeCall()), { kind: 'failed', why: 'misconfigured', cause: said })
  })
}
test.after(() => void elsewhere.close())
test.run()
