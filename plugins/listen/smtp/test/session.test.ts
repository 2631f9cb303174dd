/** Refusals, limits, deadlines, ends. */
import { Socket } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Resolver } from '@postern/core'
import { Client, EOF, dialogue } from './support/client.ts'
import type { Script } from './support/fake.ts'
import { run } from './support/host.ts'
import type { Kept, Running } from './support/host.ts'
import { ehlo } from './support/postfix.ts'

const using = async (
  options: Record<string, unknown>,
  script: Script,
  body: (server: Running, client: Client) => Promise<void>,
) => {
  const server = await run(options, script)
  const client = await Client.open(server.port)
  try {
    await body(server, client)
  } finally {
    client.destroy()
    await server.stop()
  }
}
const GREETING = '220 mail.postern.example ESMTP Postfix'
const ENVELOPE = 'MAIL FROM:<a@b.example>\r\nRCPT TO:<rich@postern.example>\r\nDATA\r\n'
const expect = async (client: Client, ...replies: string[]) => {
  for (const reply of replies) assert.is(await client.reply(), reply)
}
const GO = ['250 2.1.0 Ok', '250 2.1.5 Ok', '354 End data with <CR><LF>.<CR><LF>']
const QUEUED = '250 2.0.0 Ok: queued as QID'

test('a pipelined group is answered in one write', () =>
  using({}, {}, async (server, client) => {
    await client.reply()
    const { write } = Socket.prototype
    let writes = 0
    Socket.prototype.write = function (this: Socket, ...args: unknown[]) {
      if (this.localPort === server.port) writes++
      return (write as (...a: unknown[]) => boolean).apply(this, args)
    } as typeof write
    try {
      client.raw(`EHLO c\r\n${ENVELOPE}`)
      await expect(client, ehlo(), ...GO)
    } finally {
      Socket.prototype.write = write
    }
    assert.is(writes, 1)
  }))

test('byte by byte', () =>
  using({}, {}, async (server, client) => {
    await client.reply()
    for (const byte of `EHLO c\r\n${ENVELOPE}x\r\n.\r\nQUIT\r\n`) {
      client.raw(byte)
      await new Promise((done) => setImmediate(done))
    }
    await expect(client, ehlo(), ...GO, QUEUED, '221 2.0.0 Bye', EOF)
    assert.is(server.fake.messages[0]!.content, 'x\r\n')
  }))

test('refused at HELO, MAIL, DATA and the end', async () => {
  const no = { code: 550, esc: '5.7.1', text: 'no' }
  const lines = [['(connect)', GREETING]] as [string, string][]
  for (const [script, more] of [
    [{ helo: () => no }, [['HELO x', '550 5.7.1 no']]],
    [
      { mail: () => no },
      [
        ['MAIL FROM:<>', '550 5.7.1 no'],
        ['RCPT TO:<x@y>', '503 5.5.1 Error: need MAIL command'],
      ],
    ],
    [
      { data: () => no },
      [
        ['MAIL FROM:<>', GO[0]],
        ['RCPT TO:<x@y>', GO[1]],
        ['DATA', '550 5.7.1 no'],
        ['RSET', '250 2.0.0 Ok'],
      ],
    ],
    [
      { end: async () => no },
      [
        ['MAIL FROM:<>', GO[0]],
        ['RCPT TO:<x@y>', GO[1]],
        ['DATA', GO[2]],
        ['.', '550 5.7.1 no'],
        ['MAIL FROM:<>', GO[0]],
      ],
    ],
    [
      { end: () => Promise.reject(new Error('disk')) },
      [
        ['MAIL FROM:<>', GO[0]],
        ['RCPT TO:<x@y>', GO[1]],
        ['DATA', GO[2]],
        ['.', '451 4.3.0 Error: queue file write error'],
      ],
    ],
    [
      {
        mail: () => {
          throw new Error('bug')
        },
      },
      [
        ['MAIL FROM:<>', '421 4.3.0 Server local error'],
        ['(expect close)', EOF],
      ],
    ],
  ] as [Script, [string, string][]][]) {
    const server = await run({}, script)
    const all = [...lines, ...more]
    assert.equal(
      await dialogue(server.port, all),
      all.map(([, r]) => r),
    )
    await server.stop()
  }
})

test('refused at connect: only QUIT is heard', () =>
  using({}, { connect: () => ({ code: 554, esc: '5.7.1', text: 'go away' }) }, async (_server, client) => {
    await expect(client, '554 5.7.1 go away')
    assert.is(await client.say('EHLO x'), '503 5.7.0 Error: access denied for localhost[127.0.0.1]')
    assert.is(await client.say('QUIT'), '221 2.0.0 Bye')
  }))
test('421 ends the session, whoever says it', () =>
  using({}, { rcpt: () => ({ code: 421, esc: '4.7.0', text: 'enough' }) }, async (_server, client) => {
    await client.reply()
    client.raw('MAIL FROM:<>\r\nRCPT TO:<x@y>\r\nNOOP\r\n')
    await expect(client, '250 2.1.0 Ok', '421 4.7.0 enough', EOF)
  }))
test('a line end in a text of policy is not one on the wire', () =>
  using({}, { mail: () => ({ code: 550, esc: '5.7.1', text: 'a\r\n250 b' }) }, async (_server, client) => {
    await client.reply()
    assert.is(await client.say('MAIL FROM:<>'), '550 5.7.1 a??250 b')
    assert.is(await client.say('NOOP'), '250 2.0.0 Ok')
  }))
test('a registered verb is answered, and XCLIENT without one is refused', () =>
  using(
    {},
    { command: (verb, argument) => (verb === 'XTRA' ? { code: 250, text: argument } : undefined) },
    async (_server, client) => {
      await client.reply()
      assert.is(await client.say('xtra one two'), '250 one two')
      assert.is(await client.say('XCLIENT NAME=x'), '550 5.7.0 Error: insufficient authorization')
      assert.is(await client.say('XCLIENT'), '501 5.5.4 Syntax: XCLIENT attribute=value...')
      assert.is(await client.say('MAIL FROM:<>'), GO[0])
      assert.is(await client.say('xforward name=x'), '503 5.5.1 Error: MAIL transaction in progress')
    },
  ))

test('verbs end at ASCII white space and at nothing else', async () => {
  for (const [line, reply] of [
    [' \tNOOP\tx', '250 2.0.0 Ok'],
    ['NOOP"x"', '500 5.5.2 Error: command not recognized'],
    ['NOOP<x>', '500 5.5.2 Error: command not recognized'],
    ['NOOP\u00a0', '500 5.5.2 Error: command not recognized'],
    ['\u00a0NOOP', '221 2.7.0 Error: I can break rules, too. Goodbye.'],
    ['NOOP: x', '221 2.7.0 Error: I can break rules, too. Goodbye.'],
  ] as const)
    await using({}, {}, async (_server, client) => {
      await client.reply()
      client.raw(Buffer.from(`${line}\r\n`))
      assert.is(await client.reply(), reply, JSON.stringify(line))
    })
})

test('VRFY: comments around an address, and spaces in it', () =>
  using({}, {}, async (_server, client) => {
    await client.reply()
    for (const text of ['rich (x)', '(x) rich', '<rich@postern.example> (x)', 'rich;', 'rich @ postern.example'])
      assert.is(await client.say(`VRFY ${text}`), `252 2.0.0 ${text}`)
    assert.is(await client.say('VRFY <rich@postern.example> x'), '501 5.1.3 Bad recipient address syntax')
    assert.is(await client.say('VRFY rich katie'), '501 5.1.3 Bad recipient address syntax')
  }))

test('hard error limit', () =>
  using({ smtpdHardErrorLimit: 3 }, {}, async (_server, client) => {
    await client.reply()
    client.raw('FOO\r\nFOO\r\nFOO\r\nNOOP\r\n')
    const no = '500 5.5.2 Error: command not recognized'
    await expect(client, no, no, no, '421 4.7.0 mail.postern.example Error: too many errors', EOF)
  }))
test('a message that was taken forgives the errors before it', () =>
  using({ smtpdHardErrorLimit: 3 }, {}, async (_server, client) => {
    await client.reply()
    client.raw(`FOO\r\nFOO\r\n${ENVELOPE}`)
    const no = '500 5.5.2 Error: command not recognized'
    await expect(client, no, no, ...GO)
    assert.is(await client.say('.'), QUEUED)
    client.raw('FOO\r\nFOO\r\nNOOP\r\n')
    await expect(client, no, no, '250 2.0.0 Ok')
  }))
test('soft error limit: replies come late but come, and a message forgives', () =>
  using({ smtpdSoftErrorLimit: 1, smtpdErrorSleepTime: '30ms' }, {}, async (_server, client) => {
    await client.reply()
    client.raw(`FOO\r\nFOO\r\nNOOP\r\n${ENVELOPE}`)
    const no = '500 5.5.2 Error: command not recognized'
    await expect(client, no, no, '250 2.0.0 Ok', ...GO)
    assert.is(await client.say('.'), QUEUED)
    assert.is(await client.say('NOOP'), '250 2.0.0 Ok')
  }))
test('too many recipients are no errors until the overshoot limit', () =>
  using(
    { smtpdHardErrorLimit: 2, smtpdRecipientOvershootLimit: 3 },
    { rcpt: () => ({ code: 452, esc: '4.5.3', text: 'Error: too many recipients' }) },
    async (_server, client) => {
      await client.reply()
      await client.say('MAIL FROM:<>')
      for (let i = 0; i < 4; i++) assert.is(await client.say('RCPT TO:<x@y>'), '452 4.5.3 Error: too many recipients')
      client.raw('RCPT TO:<x@y>\r\n')
      await expect(
        client,
        '452 4.5.3 Error: too many recipients',
        '421 4.7.0 mail.postern.example Error: too many errors',
        EOF,
      )
    },
  ))
test('huge lines are cut, in one piece or in many', () =>
  using({}, {}, async (server, client) => {
    await client.reply()
    for (let i = 0; i < 40; i++) client.raw('NOOP ' + 'z'.repeat(50_000))
    client.raw('\r\n')
    await expect(client, '250 2.0.0 Ok')
    client.raw(`HELO ${'h'.repeat(5000)}\r\nNOOP\r\n`)
    await expect(client, '250 mail.postern.example', '250 2.0.0 Ok')
    assert.is(server.fake.events[0]!.length, 2048)
  }))

test('connections: per address, per worker', async () => {
  const server = await run({ smtpdClientConnectionCountLimit: 1, smtpdClientEventLimitExceptions: [] })
  const first = await Client.open(server.port)
  await expect(first, GREETING)
  assert.equal(
    await dialogue(server.port, [
      ['(connect)', ''],
      ['(expect close)', ''],
    ]),
    ['421 4.7.0 mail.postern.example Error: too many connections from 127.0.0.1', EOF],
  )
  assert.is(await first.say('QUIT'), '221 2.0.0 Bye')
  assert.is(await first.reply(), EOF)
  first.destroy()
  await new Promise((done) => setTimeout(done, 50))
  assert.equal(await dialogue(server.port, [['(connect)', '']]), [GREETING])
  await server.stop()
  const small = await run({ maxSessions: 1 })
  const one = await Client.open(small.port)
  await expect(one, GREETING)
  assert.equal(await dialogue(small.port, [['(connect)', '']]), ['421 4.3.2 All server ports are busy'])
  one.destroy()
  await small.stop()
})

test('size limit: told at the end, and the rest of the message is no command', () =>
  using({ messageSizeLimit: 20 }, {}, async (server, client) => {
    await client.reply()
    client.raw(ENVELOPE)
    await expect(client, ...GO)
    client.raw('0123456789\r\n01234\r\nQUIT\r\n.\r\nNOOP\r\n')
    await expect(client, '552 5.3.4 Error: message file too big', '250 2.0.0 Ok')
    assert.equal(server.fake.events, ['abort', 'reset'])
    client.raw(ENVELOPE)
    await expect(client, ...GO)
    assert.is(await client.say('0123456789\r\n012345\r\n.'), QUEUED)
  }))
test('a sink that asks to wait gets everything in order', () =>
  using({}, { hold: true }, async (server, client) => {
    await client.reply()
    client.raw(ENVELOPE)
    await expect(client, ...GO)
    const body = Array.from({ length: 60_000 }, (_, i) => `line ${i}\r\n`).join('')
    client.raw(body + '.\r\nNOOP\r\n')
    await expect(client, QUEUED, '250 2.0.0 Ok')
    assert.ok(server.fake.messages[0]!.content === body)
  }))
test('a From_ line and white space at the start cannot join our Received:', async () => {
  for (const [body, want] of [
    [
      'From x@y Thu\r\n>From z\r\nSubject: s\r\n',
      'X-Mailbox-Line: From x@y Thu\r\nX-Mailbox-Line: >From z\r\nSubject: s\r\n',
    ],
    ['From: x\r\n', 'From: x\r\n'],
    [' continued\r\n', '\r\n continued\r\n'],
    ['F', 'F\r\n'],
  ] as const)
    await using({}, {}, async (server, client) => {
      await client.reply()
      client.raw(ENVELOPE)
      await expect(client, ...GO)
      for (const byte of body) {
        client.raw(byte)
        await new Promise((done) => setImmediate(done))
      }
      client.raw(body.endsWith('\n') ? '.\r\n' : '\r\n.\r\n')
      await expect(client, QUEUED)
      assert.is(server.fake.messages[0]!.content, want)
    })
})
test('bare newline: reject', () =>
  using({ smtpdForbidBareNewline: 'reject' }, {}, async (_server, client) => {
    await client.reply()
    client.raw(ENVELOPE)
    await expect(client, ...GO)
    assert.is(await client.say('a\nb\r\n.'), '550 5.5.2 mail.postern.example Error: bare <LF> received')
    client.raw('NOOP\n')
    await expect(client, '550 5.5.2 mail.postern.example Error: bare <LF> received', EOF)
  }))
test('bare newline: clients that may', () =>
  using(
    { smtpdForbidBareNewline: 'reject', smtpdForbidBareNewlineExclusions: ['127.0.0.0/8'] },
    {},
    async (_server, client) => {
      await client.reply()
      client.raw('NOOP\n')
      await expect(client, '250 2.0.0 Ok')
    },
  ))

test('silent clients', async () => {
  const timeout = '421 4.4.2 mail.postern.example Error: timeout exceeded'
  await using({ smtpdTimeout: '200ms' }, {}, async (_server, client) => expect(client, GREETING, timeout, EOF))
  await using({ smtpdTimeout: '200ms' }, {}, async (server, client) => {
    await client.reply()
    client.raw(ENVELOPE)
    await expect(client, ...GO)
    client.raw('Subject: unfinished\r\n')
    await expect(client, timeout, EOF)
    assert.ok(server.fake.events.includes('abort'))
  })
})
test('a trickling client, in a command and in content', async () => {
  const timeout = '421 4.4.2 mail.postern.example Error: timeout exceeded'
  for (const start of ['', ENVELOPE])
    await using({ smtpdCommandTimeLimit: '100ms' }, {}, async (_server, client) => {
      await client.reply()
      client.raw(start)
      if (start) await expect(client, ...GO)
      const drip = setInterval(() => client.raw('x'), 20)
      await expect(client, timeout)
      clearInterval(drip)
    })
})
test('a client that goes away in the middle of a message', () =>
  using({}, {}, async (server, client) => {
    await client.reply()
    client.raw(ENVELOPE)
    await expect(client, ...GO)
    client.raw('half\r\n')
    await new Promise((done) => setTimeout(done, 20))
    client.destroy()
    for (let i = 0; i < 100 && server.fake.events.length < 2; i++) await new Promise((done) => setTimeout(done, 10))
    assert.equal(server.fake.events, ['abort', 'end'])
    assert.is(server.fake.messages.length, 0)
  }))
test('a client that goes away while DATA is decided leaves no content open', () =>
  using({}, { data: () => undefined, slowData: 500 }, async (server, client) => {
    await client.reply()
    client.raw(ENVELOPE)
    await expect(client, ...GO.slice(0, 2))
    client.reset()
    await new Promise((done) => setTimeout(done, 700))
    assert.equal(server.fake.events, ['end'])
  }))
test('a client that closes its side early is answered first', () =>
  using({}, { slow: true }, async (server, client) => {
    client.raw(`${ENVELOPE}x\r\n.\r\n`)
    client.half()
    await expect(client, GREETING, ...GO, QUEUED, EOF)
    assert.is(server.fake.messages.length, 1)
  }))

test('drain: the idle are told, the busy finish, nobody new comes in', async () => {
  const server = await run()
  const idle = await Client.open(server.port)
  await idle.reply()
  const busy = await Client.open(server.port)
  await busy.reply()
  busy.raw(ENVELOPE)
  await expect(busy, ...GO)
  let drained = false
  const drain = server.drain().then(() => {
    drained = true
  })
  const bye = '421 4.3.2 mail.postern.example Error: service is shutting down'
  await expect(idle, bye, EOF)
  const refused = await Client.open(server.port).then(
    () => 'open',
    () => 'refused',
  )
  assert.is(refused, 'refused')
  assert.is(drained, false)
  busy.raw('x\r\n.\r\n')
  await expect(busy, QUEUED, bye, EOF)
  idle.destroy()
  busy.destroy()
  await drain
  await server.stop()
})
test('drain: at the deadline the rest is closed', async () => {
  const server = await run()
  const client = await Client.open(server.port)
  await client.reply()
  await client.say('MAIL FROM:<>')
  const deadline = new AbortController()
  const drain = server.drain(deadline.signal)
  deadline.abort()
  await drain
  const last = await client.reply()
  assert.ok(last === EOF || last.startsWith('421 4.3.2'))
  client.destroy()
  await server.stop()
})
test('reload: the next graph takes the port, old sessions finish in the old one', async () => {
  const kept: Kept = new Map()
  const first = await run({}, {}, kept)
  const client = await Client.open(first.port)
  await client.reply()
  client.raw(ENVELOPE)
  await expect(client, ...GO)
  const second = await run({ smtpdBanner: '$myhostname second' }, {}, kept)
  assert.is(second.port, first.port)
  const drain = first.drain()
  assert.equal(await dialogue(first.port, [['(connect)', '']]), ['220 mail.postern.example second'])
  assert.is(await client.say('x\r\n.'), QUEUED)
  await drain
  await first.stop()
  assert.equal(await dialogue(first.port, [['(connect)', '']]), ['220 mail.postern.example second'])
  client.destroy()
  await second.stop()
})
test('a port that is taken stops the start and is named', async () => {
  const server = await run()
  const error = await run({ listen: [`127.0.0.1:${server.port}`] }).then(
    () => undefined,
    (e: Error) => e,
  )
  assert.match(error?.message ?? '', new RegExp(`cannot listen on 127.0.0.1:${server.port}`))
  await server.stop()
})

const { Peers } = await import('../dist/peer.js')
const { clock, quiet } = await import('./support/fake.ts')
const DNS: Record<string, string[]> = {
  '192.0.2.1': ['mx.example.'],
  'mx.example': ['192.0.2.9', '192.0.2.1'],
  '192.0.2.2': ['liar.example'],
  'liar.example': ['192.0.2.9'],
  '192.0.2.3': ['evil\r\nname'],
  '2001:db8::1': ['six.example'],
  'six.example': ['2001:0db8:0:0:0:0:0:1'],
}
const find = async (key: string) => {
  if (key === '192.0.2.66') throw new Error('resolver broke')
  if (key === '192.0.2.67') return { kind: 'failed', cause: 'timeout' } as const
  const records = DNS[key]
  return records ? ({ kind: 'found', records } as const) : ({ kind: 'absent', nxdomain: true } as const)
}
const dns = { ptr: find, a: find, aaaa: find } as unknown as Resolver
for (const [address, name, reverseName] of [
  ['192.0.2.1', 'mx.example', 'mx.example'],
  ['192.0.2.2', 'unknown', 'liar.example'],
  ['192.0.2.3', 'unknown', 'unknown'],
  ['192.0.2.4', 'unknown', 'unknown'],
  ['192.0.2.66', 'unknown', 'unknown'],
  ['192.0.2.67', 'unknown', 'unknown'],
  ['2001:db8::1', 'six.example', 'six.example'],
  ['127.0.0.1', 'localhost', 'localhost'],
  ['::1', 'localhost', 'localhost'],
])
  test(`the name of ${address} is ${name}`, async () => {
    assert.equal(await new Peers(dns, clock, quiet).names(address!), { name, reverseName })
  })
test('smtpdPeernameLookup: no', () =>
  using({ smtpdPeernameLookup: false }, {}, async (server, client) => {
    await client.reply()
    assert.is(server.fake.opened[0]!.client.name, 'unknown')
  }))

test.run()
