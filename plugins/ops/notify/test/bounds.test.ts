import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { EHLO, GREETING, QUIT, client, noticesOf, play, plugin, textOf, transcriptOf } from './support.ts'
import type { Step } from './support.ts'

const PASSWORD = 'AGpvZQB3cm9uZw=='
const BAD = '500 5.5.2 Error: command not recognized'

/** what a client said, what it was answered, what the transcript says of it */
const SECRETS: readonly (readonly [string, readonly Step[], readonly string[]])[] = [
  ['AUTH PLAIN', [[`AUTH PLAIN ${PASSWORD}`, '503 5.5.1 no']], ['AUTH PLAIN *']],
  ['any case, blanks', [[`  auth plain  ${PASSWORD}`, '503 5.5.1 no']], ['AUTH plain *']],
  ['no mechanism', [[`AUTH ${PASSWORD}`, '503 5.5.1 no']], ['AUTH *']],
  ['verb only', [['AUTH', '503 5.5.1 no']], ['AUTH']],
  [
    'challenge',
    [
      ['AUTH LOGIN', '334 VXNlcm5hbWU6'],
      [PASSWORD, '334 UGFzc3dvcmQ6'],
      [PASSWORD, '535 5.7.8 no'],
    ],
    ['AUTH LOGIN', '*', '*'],
  ],
  [
    'a password like a command',
    [
      ['AUTH LOGIN', '334 UGFzc3dvcmQ6'],
      ['QUIT', '535 5.7.8 no'],
    ],
    ['AUTH LOGIN', '*'],
  ],
  [
    'challenge, verb repeated',
    [
      ['AUTH', '334 UGFzc3dvcmQ6'],
      ['AUTH', '535 5.7.8 no'],
    ],
    ['AUTH', '*'],
  ],
  [
    'not heard',
    [
      ['AUTH LOGIN', '503 5.5.1 no'],
      [PASSWORD, BAD],
      [PASSWORD, BAD],
    ],
    ['AUTH LOGIN', '*', '*'],
  ],
  [
    'heard of again after a command',
    [
      ['AUTH LOGIN', '503 5.5.1 no'],
      ['RSET', '250 2.0.0 Ok'],
      ['FOO bar', BAD],
    ],
    ['AUTH LOGIN', 'RSET', 'FOO bar'],
  ],
  [
    'other protocols',
    [
      [`PASS ${PASSWORD}`, BAD],
      [`Proxy-Authorization: Basic ${PASSWORD}`, BAD],
      [`Authorization: Basic ${PASSWORD}`, BAD],
    ],
    ['PASS *', 'Proxy-Authorization: *', 'Authorization: *'],
  ],
]
for (const [name, steps, shown] of SECRETS) {
  test(`secret: ${name}`, async () => {
    const [draft] = await noticesOf([GREETING, ...steps, ['FOO', BAD]])
    assert.not.match(draft!.content as string, PASSWORD)
    const said = transcriptOf(draft!).flatMap((l) => /^ In: {2}(.*)$/.exec(l)?.[1] ?? [])
    assert.equal(said.slice(0, shown.length), shown)
  })
}

test('of a long session the beginning and the end are kept', async () => {
  const foos = Array.from({ length: 500 }, (_, i): Step => [`FOO ${i}`, BAD])
  const [draft] = await noticesOf([GREETING, EHLO, ...foos, QUIT], { notifyClasses: ['protocol'], transcriptLines: 20 })
  const lines = transcriptOf(draft!)
  assert.is(lines[0], ' Out: 220 mail.site.example ESMTP Postfix')
  assert.ok(lines.includes(' In:  FOO 5'))
  assert.not.ok(lines.includes(' In:  FOO 200'))
  assert.ok(lines.includes(' In:  FOO 499'))
  assert.match(textOf(draft!), '\n (483 replies are left out)\n')
  assert.is(lines.at(-1), ' Out: 221 2.0.0 Bye')
})

test('long commands and replies are bounded in bytes', async () => {
  const long = 'x'.repeat(5000)
  const steps = Array.from({ length: 90 }, (): Step => [`FOO ${long}`, `500 5.5.2 ${'y '.repeat(500)}`])
  const [draft] = await noticesOf([GREETING, ...steps])
  assert.ok((draft!.content as string).length < 24_000, String((draft!.content as string).length))
})

test('a flood of open sessions stays within one budget, and the budget comes back', async () => {
  const t = plugin({ notifyClasses: ['protocol'], noticesPerHour: 10_000 })
  const replies = Array.from({ length: 25 }, () => ({
    command: 'FOO',
    line: `FOO ${'x'.repeat(500)}`,
    reply: { code: 500, text: BAD },
  }))
  const sessions = Array.from({ length: 1200 }, () => client())
  for (const session of sessions) {
    t.tell('connected', { session })
    for (const r of replies) t.tell('replied', { session, ...r })
  }
  for (const session of sessions) t.tell('disconnect', { session, commands: 25, ms: 1 })
  play(t, [GREETING, ...replies.map(({ line }): Step => [line, BAD])])
  await t.stop()
  const cut = t.submitted.map((s) => textOf(s.draft).includes('are left out'))
  assert.is(cut[0], false)
  assert.is(cut[1199], true)
  assert.is(cut[1200], false)
})

test('long lines are broken at 78 columns where they have blanks', async () => {
  const [draft] = await noticesOf([GREETING, ['FOO', `500 5.5.2 ${'word '.repeat(60)}${'x'.repeat(200)} end`]])
  const lines = textOf(draft!).split('\n').slice(7)
  for (const line of lines) assert.ok(line.length <= 79 || line.includes('xxx'), line)
  assert.ok(lines.includes(`     ${'x'.repeat(200)}`))
})

test('no line is too long for SMTP, whatever the script', async () => {
  for (const word of ['x'.repeat(3000), 'é'.repeat(500), '😀'.repeat(250)]) {
    const [notice] = await noticesOf([GREETING, EHLO, [word, `500 5.5.2 ${word}`], QUIT])
    const bytes = Buffer.from(notice!.content as string)
    const lines = bytes.toString().split('\r\n')
    assert.ok(Math.max(...lines.map((line) => Buffer.byteLength(line))) <= 998)
    assert.not.match(bytes.toString(), /\ufffd/)
  }
})
test.run()
