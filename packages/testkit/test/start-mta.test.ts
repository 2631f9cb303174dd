import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { definePlugin, refuse } from '@postern/core'
import type { Config } from '@postern/core'
import { z } from 'zod'
import { maildir, nextHop, startMta } from '@postern/testkit'

/** The smallest MTA: one domain in a Maildir, the rest to a next hop. */
const config = (more: { hop?: number; plugins?: unknown[] } = {}): Config => ({
  plugins: [
    { 'listen-smtp': { port: 0, smtpdPeernameLookup: false } },
    { 'queue-journal': {} },
    'lookup-inline',
    'lookup-dns',
    { 'route-classes': { mydestination: ['site.example'], relayhost: `[127.0.0.1]:${more.hop ?? 9}` } },
    { 'policy-relay': {} },
    { 'deliver-maildir': { mailboxBase: 'mail' } },
    { 'deliver-smtp': {} },
    { 'ops-bounce': {} },
    ...(more.plugins ?? []),
  ],
})

test('mail comes in, stays, and goes on to the next hop', async () => {
  const hop = await nextHop()
  const mta = await startMta(config({ hop: hop.port }))
  const d = await mta.dialogue()
  const to = ['rich@site.example', 'x@elsewhere.example']
  const replies = await d.message({ from: 'a@client.example', to, text: 'Subject: hi\n\n.dot\n' })
  assert.match(replies.at(-1)!, /^250 2\.0\.0 Ok: queued as /)
  await hop.waitFor(1)
  await mta.idle()
  const [m] = await maildir(join(mta.folder, 'mail/site.example/rich')).waitFor(1)
  assert.equal([m?.header('subject'), m?.body], ['hi', '.dot\n'])
  assert.equal(
    hop.messages[0]?.recipients.map((r) => r.address),
    ['x@elsewhere.example'],
  )
  await mta.log.waitFor('listener.open', { use: 'listen-smtp' })
  await d.close()
  await mta.stop()
  await hop.stop()
})

test('a plugin of the test itself, submit, and a restart over the same spool', async () => {
  const hop = await nextHop({ replies: { RCPT: '450 4.2.0 later' } })
  const gate = definePlugin({
    name: 'gate',
    options: z.strictObject({}),
    apply: (mta) => mta.mail.tap((v) => (v.sender.domain === 'spam.example' ? refuse('5.7.1', 'No spam') : undefined)),
  })
  const mta = await startMta(config({ hop: hop.port, plugins: [gate()] }))
  const d = await mta.dialogue('smtp')
  await d.send('EHLO client.example')
  await d.send('MAIL FROM:<x@spam.example>')
  assert.match(await d.send('RCPT TO:<rich@site.example>'), 'No spam')
  await d.close()
  const id = await mta.submit({ sender: 'a@site.example', recipients: ['b@far.example'], content: 'Subject: x\n\ny\n' })
  await mta.idle()
  assert.ok(await mta.node.queue.load(id))
  hop.change({ replies: {} })
  await mta.restart()
  mta.node.flush()
  await hop.waitFor(1)
  await mta.stop()
  await hop.stop()
})

test('a wrong name says which there are', async () => {
  const mta = await startMta(config())
  assert.throws(() => mta.port('submission'), /no listener submission; there is listen-smtp \(smtp\)/)
  await mta.stop()
})

test('a configuration that does not check throws its problems', async () => {
  const broken = config({ plugins: [{ 'deliver-discard': { nonsense: 1 } }] })
  await startMta(broken).then(
    () => assert.unreachable(),
    (e: Error & { problems: { message: string }[] }) => {
      assert.match(JSON.stringify(e.problems), 'nonsense')
    },
  )
})

test.run()
