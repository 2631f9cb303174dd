/** Kept connections, TLS, LMTP, parameters of the commands, stopping. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Mail } from './core.ts'
import { call, deliver, rig } from './core.ts'
import type { NextHop, Script, Where } from './next-hop.ts'
import { certificate, EHLO, nextHop } from './next-hop.ts'

const wait = (ms: number) => new Promise((r) => setTimeout(r, ms))
const until = async (done: () => boolean) => {
  for (let i = 0; i < 400 && !done(); i++) await wait(5)
  assert.ok(done())
}
type Send = (mail?: Partial<Mail>) => ReturnType<typeof deliver>
async function withHop(
  script: Script,
  options: object,
  run: (send: Send, hop: NextHop, stop: () => Promise<void>) => Promise<void>,
  where?: Where,
) {
  const hop = await nextHop(script, where)
  const out = rig(options)
  try {
    await run((mail) => deliver(out, { nexthop: `[${hop.host}]:${hop.port}`, ...mail }), hop, out.stop)
  } finally {
    await out.stop()
    await hop.close()
  }
}
const texts = ({ outcomes }: Awaited<ReturnType<Send>>) =>
  Object.values(outcomes).map((o) => `${o.kind} ${o.esc} ${o.text}`)
const OK = 'delivered 2.0.0 250 2.0.0 Ok: taken'

test('a connection is kept for the next message; MAIL, RCPT and DATA are one write', () =>
  withHop({}, {}, async (send, hop) => {
    await send()
    assert.equal(texts(await send({ to: ['a@x', 'b@x'] })), [OK, OK])
    assert.is(hop.sessions.length, 1)
    assert.equal(hop.sessions[0]!.batches, [1, 3, 4])
  }))
test('without the cache: QUIT after each message', () =>
  withHop({}, { smtpConnectionCacheOnDemand: false }, async (send, hop) => {
    await send()
    await send()
    await until(() => hop.sessions.every((s) => s.closed))
    assert.equal(
      hop.sessions.map((s) => s.lines.at(-1)),
      ['QUIT', 'QUIT'],
    )
  }))
test('an idle connection is left with QUIT when its time is over', () =>
  withHop({}, { smtpConnectionCacheTimeLimit: '30ms' }, async (send, hop) => {
    await send()
    assert.is(hop.sessions[0]!.closed, false)
    await until(() => hop.sessions[0]!.closed)
    assert.is(hop.sessions[0]!.lines.at(-1), 'QUIT')
  }))
test('so many messages over one connection, and no more', () =>
  withHop({}, { smtpConnectionReuseCountLimit: 2 }, async (send, hop) => {
    for (let i = 0; i < 4; i++) await send()
    assert.equal(
      hop.sessions.map((s) => s.messages.length),
      [2, 2],
    )
  }))
test('an old connection takes no further message', () =>
  withHop({}, { smtpConnectionReuseTimeLimit: '20ms' }, async (send, hop) => {
    await send()
    await wait(40)
    await send()
    assert.is(hop.sessions.length, 2)
  }))
for (const ending of ['drop', 'reset', '421 4.4.2 idle too long'])
  test(`a kept connection found dead (${ending}) is replaced, once`, () =>
    withHop({ MAIL: ['250 Ok', ending] }, {}, async (send, hop) => {
      await send()
      assert.equal(texts(await send()), [OK])
      assert.equal(
        hop.sessions.map((s) => s.messages.length),
        [1, 1],
      )
    }))
test('a kept connection that dies later is a failure like any other', () =>
  withHop({ '.': ['250 2.0.0 Ok: taken', 'drop'] }, {}, async (send, hop) => {
    await send()
    assert.match(texts(await send())[0]!, /^deferred 4.4.2 lost connection .* may be sent more than once$/)
    assert.is(hop.sessions.length, 1)
  }))
for (const end of ['drop', 'reset'])
  test(`a server that takes the message and is gone at once has taken it (${end})`, () =>
    withHop({ '.': `250 2.0.0 Ok: taken\n${end}` }, {}, async (send, hop) => {
      for (let n = 1; n <= 5; n++) {
        assert.equal(texts(await send()), [OK])
        assert.is(hop.sessions.length, n)
      }
    }))
test('the server closes an idle connection: nothing happens', () =>
  withHop({}, {}, async (send, hop) => {
    await send()
    await hop.close()
    const again = await nextHop({}, { port: hop.port })
    assert.equal(texts(await send()), [OK])
    await again.close()
  }))
for (const [what, ehlo] of [
  ['pipelined', EHLO],
  ['one by one', '250 next'],
] as const)
  test(`after a transaction that was given up, RSET comes first (${what})`, () =>
    withHop({ EHLO: ehlo, 'RCPT TO:<bad': '550 5.1.1 no', DATA: ['354 go'] }, {}, async (send, hop) => {
      if (what === 'pipelined') hop.script = { ...hop.script, DATA: ['503 5.5.1 nobody', '354 go'] }
      await send({ to: ['bad@x'] })
      assert.equal(texts(await send()), [OK])
      assert.is(hop.sessions.length, 1)
      const verbs = hop.sessions[0]!.lines.map((l) => l.slice(0, 4))
      assert.is(verbs.indexOf('RSET'), verbs.lastIndexOf('MAIL') - 1)
    }))
test('stop closes kept connections with QUIT and interrupts those at work', () =>
  withHop({ 'MAIL FROM:<slow@': 'silent' }, {}, async (send, hop, stop) => {
    await send()
    const slow = Promise.all([send({ envelope: { sender: 'slow@x' } }), send({ envelope: { sender: 'slow@x' } })])
    await until(() => hop.sessions.length === 2 && hop.sessions.every((s) => s.lines.some((l) => l.includes('slow@'))))
    await stop()
    for (const settled of await slow) assert.match(texts(settled)[0]!, /^deferred 4.4.2 interrupted while sending/)
    await until(() => hop.sessions.every((s) => s.closed))
  }))
test('an aborted call ends its connection, also while connecting', () =>
  withHop({ greeting: 'silent' }, {}, async (_send, hop) => {
    const out = rig()
    const abort = new AbortController()
    const done = deliver(out, { nexthop: `[${hop.host}]:${hop.port}` }, call(abort.signal))
    await until(() => hop.sessions.length === 1)
    abort.abort()
    assert.equal(texts(await done), ['deferred 4.4.2 interrupted while receiving the initial server greeting'])
    await until(() => hop.sessions[0]!.closed)
    await out.stop()
  }))

test('a call aborted before anything was tried says nothing of the site', () =>
  withHop({}, {}, async (_send, hop) => {
    const out = rig()
    const { outcomes } = await deliver(out, { nexthop: `[${hop.host}]:${hop.port}` }, call(AbortSignal.abort()))
    const { text, siteDown } = outcomes['x@remote.example']!
    assert.equal([text, siteDown, hop.sessions.length], ['delivery was interrupted', undefined, 0])
    await out.stop()
  }))

const tls = certificate()
const TLS_EHLO = `250-next\n250-STARTTLS\n250 PIPELINING`
const clear = 'clear'
const name = '127.0.0.9[127.0.0.9]'
const NO_TLS = 'deferred 4.7.5 Cannot start TLS: handshake failure'
const at = (what: string, how = '') => `deferred 4.4.2 ${what} ${name}${how} while receiving the STARTTLS response`
const refused = (status: string, reply: string) =>
  `${status} TLS is required, but host ${name} refused to start TLS: ${reply}`
const tlsTable: [
  level: string,
  script: Script,
  where: Where | undefined,
  sessions: ('tls' | 'clear')[],
  outcome: string,
  /** ms that the mail has waited */
  age?: number,
][] = [
  ['none', { EHLO: TLS_EHLO }, { tls }, [clear], OK],
  ['may', { EHLO: TLS_EHLO }, { tls }, ['tls'], OK],
  ['may', {}, undefined, [clear], OK],
  ['may', { EHLO: TLS_EHLO, STARTTLS: '454 4.7.0 not now' }, { tls }, [clear], OK],
  ['may', { EHLO: TLS_EHLO, STARTTLS: '220 go\nnot TLS' }, undefined, [clear, clear], OK],
  ['may', { EHLO: TLS_EHLO, STARTTLS: ['220 go', 'drop'] }, undefined, [clear, clear], OK],
  ['may', { EHLO: TLS_EHLO, STARTTLS: ['220 go', 'drop'] }, undefined, [clear], NO_TLS, 0],
  ['may', { EHLO: TLS_EHLO, STARTTLS: '250 go\nnot TLS' }, undefined, [clear], NO_TLS, 290_000],
  ['may', { EHLO: TLS_EHLO, STARTTLS: '250 go\nnot TLS' }, undefined, [clear, clear], OK, 301_000],
  ['may', { EHLO: TLS_EHLO, STARTTLS: 'drop' }, undefined, [clear], at('lost connection with')],
  ['may', { EHLO: TLS_EHLO, STARTTLS: 'silent' }, undefined, [clear], at('conversation with', ' timed out')],
  ['may', { EHLO: TLS_EHLO, STARTTLS: 'hello' }, undefined, [clear], at('conversation with', ' timed out')],
  ['encrypt', { EHLO: TLS_EHLO, STARTTLS: 'drop' }, undefined, [clear], at('lost connection with')],
  [
    'encrypt',
    { EHLO: TLS_EHLO, STARTTLS: 'hello\n502 5.5.1 no' },
    { tls },
    [clear],
    refused('failed 5.5.1', 'hello 502 5.5.1 no'),
  ],
  ['encrypt', { EHLO: TLS_EHLO, STARTTLS: '454 no' }, { tls }, [clear], refused('deferred 4.0.0', '454 no')],
  [
    'encrypt',
    { EHLO: TLS_EHLO, STARTTLS: '421 4.3.2 bye' },
    { tls },
    [clear],
    refused('deferred 4.3.2', '421 4.3.2 bye'),
  ],
  ['encrypt', { EHLO: TLS_EHLO }, { tls }, ['tls'], OK],
  ['encrypt', {}, undefined, [clear], `deferred 4.7.4 TLS is required, but was not offered by host ${name}`],
  [
    'encrypt',
    { EHLO: '502 no', HELO: '250 x' },
    undefined,
    [clear],
    `deferred 4.7.4 TLS is required, but was not offered by host ${name}`,
  ],
  [
    'encrypt',
    { EHLO: TLS_EHLO, STARTTLS: '454 4.7.0 not now' },
    { tls },
    [clear],
    refused('deferred 4.7.0', '454 4.7.0 not now'),
  ],
  ['encrypt', { EHLO: TLS_EHLO }, undefined, [clear], NO_TLS],
]
for (const [level, script, where, sessions, outcome, age = Infinity] of tlsTable)
  test(`TLS ${level}: ${JSON.stringify(script)} ${age}`, () =>
    withHop(
      script,
      { smtpTlsSecurityLevel: level, smtpHeloTimeout: '300ms' },
      async (send, hop) => {
        const created = age === Infinity ? 0 : Date.now() - age
        assert.equal(texts(await send({ envelope: { created } })), [outcome])
        assert.equal(
          hop.sessions.map((s) => (s.tls ? 'tls' : 'clear')),
          sessions,
        )
      },
      where,
    ))
test('what came in clear before the handshake does not count behind it (RFC 3207 section 6)', () =>
  withHop(
    { EHLO: TLS_EHLO, STARTTLS: '220 go\n250-evil\n250 SIZE 1' },
    { smtpTlsSecurityLevel: 'encrypt' },
    async (send) => {
      // the script's LF makes lines of their own: the EHLO answer is injected behind the 220
      assert.not.match(texts(await send())[0]!, /exceeds size limit/)
    },
    { tls },
  ))

test('LMTP: a reply for each recipient, over TCP', () =>
  withHop(
    { 'RCPT TO:<bad': '550 5.1.1 no mailbox', '.': ['250 2.0.0 a', '452 4.2.2 full', '550 5.2.1 off'] },
    { protocol: 'lmtp' },
    async (send, hop) => {
      assert.equal(
        texts(await send({ to: ['a@x', 'bad@x', 'b@x', 'c@x'], nexthop: `inet:${hop.host}:${hop.port}` })).sort(),
        [
          'deferred 4.2.2 host 127.0.0.9[127.0.0.9] said: 452 4.2.2 full (in reply to end of DATA command)',
          'delivered 2.0.0 250 2.0.0 a',
          'failed 5.1.1 host 127.0.0.9[127.0.0.9] said: 550 5.1.1 no mailbox (in reply to RCPT TO command)',
          'failed 5.2.1 host 127.0.0.9[127.0.0.9] said: 550 5.2.1 off (in reply to end of DATA command)',
        ],
      )
      assert.is(hop.sessions[0]!.lines[0], 'LHLO mail.postern.example')
    },
  ))
test('LMTP: lost between two replies, what was said stays', () =>
  withHop({ '.': ['250 2.0.0 a', 'drop'] }, { protocol: 'lmtp' }, async (send) => {
    const { outcomes } = await send({ to: ['a@x', 'b@x'] })
    assert.equal([outcomes['a@x']!.kind, outcomes['b@x']!.kind], ['delivered', 'deferred'])
  }))
test('LMTP over a socket in the file system', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'postern-lmtp-'))
  const path = join(folder, 's')
  await withHop(
    {},
    { protocol: 'lmtp' },
    async (send) => {
      const { outcomes } = await send({ nexthop: `unix:${path}` })
      assert.is(outcomes['x@remote.example']!.relay, `mail.postern.example[${path}]`)
      assert.is(outcomes['x@remote.example']!.kind, 'delivered')
      const gone = await send({ nexthop: `unix:${folder}/none` })
      assert.equal(texts(gone), [
        `deferred 4.4.1 connect to mail.postern.example[${folder}/none]: No such file or directory`,
      ])
    },
    { path },
  )
  await rm(folder, { recursive: true })
})

const ALL = ['250-n', '250-PIPELINING', '250-SIZE 0', '250-8BITMIME', '250-SMTPUTF8', '250 DSN'].join('\n')
const commands: [what: string, ehlo: string, mail: Partial<Mail>, expected: string[]][] = [
  [
    'everything offered',
    ALL,
    {},
    ['MAIL FROM:<a@b.example> SIZE=31', 'RCPT TO:<x@remote.example> ORCPT=rfc822;x@remote.example'],
  ],
  [
    'nothing offered',
    '250 n',
    { envelope: { ret: 'HDRS', envid: 'e1', body: '8BITMIME' }, to: [{ address: 'x@x', notify: ['NEVER'] }] },
    ['MAIL FROM:<a@b.example>', 'RCPT TO:<x@x>'],
  ],
  [
    'DSN',
    ALL,
    {
      envelope: { ret: 'HDRS', envid: 'a+b c' },
      to: [
        { address: 'x@x', original: 'who+ext@y', notify: ['SUCCESS', 'DELAY'] },
        { address: 'y@x', orcpt: 'rfc822;o=o@z' },
      ],
    },
    [
      'MAIL FROM:<a@b.example> SIZE=31 ENVID=a+2Bb+20c RET=HDRS',
      'RCPT TO:<x@x> ORCPT=rfc822;who+2Bext@y NOTIFY=SUCCESS,DELAY',
      'RCPT TO:<y@x> ORCPT=rfc822;o+3Do@z',
    ],
  ],
  [
    'declared 8-bit',
    ALL,
    { envelope: { sender: '', body: '8BITMIME' } },
    ['MAIL FROM:<> SIZE=31 BODY=8BITMIME', 'RCPT TO:<x@remote.example> ORCPT=rfc822;x@remote.example'],
  ],
  [
    '8-bit without a label',
    ALL,
    { body: 'ü\r\n' },
    ['MAIL FROM:<a@b.example> SIZE=22', 'RCPT TO:<x@remote.example> ORCPT=rfc822;x@remote.example'],
  ],
  [
    'SMTPUTF8',
    ALL,
    { to: ['jörg@x'] },
    ['MAIL FROM:<a@b.example> SIZE=31 SMTPUTF8', 'RCPT TO:<jörg@x> ORCPT=utf-8;j\\x{F6}rg@x'],
  ],
]
for (const [what, ehlo, mail, expected] of commands)
  test(`parameters: ${what}`, () =>
    withHop({ EHLO: ehlo }, {}, async (send, hop) => {
      await send(mail)
      assert.equal(
        hop.sessions[0]!.lines.filter((l) => /^(MAIL|RCPT)/.test(l)),
        expected,
      )
    }))
test('HELO name and bind address', () =>
  withHop({}, { smtpHeloName: 'out.example', smtpBindAddress: '127.0.0.5' }, async (send, hop) => {
    await send()
    assert.is(hop.sessions[0]!.lines[0], 'EHLO out.example')
    assert.match(texts(await send())[0]!, /^delivered/)
  }))
test('the transport has the name of its use, and limits', () => {
  assert.is(rig().name, 'smtp')
  const relay = rig({ smtpDestinationRecipientLimit: 7 }, undefined, 'relay')
  assert.is(relay.name, 'relay')
  assert.equal([relay.transport.limits?.concurrency, relay.transport.limits?.recipients], [20, 7])
})

test.run()
