import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dialogue, nextHop } from '@postern/testkit'
import { certificate } from './certificate.ts'

test('records envelope, parameters and content', async () => {
  const hop = await nextHop()
  const d = await dialogue(hop.port)
  await d.send('EHLO client.example')
  await d.send('MAIL FROM:<a@client.example> SIZE=10 BODY=8BITMIME')
  await d.send('RCPT TO:<"b c"@site.example> NOTIFY=NEVER')
  await d.send('DATA')
  await d.data('Subject: x\n\ny\n')
  const [m] = await hop.waitFor(1)
  assert.is(m?.sender, 'a@client.example')
  assert.is(m?.parameters, 'SIZE=10 BODY=8BITMIME')
  assert.equal(m?.recipients, [{ address: '"b c"@site.example', parameters: 'NOTIFY=NEVER', reply: '250 2.1.5 Ok' }])
  assert.is(m?.message, 'Subject: x\r\n\r\ny\r\n')
  assert.is(hop.commands[0], '1: EHLO client.example')
  await d.close()
  await hop.stop()
})

test('scripted answers, by command, by recipient, one after the other', async () => {
  const hop = await nextHop({
    replies: {
      MAIL: ['451 4.3.0 later', '250 2.1.0 Ok'],
      'RCPT <x@site.example>': '550 5.1.1 unknown',
      '.': '552 5.3.4 too big',
    },
  })
  const d = await dialogue(hop.port)
  await d.send('EHLO client.example')
  assert.is(await d.send('MAIL FROM:<a@client.example>'), '451 4.3.0 later')
  assert.is(await d.send('MAIL FROM:<a@client.example>'), '250 2.1.0 Ok')
  assert.is(await d.send('MAIL FROM:<a@client.example>'), '250 2.1.0 Ok')
  assert.is(await d.send('RCPT TO:<x@site.example>'), '550 5.1.1 unknown')
  assert.is(await d.send('RCPT TO:<y@site.example>'), '250 2.1.5 Ok')
  await d.send('DATA')
  assert.is(await d.data('x'), '552 5.3.4 too big')
  assert.is(hop.messages.length, 0)
  assert.is(hop.transactions.length, 1)
  hop.change({ replies: { NOOP: '250 changed' } })
  assert.is(await d.send('NOOP'), '250 changed')
  await d.close()
  await hop.stop()
})

test('LMTP answers once for each recipient (RFC 2033 section 4.2)', async () => {
  const hop = await nextHop({ protocol: 'lmtp', replies: { '. <b@site.example>': '452 4.2.2 full' } })
  const d = await dialogue(hop.port)
  await d.send('LHLO client.example')
  await d.send('MAIL FROM:<>')
  for (const r of ['a', 'b', 'c']) await d.send(`RCPT TO:<${r}@site.example>`)
  await d.send('DATA')
  const replies = await d.data('x', 3)
  assert.equal(
    replies.split('\n').map((r) => r.slice(0, 3)),
    ['250', '452', '250'],
  )
  assert.equal(
    hop.messages.flatMap((m) => m.recipients.map((r) => r.address)),
    ['a@site.example', 'c@site.example'],
  )
  await d.close()
  await hop.stop()
})

test('421 closes; drop closes without a word; hang says nothing', async () => {
  const hop = await nextHop({ replies: { RCPT: '421 4.3.2 shutting down' }, drop: ['DATA'], hang: ['NOOP'] })
  const first = await dialogue(hop.port)
  await first.send('MAIL FROM:<a@b.example>')
  assert.is(await first.send('RCPT TO:<x@site.example>'), '421 4.3.2 shutting down')
  await first.ended()
  const second = await dialogue(hop.port)
  const dropped = await second.send('DATA').then(
    () => undefined,
    (e: Error) => e,
  )
  assert.is(dropped?.name, 'ConnectionClosed')
  const third = await dialogue(hop.port, { timeout: 50 })
  const hung = await third.send('NOOP').then(
    () => undefined,
    (e: Error) => e,
  )
  assert.is(hung?.name, 'ReplyTimeout')
  assert.is(hop.connections, 3)
  for (const d of [first, second, third]) await d.close()
  await hop.stop()
})

test('STARTTLS, and EHLO again behind it', async () => {
  const hop = await nextHop({ tls: certificate() })
  const d = await dialogue(hop.port)
  assert.match(await d.send('EHLO client.example'), 'STARTTLS')
  assert.match(await d.startTls(), /^220/)
  assert.not.match(await d.send('EHLO client.example'), 'STARTTLS')
  await d.message({ from: 'a@b.example', to: 'c@d.example', text: 'x' })
  assert.is(hop.messages[0]?.tls, true)
  await d.close()
  await hop.stop()
})

test('waitFor says what it has seen when nothing comes', async () => {
  const hop = await nextHop()
  const error = await hop.waitFor(1, 30).then(
    () => undefined,
    (e: Error) => e,
  )
  assert.match(error!.message, 'it has 0')
  await hop.stop()
})

test.run()
