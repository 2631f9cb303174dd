/** The Received field (RFC 5321 section 4.4, RFC 3848, RFC 6531 section 4.3). */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rfc5322Date } from '@postern/core'
import type { Listener, Session, TlsFacts } from '@postern/core'
import { FakeClock, settle } from '../support/clock.ts'
import { address, world } from '../support/world.ts'

const tls: TlsFacts = { protocol: 'TLSv1.3', cipher: 'x' }
type Open = Partial<Parameters<Listener['open']>[0]>
type Hello = (s: Session) => unknown
const ehlo: Hello = (s) => s.helo('EHLO', 'c.example')
const auth: Hello = async (s) => (await ehlo(s), s.authenticated('joe', 'PLAIN'))

const WITH: [name: string, open: Open, hello: Hello, utf8: boolean][] = [
  ['SMTP', {}, (s) => s.helo('HELO', 'c.example'), false],
  ['ESMTP', {}, ehlo, false],
  ['ESMTPS', { tls }, ehlo, false],
  ['ESMTPA', {}, auth, false],
  ['ESMTPSA', { tls }, auth, false],
  ['UTF8SMTP', {}, ehlo, true],
  ['UTF8SMTPS', { tls }, ehlo, true],
  ['UTF8SMTPSA', { tls }, auth, true],
  ['LMTP', { protocol: 'lmtp' }, (s) => s.helo('LHLO', 'c.example'), false],
  ['LMTPS', { protocol: 'lmtp', tls }, (s) => s.helo('LHLO', 'c.example'), false],
  ['UTF8LMTP', { protocol: 'lmtp' }, (s) => s.helo('LHLO', 'c.example'), true],
]
async function received(open: Open, hello: Hello, utf8 = false, to = ['u@d.example']): Promise<string> {
  const clock = new FakeClock()
  const w = await world(undefined, { clock, config: { mailName: 'Mailer' } })
  const s = w.open('mx', open)
  await s.connect()
  await hello(s)
  await s.mail(address('a@b.example'), { smtputf8: utf8 })
  for (const t of to) await s.rcpt(address(t), {})
  const sink = s.content()
  await sink.write(Buffer.from('A: b\r\n\r\nc\r\n'))
  await sink.end()
  s.end()
  await settle()
  const { header } = w.deliveries[0]!
  await w.node.stop()
  return header.replace(/A: b\r\n$/, '').replace(rfc5322Date(clock.now()), 'DATE')
}
for (const [name, open, hello, utf8] of WITH)
  test(`with ${name}`, async () => {
    assert.is(
      await received(open, hello, utf8),
      `Received: from c.example (unknown [192.0.2.1])\r\n\tby mx.example.org (Mailer) with ${name} id ID00000000001\r\n\tfor <u@d.example>; DATE\r\n`,
    )
  })
test('several recipients are not named', async () => {
  assert.is(
    await received({}, ehlo, false, ['u@d.example', 'v@d.example']),
    'Received: from c.example (unknown [192.0.2.1])\r\n\tby mx.example.org (Mailer) with ESMTP id ID00000000001;\r\n\tDATE\r\n',
  )
})
test('IPv6, a verified name, no HELO', async () => {
  const client = { address: '2001:db8::1', port: 1, name: 'c.example', reverseName: 'c.example' }
  assert.match(await received({ client }, ehlo), 'from c.example (c.example [IPv6:2001:db8::1])')
  assert.match(
    await received({ client }, () => undefined),
    'from c.example (c.example [IPv6:2001:db8::1])\r\n\tby mx.example.org (Mailer) with SMTP id',
  )
})
test('mail of our own', async () => {
  const w = await world()
  await w.node.submit({ sender: '', recipients: ['u@d.example'], content: 'A: b\n\nc' })
  await w.node.idle()
  assert.match(
    w.deliveries[0]!.header,
    /^Received: by mx\.example\.org \(Postern\)\r\n\tid ID00000000001; .*\r\nA: b\r\n$/,
  )
  assert.is(w.deliveries[0]!.body, 'c\r\n')
  await w.stop()
})
const DATES: [ms: number, utc: string][] = [
  [0, 'Thu,  1 Jan 1970 00:00:00 +0000 (UTC)'],
  [1_700_000_000_999, 'Tue, 14 Nov 2023 22:13:20 +0000 (UTC)'],
  [1_709_164_800_000, 'Thu, 29 Feb 2024 00:00:00 +0000 (UTC)'],
]
for (const [ms, utc] of DATES)
  test(`the date of ${ms}`, () => {
    const text = rfc5322Date(ms)
    assert.match(
      text,
      /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [ \d]\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}( \([A-Z]+\))?$/,
    )
    assert.is(Date.parse(text.replace(/ \(.*/, '')), Math.floor(ms / 1000) * 1000)
    if (new Date(ms).getTimezoneOffset() === 0) assert.is(text, utc)
  })

test.run()
