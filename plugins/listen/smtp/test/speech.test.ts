/** What the core is told of each reply. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Reply } from '@postern/core'
import { Client, EOF } from './support/client.ts'
import type { Script } from './support/fake.ts'
import { run } from './support/host.ts'
import type { Running } from './support/host.ts'

type Told = [command: string, code: number, line?: string]

/** All that is told of a session in which the client says this at once. */
async function toldOf(said: string | Buffer, options: Record<string, unknown> = {}, script: Script = {}) {
  return session(options, script, async (client) => {
    await client.reply()
    client.raw(said)
    await toTheEnd(client)
  })
}
const toTheEnd = async (client: Client): Promise<void> => {
  while ((await client.reply()) !== EOF);
}
async function session(
  options: Record<string, unknown>,
  script: Script,
  body: (client: Client, server: Running) => Promise<void>,
): Promise<Told[]> {
  const server = await run(options, script)
  const client = await Client.open(server.port)
  try {
    await body(client, server)
  } finally {
    client.destroy()
    await server.stop()
  }
  return server.fake.replied.map(([command, code, line]) =>
    line === undefined ? [command, code] : [command, code, line],
  )
}
const BANNER: Told = ['', 220]
const EHLO: Told = ['EHLO', 250, 'EHLO c']
const MAIL: Told = ['MAIL', 250, 'mail from:<a@b.example> SIZE=1']
const RCPT: Told = ['RCPT', 250, 'RCPT TO:<rich@postern.example>']
const BYE: Told = ['QUIT', 221, 'QUIT']
const ENVELOPE = 'EHLO c\r\nmail from:<a@b.example> SIZE=1\r\nRCPT TO:<rich@postern.example>\r\n'
const SECRET = 'AGpvZQBzZWNyZXQ='
const LONG = `RCPT TO:<${'x'.repeat(700)}`
const ETRN: Script = { command: (verb) => (verb === 'ETRN' ? { code: 250, esc: '2.0.0', text: 'Queuing' } : undefined) }

/** name, what the client says, what is told behind the greeting, options */
const SESSIONS: readonly (readonly [string, string, readonly Told[], Record<string, unknown>?])[] = [
  [
    'a message: the end of its content was no line',
    `${ENVELOPE}DATA\r\nx\r\n.\r\nQUIT\r\n`,
    [EHLO, MAIL, RCPT, ['DATA', 354, 'DATA'], ['DATA', 250], BYE],
  ],
  [
    'chunks: their reply is the first to the line',
    `${ENVELOPE}BDAT 2\r\nx\nBDAT 2 LAST\r\ny\nQUIT\r\n`,
    [EHLO, MAIL, RCPT, ['BDAT', 250, 'BDAT 2'], ['BDAT', 250, 'BDAT 2 LAST'], BYE],
  ],
  [
    'blanks, tabs and letters as they came; the end of the line not',
    ' \tNoOp\tx \r\r\nfoo  bar\nQUIT\r\n',
    [['NOOP', 250, ' \tNoOp\tx '], ['FOO', 500, 'foo  bar'], BYE],
  ],
  [
    'no verb',
    '\r\n<x\r\n',
    [
      ['', 500, ''],
      ['<X', 221, '<x'],
    ],
  ],
  ['not UTF-8', 'FOO \xff\r\nQUIT\r\n', [['', 500], BYE]],
  ['too long', `${LONG}\r\nQUIT\r\n`, [['RCPT', 503, LONG.slice(0, 512)], BYE]],
  [
    'AUTH, and what may follow it, until another command comes',
    `AUTH PLAIN ${SECRET}\r\n${SECRET}\r\n${SECRET} x\r\nNOOP\r\nFOO x\r\nQUIT\r\n`,
    [
      ['AUTH', 503, 'AUTH'],
      ['AUTH', 500, 'AUTH'],
      ['AUTH', 500, 'AUTH'],
      ['NOOP', 250, 'NOOP'],
      ['FOO', 500, 'FOO x'],
      BYE,
    ],
  ],
  [
    'AUTH in other clothes',
    ` auth\tplain ${SECRET}\r\nRSET\r\nAUTH=PLAIN ${SECRET}\r\nRSET\r\nAuthorization: Basic ${SECRET}\r\n`,
    [
      ['AUTH', 503, 'AUTH'],
      ['RSET', 250, 'RSET'],
      ['AUTH', 500, 'AUTH'],
      ['RSET', 250, 'RSET'],
      ['AUTH', 221, 'AUTH'],
    ],
  ],
  [
    'a registered command',
    `AUTH ${SECRET}\r\nETRN b.example\r\nFOO x\r\nQUIT\r\n`,
    [['AUTH', 503, 'AUTH'], ['ETRN', 250, 'ETRN b.example'], ['FOO', 500, 'FOO x'], BYE],
  ],
  [
    'AUTH with a bare LF',
    `AUTH PLAIN ${SECRET}\n`,
    [['', 521, 'AUTH']],
    { smtpdForbidBareNewline: 'reject', smtpdForbidBareNewlineRejectCode: 521 },
  ],
  [
    'LMTP: one line, a reply for each recipient',
    `${ENVELOPE.replace('EHLO', 'LHLO')}RCPT TO:<b@postern.example>\r\nBDAT 1 LAST\r\nxQUIT\r\n`,
    [
      ['LHLO', 250, 'LHLO c'],
      MAIL,
      RCPT,
      ['RCPT', 250, 'RCPT TO:<b@postern.example>'],
      ['BDAT', 250, 'BDAT 1 LAST'],
      ['BDAT', 250],
      BYE,
    ],
    { protocol: 'lmtp' },
  ],
  [
    'the end of our patience',
    'FOO 1\r\nFOO 2\r\nFOO 3\r\n',
    [
      ['FOO', 500, 'FOO 1'],
      ['FOO', 500, 'FOO 2'],
      ['FOO', 421],
    ],
    { smtpdHardErrorLimit: 2 },
  ],
]
for (const slow of [false, true])
  for (const [name, said, told, options] of SESSIONS)
    test(`told${slow ? ', late' : ''}: ${name}`, async () => {
      assert.equal(await toldOf(Buffer.from(said, 'latin1'), options, { ...ETRN, slow }), [BANNER, ...told])
    })

test('told: a timeout in the middle of a chunk is no answer to its line', async () => {
  const told = await toldOf(`${ENVELOPE}BDAT 9\r\nx`, { smtpdTimeout: '200ms' })
  assert.equal(told, [BANNER, EHLO, MAIL, RCPT, ['BDAT', 421]])
})
test('told: a stop is no answer', async () => {
  const told = await session({}, {}, async (client, server) => {
    await client.reply()
    client.raw('NOOP\r\n')
    await client.reply()
    const gone = server.drain()
    await toTheEnd(client)
    await gone
  })
  assert.equal(told, [BANNER, ['NOOP', 250, 'NOOP'], ['NOOP', 421]])
})

test('softBounce: every refusal is one for now, and what ends a session ends it', async () => {
  const refused: Reply = { code: 550, esc: '5.1.1', text: 'no' }
  const said = 'FOO\r\nEHLO\r\nEHLO x\r\nMAIL FROM:<x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT x\r\n'
  const told = await toldOf(said, { softBounce: true }, { rcpt: () => refused })
  assert.equal(
    told.map(([, code]) => code),
    [220, 400, 401, 250, 401, 250, 450, 421],
  )
})
test.run()
