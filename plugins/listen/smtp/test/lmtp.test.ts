/** LMTP (RFC 2033): a reply for each recipient that was accepted, duplicates too. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dialogue } from './support/client.ts'
import type { Script } from './support/fake.ts'
import { run } from './support/host.ts'
import { ehlo } from './support/postfix.ts'

const talk = async (lines: (readonly [string, string])[], script: Script = {}) => {
  const server = await run({ protocol: 'lmtp' }, script)
  try {
    const all = [['(connect)', '220 mail.postern.example LMTP Postfix'] as const, ['LHLO c', ehlo()] as const, ...lines]
    assert.equal(
      await dialogue(server.port, all),
      all.map(([, reply]) => reply),
    )
    return server.fake
  } finally {
    await server.stop()
  }
}
const check = async (...args: Parameters<typeof talk>) => void (await talk(...args))
const QUEUED = '250 2.0.0 Ok: queued as QID'
const UNKNOWN = '550 5.1.1 <nouser@b.example>: Recipient address rejected: User unknown in local recipient table'

test('duplicates, and names that differ by case, have a reply each', async () => {
  const fake = await talk([
    ['MAIL FROM:<>', '250 2.1.0 Ok'],
    ['RCPT TO:<u@b.example>', '250 2.1.5 Ok'],
    ['RCPT TO:<nouser@b.example>', UNKNOWN],
    ['RCPT TO:<U@b.example>', '250 2.1.5 Ok'],
    ['RCPT TO:<u@b.example>', '250 2.1.5 Ok'],
    ['DATA', '354 End data with <CR><LF>.<CR><LF>'],
    ['x\r\n.\r\n', QUEUED],
    ['(next)', QUEUED],
    ['(next)', QUEUED],
    ['NOOP', '250 2.0.0 Ok'],
  ])
  assert.equal(
    fake.messages[0]!.recipients.map((r) => r.address),
    ['u@b.example', 'U@b.example', 'u@b.example'],
  )
  assert.is(fake.opened[0]!.protocol, 'lmtp')
})
test('a refusal at the end is said for each', () =>
  check(
    [
      ['MAIL FROM:<>', '250 2.1.0 Ok'],
      ['RCPT TO:<a@b.example>', '250 2.1.5 Ok'],
      ['RCPT TO:<b@b.example>', '250 2.1.5 Ok'],
      ['BDAT 3 LAST\r\nx\r\n', '550 5.7.1 no'],
      ['(next)', '550 5.7.1 no'],
      ['NOOP', '250 2.0.0 Ok'],
    ],
    { end: async () => ({ code: 550, esc: '5.7.1', text: 'no' }) },
  ))
test('no recipient: 503, as section 4.2 says', () =>
  check([
    ['MAIL FROM:<>', '250 2.1.0 Ok'],
    ['RCPT TO:<nouser@b.example>', UNKNOWN],
    ['DATA', '503 5.5.1 Error: need RCPT command'],
    ['EHLO x', '500 5.5.2 Error: command not recognized'],
    ['HELO x', '500 5.5.2 Error: command not recognized'],
    ['LHLO', '501 Syntax: LHLO hostname'],
  ]))

test.run()
