import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Report } from '@postern/core'
import { BAD, answer, recipientsOf, reportOf } from './support.ts'
import type { Options, Spec } from './support.ts'

test('a bounce, whole', async () => {
  const { draft, text } = await reportOf({
    messageId: 'Z1Y2X3',
    recipients: [
      BAD,
      { address: 'nouser@site.example', original: 'alias@site.example', text: 'unknown user: "nouser"' },
    ],
  })
  assert.is(draft.sender, '')
  assert.equal(draft.recipients, ['a@site.example'])
  assert.is(
    text,
    `Date: DATE
From: Mail Delivery System <MAILER-DAEMON@site.example>
Subject: Undelivered Mail Returned to Sender
To: a@site.example
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
	boundary="BOUNDARY"
Content-Transfer-Encoding: 8bit
Message-Id: <ID@mail.site.example>

This is a MIME-encapsulated message.

--BOUNDARY
Content-Description: Notification
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

This is the mail system at host mail.site.example.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

For further assistance, please send mail to postmaster.

If you do so, please include this problem report. You can
delete your own text from the attached returned message.

                   The mail system

<bad@remote.example>: host mx.remote.example[192.0.2.9] said: 550 5.1.1 no such
    user here (in reply to RCPT TO command)

<nouser@site.example> (expanded from <alias@site.example>): unknown user:
    "nouser"

--BOUNDARY
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.site.example
X-Postern-Queue-ID: Z1Y2X3
X-Postern-Sender: rfc822; a@site.example
Arrival-Date: DATE

Final-Recipient: rfc822; bad@remote.example
Original-Recipient: rfc822;bad@remote.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.remote.example
Diagnostic-Code: smtp; 550 5.1.1 no such user here

Final-Recipient: rfc822; nouser@site.example
Original-Recipient: rfc822;alias@site.example
Action: failed
Status: 5.1.1
Diagnostic-Code: X-Postern; unknown user: "nouser"

--BOUNDARY
Content-Description: Undelivered Message
Content-Type: message/rfc822
Content-Transfer-Encoding: 8bit

Return-Path: <a@site.example>
From: a@site.example
Subject: original

original body

--BOUNDARY--
`,
  )
})

test('a delay notice has the header only and says until when', async () => {
  const now = Date.now()
  const HOUR = 3_600_000
  const { text } = await reportOf(
    {
      why: 'delayed',
      arrived: now - 9 * HOUR,
      recipients: [{ ...BAD, status: '4.2.1', willRetryUntil: now + 4 * 24 * HOUR }],
    },
    {},
    { delayWarningTime: 4 * HOUR, maximalQueueLifetime: 5 * 24 * HOUR },
  )
  assert.match(text, 'Subject: Delayed Mail (still being retried)\n')
  assert.match(text, 'not be delivered for more than 4 hour(s).\nIt will be retried until it is 5 day(s) old.\n')
  assert.match(text, 'Action: delayed\nStatus: 4.2.1\n')
  assert.match(text, /Diagnostic-Code: [^\n]+\nWill-Retry-Until: DATE\n/)
  assert.match(text, 'Content-Description: Undelivered Message Headers\nContent-Type: text/rfc822-headers\n')
  assert.not.match(text, 'original body')
})

test('a success: relayed, delivered, expanded; by whom; who did not ask is left out', async () => {
  const { text } = await reportOf({
    why: 'success',
    envid: 'e1',
    recipients: [
      {
        address: 'ok@remote.example',
        action: 'relayed',
        status: '2.0.0',
        text: '250 2.0.0 Ok: taken',
        diagnostic: 'smtp; 250 2.0.0 Ok: taken',
        remoteMta: 'dns; mx.remote.example',
        relay: 'mx.remote.example[192.0.2.9]:25',
        notify: ['SUCCESS'],
      },
      {
        address: 'b@site.example',
        status: '2.0.0',
        text: 'delivered to mailbox',
        relay: 'local',
        notify: ['SUCCESS', 'FAILURE'],
      },
      {
        address: 'list@site.example',
        action: 'expanded',
        status: '2.0.0',
        text: 'alias expanded',
        relay: 'none',
        notify: ['SUCCESS'],
      },
      { address: 'c@site.example', status: '2.0.0', text: 'x' },
    ],
  })
  assert.match(text, 'Subject: Successful Mail Delivery Report\n')
  assert.match(
    text,
    `
<ok@remote.example>: delivery via mx.remote.example[192.0.2.9]:25: 250 2.0.0
    Ok: taken

<b@site.example>: delivery via local: delivered to mailbox

<list@site.example>: alias expanded

--BOUNDARY
`,
  )
  assert.match(text, 'Reporting-MTA: dns; mail.site.example\nOriginal-Envelope-Id: e1\nX-Postern-Queue-ID')
  assert.match(
    text,
    'Action: relayed\nStatus: 2.0.0\nRemote-MTA: dns; mx.remote.example\nDiagnostic-Code: smtp; 250 2.0.0 Ok',
  )
  assert.match(
    text,
    'Action: delivered\nStatus: 2.0.0\nDiagnostic-Code: X-Postern; delivery via local: delivered to mailbox\n',
  )
  assert.match(text, 'Action: expanded\nStatus: 2.0.0\nDiagnostic-Code: X-Postern; alias expanded\n')
  assert.match(text, 'Content-Description: Message Headers\n')
})

test('by whom is said of successes only', async () => {
  const { text } = await reportOf({ recipients: [{ address: 'a@b.example', text: 'unknown user', relay: 'local' }] })
  assert.match(text, '\n<a@b.example>: unknown user\n')
  assert.match(text, 'Diagnostic-Code: X-Postern; unknown user\n')
})

const SILENT: readonly (readonly [string, Spec, Options, string])[] = [
  ['the null sender', { sender: '' }, {}, 'null sender'],
  ['a delayed bounce', { sender: '', why: 'delayed' }, { notifyClasses: ['2bounce'] }, 'null sender'],
  [
    'a notice that failed',
    { sender: 'double-bounce@mail.site.example' },
    { notifyClasses: ['2bounce'] },
    'undeliverable postmaster notice',
  ],
  [
    'a notice that failed, by another name',
    { sender: 'DB@mail.site.example' },
    { doubleBounceSender: 'db' },
    'undeliverable postmaster notice',
  ],
  ['NOTIFY=NEVER', { recipients: [{ notify: ['NEVER'] }] }, {}, 'NOTIFY does not ask for failed'],
  ['NOTIFY=SUCCESS', { recipients: [{ notify: ['SUCCESS'] }] }, {}, 'NOTIFY does not ask for failed'],
  [
    'NOTIFY=FAILURE and a delay',
    { why: 'delayed', recipients: [{ notify: ['FAILURE'] }] },
    {},
    'NOTIFY does not ask for delayed',
  ],
  ['a success without NOTIFY', { why: 'success' }, {}, 'NOTIFY does not ask for success'],
]
for (const [name, spec, options, reason] of SILENT) {
  test(`silent: ${name}`, async () => assert.equal(await answer(spec, options), { kind: 'silent', reason }))
}

test('recipients that did not ask are left out', async () => {
  const { text } = await reportOf({ recipients: [BAD, { address: 'quiet@remote.example', notify: ['NEVER'] }] })
  assert.match(text, 'bad@remote.example')
  assert.not.match(text, 'quiet@remote.example')
})

test('a double bounce goes to the postmaster, whole, from a sender that never bounces', async () => {
  const spec: Spec = { sender: '', ret: 'HDRS', recipients: [{ ...BAD, notify: ['NEVER'] }] }
  const { draft, text } = await reportOf(spec, { notifyClasses: ['2bounce'] })
  assert.match(text, 'original body')
  assert.is(draft.sender, 'double-bounce@mail.site.example')
  assert.equal(recipientsOf(draft), ['postmaster -> postmaster@site.example'])
  assert.match(
    text,
    'Subject: Postmaster Copy: Undelivered Mail\nTo: postmaster@site.example\nAuto-Submitted: auto-generated\n',
  )
  assert.match(text, 'Content-Transfer-Encoding: 8bit\n\n\n<bad@remote.example>: host')
  assert.match(text, 'X-Postern-Sender: rfc822; MAILER-DAEMON@mail.site.example\n')
  assert.match(text, 'Return-Path: <MAILER-DAEMON@mail.site.example>\n')
  const other = await reportOf(
    { sender: '' },
    { notifyClasses: ['2bounce'], '2bounceNoticeRecipient': 'ops@far.example' },
  )
  assert.equal(other.draft.recipients, ['ops@far.example'])
})

test('SMTPUTF8: addresses are typed utf-8 and the draft asks for it', async () => {
  const { draft, text } = await reportOf({
    smtputf8: true,
    sender: 'jörg@site.example',
    recipients: [{ address: 'übel@remote.example' }, { address: 'plain@remote.example' }],
  })
  assert.is(draft.smtputf8, true)
  assert.match(text, 'Content-Type: message/global-delivery-status\nContent-Transfer-Encoding: 8bit\n')
  assert.match(text, 'Final-Recipient: utf-8; übel@remote.example\nOriginal-Recipient: utf-8;übel@remote.example\n')
  assert.match(text, 'Final-Recipient: rfc822; plain@remote.example\n')
  assert.match(text, 'X-Postern-Sender: utf-8; jörg@site.example\n')
})

test('ORCPT is told as the client gave it; the product may have any name', async () => {
  const { text } = await reportOf({ recipients: [{ ...BAD, orcpt: 'x400;c=us' }] }, {}, { mailName: 'Big Mail' })
  assert.match(text, 'Original-Recipient: x400;c=us\n')
  assert.match(text, 'X-Big-Mail-Queue-ID: ')
})

test('what a remote host or a client said cannot begin a line of its own', async () => {
  const evil = 'x\r\n\r\n--BOUNDARY--\r\nEvil: 1\n\x07'
  const { text } = await reportOf({
    sender: '"a\nEvil: 1"@site.example',
    envid: evil,
    recipients: [{ address: BAD.address, text: evil, diagnostic: evil, remoteMta: evil, orcpt: evil }],
  })
  assert.not.match(text, /^Evil/m)

  assert.not.match(text, /[\x00-\x08\x0b-\x1f]/)
})

test('long texts are broken at 79 bytes, long words are not', async () => {
  const long = 'é'.repeat(60)
  const { text } = await reportOf({
    recipients: [
      { ...BAD, diagnostic: `smtp; ${'word '.repeat(40)}`, text: `${long} and ${long} and ${'more '.repeat(30)}` },
    ],
  })
  const lines = text.split('\n').filter((l) => /word|more/.test(l))
  assert.ok(lines.length > 4)
  for (const line of lines) {
    assert.ok(Buffer.byteLength(line) <= 79 || line.includes(long), line)
    assert.is(/[ \t]$/.test(line), false)
  }
  assert.match(text, `:\n    ${long}\n    and\n    ${long}\n    and more`)
})

test('boundaries are unique, legal, and not in the message', async () => {
  const seen = new Set<string>()
  for (let i = 0; i < 50; i++) {
    const { draft } = (await answer(
      { messageId: 'A'.repeat(13) },
      {},
      { myhostname: `${'long.'.repeat(20)}example` },
    )) as Report
    const head = Buffer.from((draft.content as Uint8Array[])[0]!).toString()
    const boundary = /boundary="([^"]+)"/.exec(head)![1]!
    assert.match(boundary, /^[\w.:/-]{1,70}$/)
    seen.add(boundary)
  }
  assert.is(seen.size, 50)
})

test.run()
