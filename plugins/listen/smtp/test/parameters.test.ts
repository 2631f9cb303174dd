/** Parameters of MAIL and RCPT, and options that change what commands take. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isReply, mailParameters } from '../src/parameters.ts'
import { dialogue } from './support/client.ts'
import { run } from './support/host.ts'
import { ehlo } from './support/postfix.ts'

const OK = '250 2.1.0 Ok'
/** what follows `MAIL FROM:<a@b.example> `, the reply, what the core was given */
const MAIL: [string, string, object?][] = [
  ['SIZE=1000', OK, { size: 1000 }],
  ['size=0', OK, { size: 0 }],
  ['SIZE=', '501 5.5.4 Bad message size syntax'],
  ['SIZE=1k', '501 5.5.4 Bad message size syntax'],
  ['SIZE=10240000', OK, { size: 10240000 }],
  ['SIZE=10240001', '552 5.3.4 Message size exceeds fixed limit'],
  ['SIZE=99999999999999999999', '552 5.3.4 Message size exceeds file system imposed limit'],
  ['SIZE', '555 5.5.4 Unsupported option: SIZE'],
  ['BODY=8BITMIME', OK, { body: '8BITMIME' }],
  ['body=7bit', OK, { body: '7BIT' }],
  ['BODY=BINARYMIME', '555 5.5.4 Unsupported option: BODY=BINARYMIME'],
  ['SMTPUTF8', OK, { smtputf8: true }],
  ['SMTPUTF8=yes', '555 5.5.4 Unsupported option: SMTPUTF8=yes'],
  ['RET=FULL', OK, { ret: 'FULL' }],
  ['ret=hdrs ENVID=QQ+2B1', OK, { ret: 'HDRS', envid: 'QQ+1' }],
  ['RET=SOME', '501 5.5.4 Bad RET parameter syntax'],
  ['RET=FULL RET=HDRS', '501 5.5.4 Bad RET parameter syntax'],
  ['ENVID=', '501 5.5.4 Bad ENVID parameter syntax'],
  ['ENVID=a+2', '501 5.5.4 Bad ENVID parameter syntax'],
  ['ENVID=a+0D+0Ab', '501 5.5.4 Bad ENVID parameter syntax'],
  ['ENVID=a ENVID=b', '501 5.5.4 Bad ENVID parameter syntax'],
  ['AUTH=<>', OK, {}],
  ['AUTH=a@b.example SIZE=5', OK, { size: 5 }],
  ['AUTH', '555 5.5.4 Unsupported option: AUTH'],
  ['SIZE=9223372036854775807', '552 5.3.4 Message size exceeds fixed limit'],
  ['SIZE=9223372036854775808', '552 5.3.4 Message size exceeds file system imposed limit'],
  ['SIZE=5\u00a0RET=FULL', '501 5.5.4 Bad message size syntax'],
  ['FOO', '555 5.5.4 Unsupported option: FOO'],
  ['SIZE=5 FOO=bar BODY=7BIT', '555 5.5.4 Unsupported option: FOO=bar'],
]
const RCPT: [string, string, object?][] = [
  ['NOTIFY=success,delay', '250 2.1.5 Ok', { notify: ['SUCCESS', 'DELAY'] }],
  ['NOTIFY=,SUCCESS,,DELAY,', '250 2.1.5 Ok', { notify: ['SUCCESS', 'DELAY'] }],
  ['NOTIFY=,', '501 5.5.4 Error: Bad NOTIFY parameter syntax'],
  ['NOTIFY=FAILURE,FAILURE', '250 2.1.5 Ok', { notify: ['FAILURE'] }],
  ['ORCPT=rfc822;x+2By@y.example', '250 2.1.5 Ok', { orcpt: 'rfc822;x+y@y.example' }],
  ['ORCPT=utf-8;j\\x{F6}rg@y.example', '250 2.1.5 Ok', { orcpt: 'utf-8;jörg@y.example' }],
  ['ORCPT=rfc822;x+0D+0AEvil:+20y', '501 5.5.4 Error: Bad ORCPT parameter syntax'],
  ['ORCPT=;x', '501 5.5.4 Error: Bad ORCPT parameter syntax'],
  ['ORCPT=rfc822;x+zz', '501 5.5.4 Error: Bad ORCPT parameter syntax'],
]

const talk = async (options: Record<string, unknown>, lines: (readonly [string, string])[]) => {
  const server = await run(options)
  try {
    const all = [['(connect)', '220 mail.postern.example ESMTP Postfix'] as const, ...lines]
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

for (const [text, reply, given] of MAIL)
  test(`MAIL ... ${text}`, async () => {
    const more = given
      ? ([
          ['RCPT TO:<c@d.example>', '250 2.1.5 Ok'],
          ['DATA', '354 End data with <CR><LF>.<CR><LF>'],
          ['.', '250 2.0.0 Ok: queued as QID'],
        ] as const)
      : []
    const fake = await talk({}, [[`MAIL FROM:<a@b.example> ${text}`, reply], ...more])
    if (given) assert.equal(fake.messages[0]!.parameters, given)
    else assert.is(fake.refused.length, 1)
  })
for (const [text, reply, given] of RCPT)
  test(`RCPT ... ${text}`, async () => {
    const fake = await talk({}, [
      ['MAIL FROM:<>', OK],
      [`RCPT TO:<c@d.example> ${text}`, reply],
      ['RCPT TO:<e@d.example>', '250 2.1.5 Ok'],
      ['DATA', '354 End data with <CR><LF>.<CR><LF>'],
      ['.', '250 2.0.0 Ok: queued as QID'],
    ])
    if (given) assert.equal(fake.messages[0]!.recipients[0]!.parameters, given)
    else
      assert.equal(
        fake.messages[0]!.recipients.map((r) => r.address),
        ['e@d.example'],
      )
  })

test('HELO and its name', async () => {
  const fake = await talk({}, [
    ['HELO', '501 Syntax: HELO hostname'],
    ['EHLO', '501 Syntax: EHLO hostname'],
    ['LHLO x', '500 5.5.2 Error: command not recognized'],
    ['HELO  two   words', '250 mail.postern.example'],
    ['EHLO a<b>"c"(d);@e', ehlo()],
  ])
  assert.equal(fake.events.slice(0, 2), ['HELO two words', 'EHLO a?b??c??d???e'])
})

test('A-labels stay A-labels, quoted local parts stay quoted', async () => {
  const fake = await talk({}, [
    ['MAIL FROM:<u@xn--e1afmkfd.example>', OK],
    ['RCPT TO:<"a b"@xn--e1afmkfd.example>', '250 2.1.5 Ok'],
    ['DATA', '354 End data with <CR><LF>.<CR><LF>'],
    ['.', '250 2.0.0 Ok: queued as QID'],
  ])
  assert.is(fake.messages[0]!.sender, 'u@xn--e1afmkfd.example')
  assert.is(fake.messages[0]!.recipients[0]!.address, 'a b@xn--e1afmkfd.example')
})

test('bytes that are not UTF-8', async () => {
  const server = await run()
  try {
    const { Client } = await import('./support/client.ts')
    const client = await Client.open(server.port)
    await client.reply()
    client.raw(Buffer.from('MAIL FROM:<j\xf6rg@b.example>\r\n', 'latin1'))
    assert.is(await client.reply(), '500 5.5.2 Error: bad UTF-8 syntax')
    client.destroy()
  } finally {
    await server.stop()
  }
})

test('smtpdHeloRequired', () =>
  check({ smtpdHeloRequired: true }, [
    ['AUTH PLAIN', '503 5.5.1 Error: send HELO/EHLO first'],
    ['MAIL FROM:<a@b.example>', '503 5.5.1 Error: send HELO/EHLO first'],
    ['HELO x', '250 mail.postern.example'],
    ['MAIL FROM:<a@b.example>', OK],
  ]))
test('strictRfc821Envelopes', () =>
  check({ strictRfc821Envelopes: true }, [
    ['MAIL FROM:a@b.example', '501 5.1.7 Bad sender address syntax'],
    ['MAIL FROM:<a@b.example>', OK],
    ['RCPT TO:<(comment)rich@postern.example>', '501 5.1.3 Bad recipient address syntax'],
  ]))
test('disableVrfyCommand', () =>
  check({ disableVrfyCommand: true }, [
    ['VRFY rich', '502 5.5.1 VRFY command is disabled'],
    [
      'EHLO x',
      ehlo(['PIPELINING', 'SIZE 10240000', 'ETRN', 'ENHANCEDSTATUSCODES', '8BITMIME', 'DSN', 'SMTPUTF8', 'CHUNKING']),
    ],
  ]))
test('smtpdDiscardEhloKeywords', () =>
  check({ smtpdDiscardEhloKeywords: ['dsn', 'SMTPUTF8', 'etrn'] }, [
    ['EHLO x', ehlo(['PIPELINING', 'SIZE 10240000', 'VRFY', 'ENHANCEDSTATUSCODES', '8BITMIME', 'CHUNKING'])],
    ['MAIL FROM:<a@b.example> RET=FULL', '501 5.7.1 DSN support is disabled'],
    ['MAIL FROM:<a@b.example> SMTPUTF8', '555 5.5.4 Unsupported option: SMTPUTF8'],
    ['VRFY', '501 5.5.4 Syntax: VRFY address [SMTPUTF8]'],
  ]))
test('smtpdNoopCommands and smtpdForbiddenCommands', () =>
  check({ smtpdNoopCommands: ['foo'], smtpdForbiddenCommands: ['BAR', '/^x-/'] }, [
    ['FOO x', '250 2.0.0 Ok'],
    ['GET / HTTP/1.0', '500 5.5.2 Error: command not recognized'],
    ['X-Y z', '221 2.7.0 Error: I can break rules, too. Goodbye.'],
    ['(expect close)', '@EOF@'],
  ]))
test('smtpdBanner', async () => {
  const server = await run({ smtpdBanner: '$myhostname ESMTP ${mail_name} (Debian)' })
  try {
    assert.equal(await dialogue(server.port, [['(connect)', '']]), ['220 mail.postern.example ESMTP Postfix (Debian)'])
  } finally {
    await server.stop()
  }
})
test('the debug verbs of the library do not exist', () =>
  check({}, [
    ['WIZ', '500 5.5.2 Error: command not recognized'],
    ['SHELL', '500 5.5.2 Error: command not recognized'],
    ['KILL', '500 5.5.2 Error: command not recognized'],
  ]))

test('a size that was refused counts until another one is said', () => {
  const features = { dsn: true, smtputf8: true, sizeLimit: 5000 }
  const said: { size: number | undefined } = { size: undefined }
  const code = (text: string) => {
    const answer = mailParameters(text, features, said)
    return isReply(answer) ? answer.code : 250
  }
  const CASES: [text: string, code: number][] = [
    ['SIZE=6000', 552],
    ['', 552],
    ['BODY=8BITMIME', 552],
    ['SIZE=0', 250],
    ['', 250],
    ['SIZE=5001 BODY=BINARYMIME', 555],
    ['', 552],
    ['SIZE=9223372036854775808', 552],
    ['', 250],
  ]
  for (const [text, expected] of CASES) assert.is(code(text), expected, text)
})
test.run()
