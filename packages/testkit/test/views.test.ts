import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { draftView, rcptView, reportView, sessionView } from '@postern/testkit'

test('defaults, and what is named instead', () => {
  const s = sessionView({ client: { address: '2001:db8::1', name: 'unknown' }, auth: 'rich', helo: null })
  assert.equal(s.client, { address: '2001:db8::1', port: 50_000, name: 'unknown', reverseName: 'unknown' })
  assert.equal([s.auth, s.helo], [{ user: 'rich', mechanism: 'PLAIN' }, undefined])
  const r = rcptView({ session: s, recipient: '"a b"@site.example', sender: '' })
  assert.is(r.session, s)
  assert.equal([r.recipient.local, r.recipient.domain, r.sender.text], ['a b', 'site.example', ''])
  assert.is(rcptView({ session: { protocol: 'lmtp' } }).session.helo?.verb, 'LHLO')
})

test('a draft offers just its tier', async () => {
  const none = draftView({ tier: 'none' }) as unknown as Record<string, unknown>
  assert.equal([none.header, none.lines, none.stream, none.parts], [undefined, undefined, undefined, undefined])
  const d = draftView({ header: 'Subject: a\n b\nX: 1\nx: 2\n', body: 'one\n\ntwo', tier: 'lines' })
  assert.equal([d.header.get('subject'), d.header.all('x')], ['a b', ['1', '2']])
  assert.is(d.header.fields[0]?.raw, 'Subject: a\r\n b\r\n')
  const lines: string[] = []
  for await (const line of d.lines()) lines.push(line)
  assert.equal(lines, ['one', '', 'two'])
})

test('MIME parts are numbered as in IMAP', async () => {
  const body =
    '--b\nContent-Type: text/plain; charset="utf-8"\n\ntext\n--b\nContent-Type: multipart/alternative; boundary=i\n\n' +
    '--i\n\nplain\n--i\nContent-Type: text/html\n\n<p>\n--i--\n--b--\nepilogue\n'
  const d = draftView({ tier: 'mime', header: { 'Content-Type': 'multipart/mixed; boundary="b"' }, body })
  const seen: string[] = []
  for await (const p of d.parts()) {
    let text = ''
    for await (const chunk of p.stream()) text += Buffer.from(chunk).toString()
    seen.push(`${p.path} ${p.depth} ${p.contentType} ${JSON.stringify(text)}`)
  }
  assert.equal(seen, [
    '0 0 multipart/mixed ""',
    '1 1 text/plain "text"',
    '2 1 multipart/alternative ""',
    '2.1 2 text/plain "plain"',
    '2.2 2 text/html "<p>"',
  ])
})

test('a report has its message', async () => {
  const r = reportView({ recipients: [{ address: 'x@y.example', status: '5.7.1' }] })
  assert.is(r.recipients[0]?.original, 'x@y.example')
  assert.is(r.header.get('Subject'), 'test')
  for await (const chunk of r.content()) assert.is(Buffer.from(chunk).toString(), 'Subject: test\r\n\r\nbody\r\n')
})

test.run()
