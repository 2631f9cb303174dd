/** What a server without 8BITMIME gets, and under which addresses mail leaves. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { OutgoingRewriter } from '@postern/core'
import { BodyDamaged, failed } from '@postern/core'
import type { Mail } from './core.ts'
import { deliver, rig } from './core.ts'
import { EHLO, nextHop } from './next-hop.ts'

const SEVEN = EHLO.replace('250-8BITMIME\n', '')
async function sent(mail: Partial<Mail>, options: object = {}, ehlo = SEVEN, rewriter?: OutgoingRewriter) {
  const hop = await nextHop({ EHLO: ehlo, LHLO: ehlo })
  const out = rig(options, undefined, undefined, undefined, rewriter)
  try {
    const { outcomes } = await deliver(out, { nexthop: `[${hop.host}]:${hop.port}`, ...mail })
    const [session] = hop.sessions
    return {
      outcome: Object.values(outcomes)[0]!,
      outcomes,
      message: hop.sessions.flatMap((s) => s.messages)[0],
      lines: session?.lines ?? [],
    }
  } finally {
    await out.stop()
    await hop.close()
  }
}
const text = 'Content-Type: text/plain; charset=utf-8\r\n'
const LABEL = 'Content-Transfer-Encoding: 8bit\r\n'
const QP = 'Content-Transfer-Encoding: quoted-printable\r\n'
const MULTI = 'Content-Type: multipart/mixed; boundary=q\r\n'
const part = (label: string, body: string) => `--q\r\n${text}${label}\r\n${body}\r\n`
const large = 'über\r\n'.repeat(20_000)
const largeQp = '=C3=BCber\r\n'.repeat(20_000)
function* chunks(body: string) {
  const bytes = Buffer.from(body)
  for (let at = 0; at < bytes.length; at += 9973) yield bytes.subarray(at, at + 9973)
}
const streamed = (body: string) => ({
  body: 'x',
  async *stream() {
    yield* chunks(body)
  },
})

const CASES: [title: string, mail: Partial<Mail>, wire: string, options?: object][] = [
  ['labelled 8bit', { header: text + LABEL, body: 'ü = x \r\n' }, `${text}${QP}\r\n=C3=BC =3D x=20\r\n`],
  ['without MIME it stays', { header: 'A: b\r\n', body: 'ü\r\n' }, 'A: b\r\n\r\nü\r\n'],
  [
    'parts',
    { header: MULTI + LABEL, body: `ü\r\n${part(LABEL, 'ü')}${part('', 'a')}--q--\r\n` },
    `${MULTI}Content-Transfer-Encoding: 7bit\r\n\r\nü\r\n${part(QP, '=C3=BC')}${part('', 'a')}--q--\r\n`,
  ],
  ['larger than 64 KiB', { header: text + LABEL, body: large }, `${text}${QP}\r\n${largeQp}`],
  ['as a stream', { header: text + LABEL, ...streamed(large) }, `${text}${QP}\r\n${largeQp}`],
  [
    'declared as 7BIT, but labelled',
    { header: text + LABEL, body: 'ü\r\n', envelope: { body: '7BIT' } },
    `${text}${QP}\r\n=C3=BC\r\n`,
  ],
  [
    'declared as 7BIT, and labels do not count',
    { header: text + LABEL, body: 'ü\r\n', envelope: { body: '7BIT' } },
    `${text}${LABEL}\r\nü\r\n`,
    { detect8bitEncodingHeader: false },
  ],
  [
    'declared as 7BIT, a part labelled 8bit',
    { header: MULTI, body: part(LABEL, 'ü'), envelope: { body: '7BIT' } },
    `${MULTI}\r\n${part(QP, '=C3=BC')}`,
  ],
  [
    'not wanted',
    { header: text + LABEL, body: 'ü\r\n' },
    `${text}${LABEL}\r\nü\r\n`,
    { disableMimeOutputConversion: true },
  ],
  ['over LMTP', { header: text + LABEL, body: 'ü\r\n' }, `${text}${QP}\r\n=C3=BC\r\n`, { protocol: 'lmtp' }],
  [
    'soft line breaks before a dot',
    { header: text + LABEL, body: `${'x'.repeat(73)}.ü\r\n` },
    `${text}${QP}\r\n${'x'.repeat(73)}=\r\n..=C3=BC\r\n`,
  ],
  [
    'lines are broken behind it',
    { header: `A: b\r\n${LABEL}`, body: `${'ü'.repeat(6)}\r\n` },
    'A: b\r\nContent-Transfer-Encoding: quot\r\n ed-printable\r\n\r\n=C3=BC=C3=BC=C3=BC=C3=BC=C3=BC=\r\n C3=BC\r\n',
    { smtpLineLengthLimit: 31 },
  ],
]
for (const [title, mail, wire, options] of CASES)
  test(title, async () => {
    const { outcome, message } = await sent(mail, options)
    assert.is(outcome.kind, 'delivered')
    assert.ok(message === wire, JSON.stringify(message?.slice(0, 500)))
  })
test('a server with 8BITMIME gets it as it is', async () => {
  const { message, lines } = await sent({ header: text + LABEL, body: 'ü\r\n' }, {}, EHLO)
  assert.is(message, `${text}${LABEL}\r\nü\r\n`)
  assert.match(lines[1]!, / BODY=8BITMIME/)
})
const BINARY = 'Content-Transfer-Encoding: binary\r\n'
const forwarded = (inner: string) => `--q\r\nContent-Type: message/rfc822\r\n\r\n${text}${inner}\r\nü\r\n`
const PARAMETERS: [title: string, mail: Partial<Mail>, parameter: string | undefined, options?: object][] = [
  ['nothing declared', {}, undefined],
  ['7BIT declared', { envelope: { body: '7BIT' } }, '7BIT'],
  ['8BITMIME declared', { envelope: { body: '8BITMIME' } }, '8BITMIME'],
  ['7BIT declared, 8 bits without a label', { envelope: { body: '7BIT' }, body: 'ü' }, '7BIT'],
  ['a large one with a label', { header: `A: b\r\n${LABEL}`, ...streamed('ü\r\n') }, '8BITMIME'],
  ['a large one without', { header: `A: b\r\nX-${LABEL}`, ...streamed('ü\r\n') }, undefined],
  ['7BIT declared, a label', { header: LABEL, body: 'ü', envelope: { body: '7BIT' } }, '8BITMIME'],
  [
    '7BIT declared, labels do not count',
    { header: LABEL, body: 'ü', envelope: { body: '7BIT' } },
    '7BIT',
    { detect8bitEncodingHeader: false },
  ],
  ['a label binary', { header: BINARY, body: 'a' }, '8BITMIME'],
  ['a label in capitals, on two lines', { header: 'CONTENT-TRANSFER-ENCODING :\r\n 8BIT\r\n', body: 'ü' }, '8BITMIME'],
  ['another label', { header: QP, body: 'a' }, undefined],
  ['a label of no known encoding', { header: LABEL.replace('8bit', '8bits'), body: 'ü' }, undefined],
  ['a part with a label', { header: MULTI, body: part('', 'a') + part(LABEL, 'ü') }, '8BITMIME'],
  ['a part with the label binary', { header: MULTI, body: part(BINARY, 'a') }, '8BITMIME'],
  [
    'a part with a label, 7BIT declared',
    { header: MULTI, body: part(LABEL, 'ü'), envelope: { body: '7BIT' } },
    '8BITMIME',
  ],
  ['a part with a label, nothing in it', { header: MULTI, body: part(LABEL, '') }, '8BITMIME'],
  ['parts without labels', { header: MULTI, body: part('', 'ü') + part(QP, '=C3=BC') }, undefined],
  ['a label in a message within', { header: MULTI, body: forwarded(LABEL) }, '8BITMIME'],
  ['a message as the content', { header: 'Content-Type: message/rfc822\r\n', body: `${LABEL}\r\nü` }, '8BITMIME'],
  ['what looks like a label in a text without parts', { header: text, body: `${LABEL}\r\nü` }, undefined],
  [
    'a part with a label, labels do not count',
    { header: MULTI, body: part(LABEL, 'ü') },
    undefined,
    { detect8bitEncodingHeader: false },
  ],
  ['a label behind the front', { header: MULTI, body: part('', 'a'.repeat(40_000)) + part(LABEL, 'ü') }, undefined],
  ['parts on disk', { header: MULTI, ...streamed(part(LABEL, 'ü')) }, undefined],
]
for (const [title, mail, parameter, options] of PARAMETERS)
  test(`BODY= of ${title}`, async () => {
    const { lines } = await sent(mail, options, EHLO)
    assert.is(/ BODY=(\S+)/.exec(lines[1]!)?.[1], parameter)
  })

const nested = Array.from(
  { length: 5 },
  (_, i) => `--b${i}x\r\nContent-Type: multipart/x; boundary=b${i + 1}x\r\n\r\n`,
).join('')
const DEEP = 'Content-Type: multipart/x; boundary=b0x\r\n'
for (const [how, mail] of [
  ['in memory', { body: nested }],
  ['as a stream', streamed(nested)],
] as const)
  test(`too deep to be converted, ${how}: fails, and nothing of it is taken`, async () => {
    const { outcome, message } = await sent({ header: DEEP, ...mail }, { mimeNestingLimit: 3 })
    assert.is(message, undefined)
    assert.is(outcome.kind, 'failed')
    assert.is(outcome.esc, '5.6.0')
    assert.is(outcome.text, 'MIME nesting exceeds safety limit')
    assert.is((await sent({ header: DEEP, ...mail }, { mimeNestingLimit: 4 })).outcome.kind, 'delivered')
    assert.is((await sent({ header: DEEP, ...mail }, { mimeNestingLimit: 3 }, EHLO)).outcome.kind, 'delivered')
  })

test('a body that cannot be read to its end gets no final dot when it is converted, either', async () => {
  const hop = await nextHop({ EHLO: SEVEN })
  const out = rig()
  const damage = new BodyDamaged('checksum')
  const mail = {
    nexthop: `[${hop.host}]:${hop.port}`,
    header: text + LABEL,
    async *stream() {
      yield Buffer.from('ü\r\n')
      throw damage
    },
  }
  const thrown = await deliver(out, mail).catch((error: unknown) => error)
  assert.is(thrown, damage)
  for (let i = 0; i < 200 && !hop.sessions[0]!.closed; i++) await new Promise((r) => setTimeout(r, 5))
  assert.equal(hop.sessions[0]!.messages, [])
  await out.stop()
  await hop.close()
})

const rewriter = (fails?: 'address' | 'header'): OutgoingRewriter => ({
  address: (a) => (fails === 'address' ? (failed('away') as never) : a.replace('@inner.example', '@outer.example')),
  header: (h) =>
    fails === 'header' ? (failed('away') as never) : Buffer.from(Buffer.from(h).toString().replace('inner', 'outer')),
})
const INNER: Partial<Mail> = {
  header: `From: a@inner.example\r\n${text}${LABEL}`,
  body: 'a@inner.example ü\r\n',
  envelope: { sender: 'a@inner.example' },
  to: ['x@remote.example', { address: 'y@inner.example', original: 'y@inner.example', orcpt: 'rfc822;z@b.example' }],
}
test('addresses are rewritten on the way out', async () => {
  const { outcomes, lines, message } = await sent(INNER, {}, EHLO, rewriter())
  assert.match(lines[1]!, /^MAIL FROM:<a@outer\.example> /)
  // the size is that of the message as it is queued, as Postfix has it
  assert.match(lines[1]!, ` SIZE=${INNER.header!.length + 2 + Buffer.byteLength(INNER.body as string)} `)
  assert.equal(lines.slice(2, 4), [
    'RCPT TO:<x@remote.example> ORCPT=rfc822;x@remote.example',
    'RCPT TO:<y@outer.example> ORCPT=rfc822;z@b.example',
  ])
  assert.is(message, `From: a@outer.example\r\n${text}${LABEL}\r\na@inner.example ü\r\n`)
  assert.equal(Object.keys(outcomes).sort(), ['x@remote.example', 'y@inner.example'])
})
test('and the body converted', async () => {
  const { message } = await sent(INNER, {}, SEVEN, rewriter())
  assert.is(message, `From: a@outer.example\r\n${text}${QP}\r\na@inner.example =C3=BC\r\n`)
})
for (const fails of ['address', 'header'] as const)
  test(`a table that fails defers before anything is dialled: ${fails}`, async () => {
    const { outcomes, lines } = await sent(INNER, {}, EHLO, rewriter(fails))
    assert.equal(lines, [])
    for (const outcome of Object.values(outcomes)) {
      assert.is(outcome.kind, 'deferred')
      assert.is(outcome.esc, '4.3.0')
      assert.is(outcome.siteDown, undefined)
    }
  })
test('the null sender stays', async () => {
  const asked: string[] = []
  const noting = { ...rewriter(), address: (a: string) => (asked.push(a), a) }
  await sent({ ...INNER, envelope: { sender: '' } }, {}, EHLO, noting)
  assert.equal(asked, ['x@remote.example', 'y@inner.example'])
})
test.run()
