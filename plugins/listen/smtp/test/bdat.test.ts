/** CHUNKING (RFC 3030). */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Client, dialogue } from './support/client.ts'
import { run } from './support/host.ts'

const HELLO = 'EHLO c.example\r\n'
const ENVELOPE = 'MAIL FROM:<a@b.example>\r\nRCPT TO:<rich@postern.example>\r\n'
const GROUP = ENVELOPE + 'BDAT 12\r\nSubject: x\r\nBDAT 8\r\n\r\n.\r\nx\ny' + 'BDAT 5 LAST\r\n\r\n..zNOOP\r\n'

test('a pipelined group, cut at each position', async () => {
  const server = await run()
  try {
    const client = await Client.open(server.port)
    await client.reply()
    client.raw(HELLO)
    await client.reply()
    for (let i = 0; i <= GROUP.length; i++) {
      client.raw(GROUP.slice(0, i))
      await new Promise((done) => setImmediate(done))
      client.raw(GROUP.slice(i))
      const seen = []
      for (let n = 0; n < 6; n++) seen.push(await client.reply())
      assert.equal(
        seen,
        [
          '250 2.1.0 Ok',
          '250 2.1.5 Ok',
          '250 2.0.0 Ok: 12 bytes',
          '250 2.0.0 Ok: 8 bytes',
          '250 2.0.0 Ok: 28 bytes queued as QID',
          '250 2.0.0 Ok',
        ],
        `cut at ${i}`,
      )
    }
    client.destroy()
    // dots are content here; the bare LF and the open last line are not line ends of mail
    for (const { content } of server.fake.messages) assert.is(content, 'Subject: x\r\n\r\n.\r\nx\r\ny\r\n..z\r\n')
    assert.is(server.fake.messages.length, GROUP.length + 1)
  } finally {
    await server.stop()
  }
})

const HI = ['(connect)', '220 mail.postern.example ESMTP Postfix'] as const
const MAIL = ['MAIL FROM:<a@b.example>', '250 2.1.0 Ok'] as const
const RCPT = ['RCPT TO:<rich@postern.example>', '250 2.1.5 Ok'] as const
const CASES: Record<string, readonly (readonly [string, string])[]> = {
  'without a transaction the chunk is read and dropped': [
    ['BDAT 5\r\nNOOP\n', '503 5.5.1 Error: need RCPT command'],
    ['BDAT 6 LAST\r\nRSET\r\n', '551 5.0.0 Discarded 6 bytes after earlier error'],
    MAIL,
  ],
  'no valid recipient': [MAIL, ['BDAT 4 LAST\r\nabc\n', '554 5.5.1 Error: no valid recipients'], MAIL],
  'a bad syntax hangs up': [MAIL, RCPT, ['BDAT x', '521 5.5.4 Syntax: BDAT count [LAST]'], ['(expect close)', '@EOF@']],
  'a word that is not LAST hangs up': [
    ['BDAT 5 FIRST', '521 5.5.4 Syntax: BDAT count [LAST]'],
    ['(expect close)', '@EOF@'],
  ],
  'a null chunk': [
    MAIL,
    RCPT,
    ['BDAT 0', '551 5.7.1 Null BDAT request'],
    ['BDAT 0 LAST', '551 5.0.0 Discarded 0 bytes after earlier error'],
    MAIL,
  ],
  'nothing at all is a message': [MAIL, RCPT, ['BDAT 0 LAST', '250 2.0.0 Ok: 0 bytes queued as QID'], MAIL],
  'other commands in between': [
    MAIL,
    RCPT,
    ['BDAT 3\r\nabc\r\n', '250 2.0.0 Ok: 3 bytes'],
    ['(next)', '500 5.5.2 Error: bad syntax'],
    MAIL_NESTED(),
    ['RCPT TO:<katie@postern.example>', '503 5.5.1 Error: RCPT after BDAT'],
    ['DATA', '503 5.5.1 Error: DATA after BDAT'],
    ['RSET', '250 2.0.0 Ok'],
    MAIL,
  ],
  'too big in the second chunk': [
    MAIL,
    RCPT,
    [`BDAT 60\r\n${'x'.repeat(58)}\r\n`, '250 2.0.0 Ok: 60 bytes'],
    [`BDAT 60\r\n${'x'.repeat(58)}\r\n`, '552 5.3.4 Chunk exceeds message size limit'],
    ['BDAT 2 LAST\r\n\r\n', '551 5.0.0 Discarded 2 bytes after earlier error'],
    MAIL,
  ],
}
function MAIL_NESTED(): [string, string] {
  return ['MAIL FROM:<c@b.example>', '503 5.5.1 Error: nested MAIL command']
}
for (const [name, lines] of Object.entries(CASES))
  for (const slow of [false, true])
    test(`${name}${slow ? ', answered later' : ''}`, async () => {
      const server = await run({ messageSizeLimit: 100 }, { slow })
      try {
        const all = [HI, ...lines]
        assert.equal(
          await dialogue(server.port, all),
          all.map(([, reply]) => reply),
        )
      } finally {
        await server.stop()
      }
    })

test('refused at DATA: the chunk is dropped and the reply is the refusal', async () => {
  const server = await run({}, { data: () => ({ code: 550, esc: '5.7.1', text: 'no content today' }) })
  try {
    const lines = [
      HI,
      MAIL,
      RCPT,
      ['BDAT 6\r\nQUIT\r\n', '550 5.7.1 no content today'],
      ['NOOP', '250 2.0.0 Ok'],
    ] as const
    assert.equal(
      await dialogue(server.port, lines),
      lines.map(([, reply]) => reply),
    )
  } finally {
    await server.stop()
  }
})

test('CHUNKING taken from the offer: BDAT hangs up', async () => {
  const server = await run({ smtpdDiscardEhloKeywords: ['chunking'] })
  try {
    const lines = [HI, ['BDAT 6', '521 5.5.1 Error: command not implemented'], ['(expect close)', '@EOF@']] as const
    assert.equal(
      await dialogue(server.port, lines),
      lines.map(([, reply]) => reply),
    )
  } finally {
    await server.stop()
  }
})

test.run()
