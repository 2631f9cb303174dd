/** What the comparison sees, at which level, and what it does not. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { recordText } from './board/record.ts'
import { complaint, shrunk } from './board/result.ts'
import type { CaseResult, Known } from './board/result.ts'
import { expectedOf, findCases } from './cases.ts'
import { compare, passedLevel, showDifference } from './judge/compare.ts'
import type { Level } from './judge/levels.ts'
import { normalText } from './judge/normal.ts'
import type { Observed } from './judge/observed.ts'

const test = suite('judge')
const place = { folder: '/tmp/pfc-AbC123', ports: { '@PORT@': 2525, '@PORT2@': 2526 } }

const NORMAL: readonly (readonly [text: string, placeholder: string])[] = [
  ['250 2.0.0 Ok: queued as 4A1B2C3D4E', '250 2.0.0 Ok: queued as @QID@'],
  [
    'by mail.postern.example (Postfix) with ESMTPSA id 4XyZ1q2w3e',
    'by mail.postern.example (Postfix) with ESMTPSA id @QID@',
  ],
  ['X-Postfix-Queue-ID: 4A1B2C3D4E', 'X-Postfix-Queue-ID: @QID@'],
  ['Message-Id: <20261122025322.4A1B2C@mail.example>', 'Message-Id: <@ID@@mail.example>'],
  ['Date: Sun, 22 Nov 2026 02:53:22 +0000 (UTC)', 'Date: @DATE@'],
  ['From a@b.example Sun Nov 22 02:53:22 2026', 'From a@b.example @CTIME@'],
  ['cannot open /tmp/pfc-AbC123/etc/x', 'cannot open @DIR@/etc/x'],
  ['[127.0.0.1]:2525 and 12525', '[127.0.0.1]:@PORT@ and 12525'],
  ['MAIL FROM:<> SIZE=2526', 'MAIL FROM:<> SIZE=2526'],
  ['4A1B2C3D4E*     343 Sun Nov 22 02:53:22  a@b.example', '@QID@* @SIZE@ @CTIME@  a@b.example'],
  ['(using TLSv1.3 with cipher X (256/256 bits)\n\t key-exchange Y)\n', '(using @TLS@)'],
  [
    'Content-Type: multipart/mixed; boundary="4A1B2C.1700000000/mail"\n--4A1B2C.1700000000/mail',
    'Content-Type: multipart/mixed; boundary="@BOUNDARY@"\n--@BOUNDARY@',
  ],
  ['nothing of this changes: 250 2.1.5 Ok', 'nothing of this changes: 250 2.1.5 Ok'],
]
for (const [text, placeholder] of NORMAL)
  test(`placeholder: ${text.slice(0, 40)}`, () => assert.is(normalText(text, place), placeholder))

test('recipients of one report come in any order', () => {
  const report = (...names: string[]) =>
    [
      'Content-Type: multipart/report',
      ...names.map((n) => `<${n}>: no`),
      ...names.map((n) => `Final-Recipient: rfc822; ${n}\nAction: failed`),
    ].join('\n\n')
  assert.is(
    normalText(report('b@x.example', 'a@x.example'), place),
    normalText(report('a@x.example', 'b@x.example'), place),
  )
  assert.is.not(normalText(report('a@x.example'), place), normalText(report('c@x.example'), place))
})

const REPORT = [
  'Return-Path: <>',
  'Subject: Undelivered',
  'Content-Type: multipart/report; report-type=delivery-status;',
  '\tboundary="@BOUNDARY@"',
  '',
  '--@BOUNDARY@',
  '',
  'It could not be delivered.',
  '--@BOUNDARY@',
  'Content-Type: message/delivery-status',
  '',
  'Reporting-MTA: dns; mail.postern.example',
  '',
  'Final-Recipient: rfc822; x@b.example',
  'Action: failed',
  'Status: 5.1.1',
  '--@BOUNDARY@--',
  '',
].join('\n')
const SEEN: Observed = {
  actions: [
    {
      smtp: [
        ['EHLO c.example', '250-mail.example\n250-SIZE 10\n250 DSN'],
        ['RCPT TO:<x@b.example>', '550 5.1.1 <x@b.example>: unknown'],
      ],
    },
    { run: 'mailq', exit: 0, out: 'empty\n', err: '' },
  ],
  mailboxes: {
    'mail/rich': [
      'From a@b.example @CTIME@\nReturn-Path: <a@b.example>\nDelivered-To: rich@x.example\nSubject: one\n\nbody\n',
    ],
    'mail/katie': [REPORT],
  },
  pipes: { mda: ['arg -d\nenv USER=rich\nuser rich\nstdin\nSubject: x\n\nbody\n'] },
  sinks: {
    hub: [
      {
        helo: 'EHLO m.example',
        mail: 'MAIL FROM:<a@b.example> SIZE=@ BODY=8BITMIME',
        rcpt: ['RCPT TO:<x@b.example> NOTIFY=NEVER'],
        tls: false,
        auth: '',
        data: 'Received: from a\nSubject: x\n\nbody\n',
      },
    ],
  },
  policy: [{ protocol_state: 'RCPT', recipient: 'x@b.example', size: '10' }],
  dsns: [],
  statuses: [['x@b.example', '', 'local', '2.0.0', 'sent', 'delivered to mailbox']],
  log: ['reject: RCPT from c.example'],
}
/** what is replaced in the JSON of SEEN, and the level that it still passes */
const CHANGES: readonly (readonly [what: string, from: string, to: string, passes: Level | undefined])[] = [
  ['nothing', '', '', 'full'],
  ['a reply code', '550 5.1.1', '450 5.1.1', undefined],
  ['an enhanced code', '550 5.1.1', '550 5.1.2', 'codes'],
  ['a reply text', ': unknown', ': not known', 'enhanced'],
  ['an EHLO keyword', '250-SIZE 10', '250-SIZE 11', 'codes'],
  ['the order of EHLO keywords', '250-SIZE 10\\n250 DSN', '250-DSN\\n250 SIZE 10', 'enhanced'],
  ['an exit code', '"exit":0', '"exit":1', undefined],
  ['what a program says', 'empty', 'Empty', 'enhanced'],
  ['whose mailbox', 'mail/rich', 'mail/richard', undefined],
  ['an envelope sender', 'Return-Path: <a@b.example>', 'Return-Path: <c@b.example>', undefined],
  ['a delivered-to', 'Delivered-To: rich', 'Delivered-To: katie', undefined],
  ['a header field', 'Subject: one', 'Subject: two', 'codes'],
  ['a header field in another case', 'Subject: one', 'SUBJECT: one', 'enhanced'],
  ['a body', 'Subject: one\\n\\nbody', 'Subject: one\\n\\nbodies', 'codes'],
  ['what a report says of a recipient', 'Action: failed', 'Action: delayed', undefined],
  ['a status in a report', 'Status: 5.1.1', 'Status: 5.1.2', 'codes'],
  ['the words of a report', 'It could not', 'It cannot', 'enhanced'],
  ['an argument', 'arg -d', 'arg -e', undefined],
  ['a variable', 'USER=rich', 'USER=katie', 'codes'],
  ['an envelope at a next hop', 'RCPT TO:<x@b.example> NOTIFY', 'RCPT TO:<y@b.example> NOTIFY', undefined],
  ['a parameter', 'NOTIFY=NEVER', 'NOTIFY=FAILURE', 'codes'],
  ['SIZE', ' SIZE=@', '', 'enhanced'],
  ['a name in EHLO', 'EHLO m.example', 'EHLO n.example', 'enhanced'],
  ['TLS', '"tls":false', '"tls":true', undefined],
  ['Received', 'from a\\nSubject', 'from b\\nSubject', 'enhanced'],
  ['whom a policy request is about', '"recipient":"x@b.example"', '"recipient":"y@b.example"', undefined],
  ['a policy attribute', '"size":"10"', '"size":"11"', 'codes'],
  ['a final status', '"sent"', '"deferred"', undefined],
  ['an enhanced code in the log', '"2.0.0"', '"2.1.0"', 'codes'],
  ['a relay in the log', '"local"', '"virtual"', 'enhanced'],
  ['a log event', 'reject: RCPT', 'reject: DATA', 'enhanced'],
]
for (const [what, from, to, passes] of CHANGES) {
  test(`${what}: passes ${passes ?? 'nothing'}`, () => {
    const text = JSON.stringify(SEEN)
    assert.ok(text.includes(from), 'what is to be changed is there')
    assert.is(passedLevel(compare(SEEN, JSON.parse(text.replace(from, to)) as Observed)), passes)
  })
}

test('a server that writes no log of Postfix is not judged by it', () => {
  assert.is(passedLevel(compare(SEEN, { ...SEEN, statuses: null, log: null })), 'full')
  assert.is(passedLevel(compare(SEEN, { ...SEEN, statuses: [], log: [] })), 'full')
})
test('mail that nobody expected', () => {
  const got = { ...SEEN, mailboxes: { ...SEEN.mailboxes, 'mail/jessica': ['From x\n\n'] } }
  const [codes] = compare(SEEN, got)
  assert.is(codes!.differences[0]?.what, 'mailbox mail/jessica')
  assert.match(showDifference(codes!.differences[0]!).join('\n'), '(nothing)')
})
test('a difference is shown where the texts part', () => {
  const long = 'x'.repeat(500)
  const [what, wanted, got] = showDifference({ what: 'w', expected: [1, `${long}a`], got: [1, `${long}b`] })
  assert.is(what, 'w')
  assert.ok(wanted!.endsWith('xa') && got!.endsWith('xb') && wanted!.length < 200)
})

const LISTED: readonly (readonly [
  passed: Level | undefined,
  known: Known['passes'] | undefined,
  level: Level,
  why: string,
])[] = [
  ['full', undefined, 'full', ''],
  ['enhanced', undefined, 'full', 'passes enhanced, expected: full'],
  ['enhanced', undefined, 'enhanced', ''],
  [undefined, undefined, 'codes', 'passes nothing, expected: codes'],
  ['codes', 'codes', 'full', ''],
  ['full', 'codes', 'full', 'passes full, listed: codes'],
  ['full', 'codes', 'codes', ''],
  [undefined, 'codes', 'full', 'passes nothing, listed: codes'],
  [undefined, 'none', 'full', ''],
  ['codes', 'none', 'full', 'passes codes, listed: nothing'],
]
for (const [passed, passes, level, why] of LISTED) {
  test(`passes ${passed}, listed ${passes}, judged at ${level}`, () => {
    const result: CaseResult = { name: 'x', area: 'x', title: '', ms: 0, outcomes: [], passed }
    assert.match(complaint(result, passes && { passes, waits: 'it' }, level) ?? '', why)
    assert.is(complaint(result, passes && { passes, waits: 'it' }, level) === undefined, why === '')
  })
}

test('the list only shrinks', () => {
  const known = {
    a: { passes: 'none', waits: 'x' },
    b: { passes: 'codes', waits: 'x' },
    c: { passes: 'none', waits: 'x' },
  } as const
  const result = (name: string, passed?: Level): CaseResult => ({
    name,
    area: 'x',
    title: '',
    ms: 0,
    outcomes: [],
    passed,
  })
  const results = [result('a', 'enhanced'), result('b'), result('c', 'full'), result('d')]
  assert.equal(shrunk(known, results), { a: { passes: 'enhanced', waits: 'x' }, b: known.b })
  assert.equal(shrunk(known, []), known)
})

test('records are written as they stand, each passes itself', () => {
  for (const folder of findCases([])) {
    const expected = expectedOf(folder)!
    assert.is(recordText(expected), readFileSync(join(folder, 'expected.json'), 'utf8'), folder)
    assert.is(passedLevel(compare(expected, expected)), 'full', folder)
  }
})
test.run()
