import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  EHLO,
  GREETING,
  QUIT,
  SITE,
  client,
  noticesOf,
  play,
  plugin,
  recipientsOf,
  textOf,
  transcriptOf,
} from './support.ts'
import type { Options, Step } from './support.ts'

const MAIL: Step = ['MAIL FROM:<a@sender.example> SIZE=5', '250 2.1.0 Ok']
const RCPT: Step = ['RCPT TO:<rich@postern.example>', '250 2.1.5 Ok']
const DATA: Step = ['DATA', '354 End data with <CR><LF>.<CR><LF>']
const UNKNOWN: Step = [
  'RCPT TO:<nouser@postern.example> NOTIFY=NEVER',
  '550 5.1.1 <nouser@postern.example>: Recipient address rejected: User unknown in local recipient table',
]
const FOO: Step = ['FOO', '500 5.5.2 Error: command not recognized']

test("a notice, whole, in Postfix's words", async () => {
  const [draft, ...more] = await noticesOf([GREETING, EHLO, MAIL, RCPT, UNKNOWN, FOO, FOO, ['(FOO)', TOO_MANY]])
  assert.is(more.length, 0)
  assert.is(draft!.sender, 'double-bounce@mail.site.example')
  assert.equal(recipientsOf(draft!), ['postmaster -> postmaster@site.example'])
  assert.is(
    textOf(draft!),
    `Date: DATE
From: Mail Delivery System <MAILER-DAEMON@mail.site.example>
To: Postmaster <postmaster@site.example>
Subject: Postfix SMTP server: errors from client.example[192.0.2.1]
Auto-Submitted: auto-generated
Message-Id: <ID@mail.site.example>

Transcript of session follows.

 Out: 220 mail.site.example ESMTP Postfix
 In:  EHLO client.example
 Out: 250-mail.site.example
 Out: 250-PIPELINING
 Out: 250 CHUNKING
 In:  MAIL FROM:<a@sender.example> SIZE=5
 Out: 250 2.1.0 Ok
 In:  RCPT TO:<rich@postern.example>
 Out: 250 2.1.5 Ok
 In:  RCPT TO:<nouser@postern.example> NOTIFY=NEVER
 Out: 550 5.1.1 <nouser@postern.example>: Recipient address rejected: User
     unknown in local recipient table
 In:  FOO
 Out: 500 5.5.2 Error: command not recognized
 In:  FOO
 Out: 500 5.5.2 Error: command not recognized
 Out: 421 4.7.0 mail.site.example Error: too many errors

Session aborted, reason: too many errors

For other details, see the local mail logfile
`,
  )
})
const TOO_MANY = '421 4.7.0 mail.site.example Error: too many errors'

const KNOWS = { by: 'who-exists' }
const knows = (reply: string): Step => ['RCPT', reply, KNOWS]
const policy = (reply: string): Step => ['RCPT', reply, { by: 'some-policy' }]

/** name, what was said, the classes that tell of it */
const CLASSES: readonly (readonly [string, readonly Step[], string | undefined])[] = [
  ['all is well', [MAIL, RCPT, DATA, ['(DATA)', '250 2.0.0 Ok: queued as X']], undefined],
  ['unknown recipient', [MAIL, UNKNOWN], 'bounce'],
  ['unknown, asked by VRFY', [['VRFY', '550 5.1.1 <x@y>: Recipient address rejected: User unknown']], 'bounce'],
  [
    'unknown sender',
    [MAIL, ['RCPT', '550 5.1.0 <x@y>: Sender address rejected: User unknown in local recipient table']],
    'bounce',
  ],
  ['too big', [MAIL, RCPT, DATA, ['(DATA)', '552 5.3.4 Error: message file too big']], 'bounce'],
  ['too big, declared', [['MAIL', '552 5.3.4 Message size exceeds fixed limit']], 'policy'],
  ['a loop', [MAIL, RCPT, DATA, ['(DATA)', '554 5.4.0 Error: too many hops']], 'bounce'],
  ['relay denied', [MAIL, ['RCPT', '554 5.7.1 <x@y>: Relay access denied']], 'policy'],
  ['content refused', [MAIL, RCPT, DATA, ['(DATA)', '550 5.7.1 no thanks']], 'policy'],
  ['deferred by policy', [MAIL, ['RCPT', '450 4.7.1 <x@y>: Recipient address rejected: greylisted']], 'policy'],
  ['hung up on', [MAIL, ['RCPT', '421 4.7.1 <x@y>: Recipient address rejected: go']], 'policy'],
  ['too much mail', [['MAIL', '450 4.7.1 Error: too much mail from 192.0.2.1']], 'policy'],
  [
    'configuration',
    [MAIL, ['RCPT', '451 4.3.5 <x@y>: Recipient address rejected: Server configuration error']],
    'policy',
  ],
  ['unknown command', [FOO], 'protocol'],
  ['not implemented', [['STARTTLS', '502 5.5.1 Error: command not implemented']], 'protocol'],
  ['HELO without name', [['HELO', '501 Syntax: HELO hostname']], 'protocol'],
  ['bad address', [['MAIL', '501 5.1.7 Bad sender address syntax']], 'protocol'],
  ['bad parameter', [['MAIL', '555 5.5.4 Unsupported option: FOO=1']], 'protocol'],
  ['bad chunk', [['BDAT', '521 5.5.4 Syntax: BDAT count [LAST]']], 'protocol'],
  ['need RCPT', [['DATA', '503 5.5.1 Error: need RCPT command']], 'protocol'],
  ['table away', [MAIL, ['RCPT', '451 4.3.0 <x@y>: Temporary lookup failure']], 'data'],
  ['disk full', [['MAIL', '452 4.3.1 Insufficient system storage']], 'resource'],
  ['disk broken', [MAIL, RCPT, DATA, ['(DATA)', '451 4.3.0 Error: queue file write error']], 'resource'],
  ['fault', [MAIL, ['RCPT', '451 4.3.0 Error: temporary system problem, try again later']], 'software'],
  ['fault at the greeting', [['()', '421 4.3.0 Error: temporary system problem, try again later']], 'software'],
  ['too many recipients', [MAIL, ['RCPT', '452 4.5.3 Error: too many recipients']], undefined],
  ['timeout', [['(MAIL)', '421 4.4.2 mail.site.example Error: timeout exceeded']], undefined],
  ['an error transport', [MAIL, knows('450 4.3.2 <x@y.example>: Recipient address rejected: later')], 'bounce'],
  ['an error in a status that restrictions have', [knows('550 5.7.1 <x@y>: Recipient address rejected: no')], 'bounce'],
  ['an error of the protocol, as a table has it', [knows('550 5.5.0 <x@y>: Recipient address rejected: no')], 'bounce'],
  ['moved', [['RCPT', '550 5.2.0 <x@y>: Recipient address rejected: gone', { by: 'route-relocated' }]], 'bounce'],
  ['a sender whose way is an error', [['MAIL', '550 5.0.0 <x@y>: Sender address rejected: no', KNOWS]], 'bounce'],
  ['who exists is not known', [knows('451 4.3.0 <x@y>: Temporary lookup failure')], 'data'],
  ['a fault of who knows', [knows('451 4.3.0 Error: temporary system problem, try again later')], 'software'],
  ['the same words of another', [policy('550 5.1.6 <x@y>: Recipient address rejected: moved')], 'policy'],
  ['deferred by a rule', [policy('450 4.3.2 <x@y>: Recipient address rejected: Try again later')], 'policy'],
  ['what was refused before', [knows('550 5.0.0 no'), ['RCPT', '550 5.7.1 <x@y>: no']], 'bounce, policy'],
  ['a refusal that nobody heard', [['(RCPT)', '421 4.3.2 stop', { ...KNOWS, code: 550 }]], undefined],
  ['stopping', [['(MAIL)', '421 4.3.2 mail.site.example Error: service is shutting down']], undefined],
  ['wrong password', [['AUTH', '535 5.7.8 Error: authentication failed']], undefined],
  ['made up for by mail', [FOO, MAIL, RCPT, DATA, ['(DATA)', '250 2.0.0 Ok: queued as X']], undefined],
  ['made up for by chunks', [FOO, MAIL, RCPT, ['BDAT', '250 2.0.0 Ok: 5 bytes queued as X']], undefined],
  ['not by one chunk', [FOO, MAIL, RCPT, ['BDAT', '250 2.0.0 Ok: 5 bytes']], 'protocol'],
  ['an error after mail', [MAIL, RCPT, DATA, ['(DATA)', '250 2.0.0 Ok: queued as X'], FOO], 'protocol'],
]
const EACH = ['bounce', 'data', 'policy', 'protocol', 'resource', 'software'] as const
for (const [name, steps, expected] of CLASSES) {
  test(`class: ${name}`, async () => {
    const told: string[] = []
    for (const one of EACH) {
      const notices = await noticesOf([GREETING, EHLO, ...steps, QUIT], { notifyClasses: [one] })
      if (notices.length > 0) told.push(one)
    }
    assert.is(told.join(', '), expected ?? '')
  })
}

test('the default: resource and software', async () => {
  assert.is((await noticesOf([GREETING, FOO, UNKNOWN], {})).length, 0)
  assert.is((await noticesOf([GREETING, ['MAIL', '452 4.3.1 Insufficient system storage']], {})).length, 1)
})

test('who is told: one error of class bounce makes it a matter of the bounce recipient', async () => {
  const options: Options = {
    notifyClasses: ['policy', 'protocol'],
    bounceNoticeRecipient: 'b@x.example',
    errorNoticeRecipient: 'e',
  }
  assert.equal(recipientsOf((await noticesOf([GREETING, FOO], options))[0]!), ['e -> e@site.example'])
  assert.equal(recipientsOf((await noticesOf([GREETING, FOO, UNKNOWN], options))[0]!), ['b@x.example'])
})

test('the header names who reads notices, and may be without Auto-Submitted', async () => {
  const options: Options = { notifyClasses: ['bounce'], errorNoticeRecipient: 'e', autoSubmitted: false }
  const text = textOf((await noticesOf([GREETING, UNKNOWN], options))[0]!)
  assert.match(text, /^To: Postmaster <e@site.example>$/m)
  assert.not.match(text, /Auto-Submitted/)
})

/** how it ended, what the notice says of it */
const ENDS: readonly (readonly [string, readonly Step[], string | undefined])[] = [
  ['QUIT', [QUIT], undefined],
  ['gone', [], 'lost connection'],
  ['timeout', [['(FOO)', '421 4.4.2 mail.site.example Error: timeout exceeded']], 'timeout'],
  ['errors', [['(FOO)', TOO_MANY]], 'too many errors'],
  ['hung up on', [['RCPT', '521 5.7.1 go']], undefined],
]
for (const [name, steps, reason] of ENDS) {
  test(`end: ${name}`, async () => {
    const text = textOf((await noticesOf([GREETING, FOO, ...steps]))[0]!)
    assert.is(/^Session aborted, reason: (.*)$/m.exec(text)?.[1], reason)
  })
}

test('content is not in the transcript, replies to it are', async () => {
  const [draft] = await noticesOf([GREETING, MAIL, RCPT, DATA, ['(DATA)', '550 5.7.1 no thanks'], QUIT])
  assert.equal(transcriptOf(draft!).slice(-5), [
    ' In:  DATA',
    ' Out: 354 End data with <CR><LF>.<CR><LF>',
    ' Out: 550 5.7.1 no thanks',
    ' In:  QUIT',
    ' Out: 221 2.0.0 Bye',
  ])
})

test('whole command lines are shown as they are, controls are not', async () => {
  const [draft] = await noticesOf([GREETING, ['FOO \x07bell é\u0085', FOO[1]], ['rcpt to:<x@y>', '550 5.7.1 no']])
  assert.equal(transcriptOf(draft!).slice(1), [
    ' In:  FOO ?bell é?',
    ' Out: 500 5.5.2 Error: command not recognized',
    ' In:  rcpt to:<x@y>',
    ' Out: 550 5.7.1 no',
  ])
  assert.match(textOf(draft!), 'Content-Type: text/plain; charset=utf-8\n')
})

test('a reply that no line asked for stands alone', async () => {
  const chunk: Step = ['BDAT 5 LAST', '250 2.0.0 Ok']
  const steps: Step[] = [GREETING, chunk, ['(BDAT)', '250 2.0.0 Ok'], ['bad\u00ff', '500 5.5.2 x'], ['', '500 5.5.2 y']]
  assert.equal(transcriptOf((await noticesOf(steps))[0]!).slice(1), [
    ' In:  BDAT 5 LAST',
    ' Out: 250 2.0.0 Ok',
    ' Out: 250 2.0.0 Ok',
    ' In:  bad\u00ff',
    ' Out: 500 5.5.2 x',
    ' In:  ',
    ' Out: 500 5.5.2 y',
  ])
})

test('a notice of ours that we refuse ourselves sets no notice off', async () => {
  const refused = { sender: 'Double-Bounce@mail.site.example' }
  assert.is((await noticesOf([GREETING, MAIL, ['RCPT', '550 5.1.1 no', refused], FOO])).length, 0)
})

test('sessions side by side have their own transcripts', async () => {
  const t = plugin()
  const [a, b] = [client(), client()]
  for (const session of [a, b]) t.tell('connected', { session })
  t.tell('replied', { session: a, command: 'AAA', reply: { code: 500, text: 'a' } })
  t.tell('replied', { session: b, command: 'BBB', reply: { code: 500, text: 'b' } })
  for (const session of [b, a]) t.tell('disconnect', { session, commands: 1, ms: 1 })
  await t.stop()
  const texts = t.submitted.map((s) => textOf(s.draft))
  assert.match(texts[0]!, 'Out: 500 b')
  assert.not.match(texts[0]!, 'Out: 500 a')
  assert.match(texts[1]!, 'Out: 500 a')
})

test('a cap: what is over it is counted, and said with the next notice', async () => {
  let now = Date.UTC(2030, 0, 1)
  const clock = { now: () => now, after: () => ({ cancel: () => undefined }) }
  const t = plugin({ notifyClasses: ['protocol'], noticesPerHour: 2 }, { site: SITE, clock })
  for (let i = 0; i < 5; i++) {
    play(t, [GREETING, FOO])
    await new Promise((r) => setImmediate(r))
  }
  assert.is(t.submitted.length, 2)
  assert.equal(
    t.logged.map((l) => l.event),
    ['notify.limited'],
  )
  now += 3_600_001
  play(t, [GREETING, FOO])
  await t.stop()
  assert.is(t.submitted.length, 3)
  assert.match(textOf(t.submitted[2]!.draft), 'Not reported since the last notice: 3 more sessions with errors\n')
})

test('no classes, no watching', async () => {
  assert.is((await noticesOf([GREETING, FOO], { notifyClasses: [] })).length, 0)
})

test.run()
