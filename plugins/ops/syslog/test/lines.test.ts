/** Facts and events, and the lines that Postfix 3.7 writes of the same. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Facts, Outcome, Reply } from '@postern/core'
import { lines, raw, session } from './support.ts'
import type { Options, Written } from './support.ts'

const NO_STATISTICS = { anvilStatusUpdateTime: 0 }
const told = (use: (w: Written) => unknown, options: Options = {}) => lines({ ...NO_STATISTICS, ...options }, use)

const CLIENT = { address: '192.0.2.1', port: 4711, name: 'mx.example', reverseName: 'mx.example' }
const ESMTP = { verb: 'EHLO', name: 'client.example' } as const
const OK: Reply = { code: 250, esc: '2.0.0', text: 'Ok' }
type Step = readonly [command: string, line: string | undefined, code: number, esc?: string, text?: string]

/** A session of these replies; `last` is asked before it ends. */
function dialogue({ t }: Written, steps: readonly Step[], last?: (s: ReturnType<typeof session>) => void, end = {}) {
  const s = session({ client: CLIENT, helo: ESMTP })
  t.tell('connected', { session: s })
  for (const [command, line, code, esc, text = 'x'] of steps)
    t.tell('replied', {
      session: s,
      command,
      line,
      reply: { code, esc, text, close: code === 221 || code === 421 || code === 521 },
    })
  last?.(s)
  t.tell('disconnect', { session: s, commands: steps.length, ms: 5, ...end })
}
const EHLO: Step = ['EHLO', 'EHLO client.example', 250]
const QUIT: Step = ['QUIT', 'QUIT', 221, '2.0.0']
const MAIL: Step = ['MAIL', 'MAIL FROM:<a@b.example>', 250]
const RCPT: Step = ['RCPT', 'RCPT TO:<c@d.example>', 250]
const DATA: Step = ['DATA', 'DATA', 354]

// what the live Postfix wrote at the end of such sessions
const ENDS: [name: string, steps: Step[], expected: string[], end?: Partial<Facts['disconnect']>, stage?: string][] = [
  ['nothing was said', [], ['lost connection after CONNECT from mx.example[192.0.2.1]', 'commands=0/0']],
  ['QUIT alone', [QUIT], ['quit=1 commands=1']],
  [
    'a message',
    [EHLO, MAIL, RCPT, DATA, ['DATA', undefined, 250], QUIT],
    ['ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5'],
  ],
  [
    'a recipient and a message were refused',
    [EHLO, MAIL, RCPT, ['RCPT', 'RCPT TO:<x@d.example>', 550], DATA, ['DATA', undefined, 552], QUIT],
    ['ehlo=1 mail=1 rcpt=1/2 data=0/1 quit=1 commands=4/6'],
  ],
  [
    'cut off in the middle',
    [EHLO, MAIL, RCPT, DATA],
    ['lost connection after DATA (15 bytes) from mx.example[192.0.2.1]', 'ehlo=1 mail=1 rcpt=1 data=0/1 commands=3/4'],
    { content: 15 },
  ],
  [
    'cut off in a chunk, which has no reply yet',
    [EHLO, MAIL, RCPT],
    ['lost connection after BDAT (54 bytes) from mx.example[192.0.2.1]', 'ehlo=1 mail=1 rcpt=1 bdat=0/1 commands=3/4'],
    { content: 54 },
  ],
  [
    'gone behind a message',
    [EHLO, MAIL, RCPT, DATA, ['DATA', undefined, 250]],
    ['lost connection after END-OF-MESSAGE from mx.example[192.0.2.1]', 'ehlo=1 mail=1 rcpt=1 data=1 commands=4'],
  ],
  [
    'silent for too long',
    [EHLO],
    ['timeout after EHLO from mx.example[192.0.2.1]', 'ehlo=1 commands=1'],
    {},
    'timeout',
  ],
  [
    'too many errors',
    [
      ['FOO', 'FOO', 500],
      ['BAR', 'BAR baz', 500],
      ['MAIL', 'MAIL FROM', 501],
    ],
    ['too many errors after MAIL from mx.example[192.0.2.1]', 'mail=0/1 unknown=0/2 commands=0/3'],
    {},
    'limits',
  ],
  [
    'HTTP',
    [['GET', 'GET / HTTP/1.0', 221, '2.7.0', 'Error: I can break rules, too. Goodbye.']],
    ['warning: non-SMTP command from mx.example[192.0.2.1]: GET / HTTP/1.0', 'unknown=0/1 commands=0/1'],
  ],
  [
    'an address that is none',
    [['MAIL', 'MAIL FROM:<a b@c d>', 501, '5.1.7', 'Bad sender address syntax'], QUIT],
    [
      'warning: Illegal address syntax from mx.example[192.0.2.1] in MAIL command: <a b@c d>',
      'mail=0/1 quit=1 commands=1/2',
    ],
  ],
  [
    'declared too big',
    [EHLO, ['MAIL', 'MAIL FROM:<a@b.example> SIZE=1', 552, '5.3.4', 'Message size exceeds fixed limit'], QUIT],
    [
      'NOQUEUE: reject: MAIL from mx.example[192.0.2.1]: 552 5.3.4 Message size exceeds fixed limit; from=<a@b.example> proto=ESMTP helo=<client.example>',
      'ehlo=1 mail=0/1 quit=1 commands=2/3',
    ],
  ],
  [
    'declared too big, under soft_bounce',
    [EHLO, ['MAIL', 'MAIL FROM:<a@b.example> SIZE=1', 452, '4.3.4', 'Message size exceeds fixed limit'], QUIT],
    [
      'NOQUEUE: reject: MAIL from mx.example[192.0.2.1]: 452 4.3.4 Message size exceeds fixed limit; from=<a@b.example> proto=ESMTP helo=<client.example>',
      'ehlo=1 mail=0/1 quit=1 commands=2/3',
    ],
  ],
  [
    'a size that is no number of this world: counted, not told',
    [EHLO, ['MAIL', 'MAIL FROM:<a@b> SIZE=x', 552, '5.3.4', 'Message size exceeds file system imposed limit'], QUIT],
    ['ehlo=1 mail=0/1 quit=1 commands=2/3'],
  ],
  [
    'a table of keywords that is away',
    [['EHLO', 'EHLO x', 421, '4.3.0', 'mail.example Server local data error']],
    [
      'NOQUEUE: reject: EHLO from mx.example[192.0.2.1]: 421 4.3.0 mail.example Server local data error',
      'ehlo=0/1 commands=0/1',
    ],
  ],
  [
    'AUTH in several lines',
    [EHLO, ['AUTH', 'AUTH', 334], ['AUTH', 'AUTH', 334], ['AUTH', 'AUTH', 535], QUIT],
    ['ehlo=1 auth=0/1 quit=1 commands=2/3'],
  ],
]
for (const [name, steps, expected, end, stage] of ENDS)
  test(`the end of a session: ${name}`, async () => {
    const written = await told((w) =>
      dialogue(
        w,
        steps,
        (s) => {
          if (!stage) return
          w.t.tell('refused', { session: s, stage, reply: { code: 421, text: 'x', close: true }, by: 'core' })
          w.t.tell('replied', { session: s, command: steps.at(-1)![0], reply: { code: 421, text: 'x', close: true } })
        },
        end,
      ),
    )
    assert.equal(written, [
      'smtpd: connect from mx.example[192.0.2.1]',
      ...expected.slice(0, -1).map((l) => `smtpd: ${l}`),
      `smtpd: disconnect from mx.example[192.0.2.1] ${expected.at(-1)!}`,
    ])
  })

const REFUSED: [stage: string, by: string, reply: Reply, expected: string | undefined][] = [
  ['RCPT', 'x', { code: 550, esc: '5.1.1', text: 'no' }, 'reject: RCPT from C: 550 5.1.1 no; from=<a@b> to=<c@d> E'],
  ['VRFY', 'core', { code: 550, esc: '5.1.1', text: 'no' }, 'reject: VRFY from C: 550 5.1.1 no; from=<a@b> to=<c@d> E'],
  ['mail', 'x', { code: 450, text: ['two', 'lines'] }, 'reject: MAIL from C: 450 two lines; from=<a@b> to=<c@d> E'],
  ['helo', 'x', { code: 501, text: 'no' }, 'reject: EHLO from C: 501 no; from=<a@b> to=<c@d> E'],
  ['END-OF-MESSAGE', 'x', { code: 554, text: 'no' }, 'reject: END-OF-MESSAGE from C: 554 no; from=<a@b> to=<c@d> E'],
  ['RCPT', 'core', { code: 503, esc: '5.5.1', text: 'Error: need MAIL command' }, undefined],
  ['rcpt', 'core', { code: 501, esc: '5.5.4', text: 'Syntax' }, undefined],
  ['RCPT', 'x', { code: 550, text: 'a\r\nb: c' }, 'reject: RCPT from C: 550 a??b: c; from=<a@b> to=<c@d> E'],
]
for (const [stage, by, reply, expected] of REFUSED)
  test(`a refusal at ${stage} by ${by === 'core' ? 'the protocol' : 'a plugin'}: ${[reply.text].flat()[0]!}`, async () => {
    const written = await told(({ t }) => {
      const s = session({ client: CLIENT, helo: ESMTP })
      t.tell('refused', { session: s, stage, reply, by, sender: 'a@b', recipient: 'c@d' })
    })
    const line = expected?.replace(' C', ' mx.example[192.0.2.1]').replace(/ E$/, ' proto=ESMTP helo=<client.example>')
    assert.equal(written, line === undefined ? [] : [`smtpd: NOQUEUE: ${line}`])
  })

test('a message has its id from its first recipient on, and loses it with the transaction', async () => {
  const written = await told(({ t }) => {
    const s = session({ client: CLIENT, helo: ESMTP, auth: { user: 'rich', mechanism: 'PLAIN' } })
    const no = () => t.tell('refused', { session: s, stage: 'RCPT', reply: { code: 550, text: 'no' }, by: 'x' })
    t.tell('begun', { session: s, messageId: 'abc1' })
    no()
    t.tell('replied', { session: s, command: 'RSET', line: 'RSET', reply: OK })
    no()
  })
  const no = 'reject: RCPT from mx.example[192.0.2.1]: 550 no; proto=ESMTP helo=<client.example>'
  assert.equal(written, [
    'smtpd: abc1: client=mx.example[192.0.2.1], sasl_method=PLAIN, sasl_username=rich',
    `smtpd: abc1: ${no}`,
    `smtpd: NOQUEUE: ${no}`,
  ])
})
test('a client whose name does not lead back to it', async () => {
  const client = { ...CLIENT, name: 'unknown', reverseName: 'liar.example' }
  assert.equal(await told(({ t }) => t.tell('connected', { session: session({ client }) })), [
    'smtpd: warning: hostname liar.example does not resolve to address 192.0.2.1',
    'smtpd: connect from unknown[192.0.2.1]',
  ])
})
test('TLS clients are told once, when they are wanted', async () => {
  const tls = { protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' }
  const use = ({ t }: Written) => {
    const s = session({ client: CLIENT, tls })
    t.tell('begun', { session: s, messageId: 'i' })
    t.tell('replied', { session: s, command: 'DATA', line: 'DATA', reply: OK })
  }
  const line =
    'smtpd: Anonymous TLS connection established from mx.example[192.0.2.1]: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)'
  assert.equal(
    (await told(use, { smtpdTlsLoglevel: 1 })).filter((l) => l.includes('TLS')),
    [line],
  )
  assert.equal(
    (await told(use)).filter((l) => l.includes('TLS')),
    [],
  )
})
test('sessions at a time have numbers of their own, and the lowest is used again', async () => {
  const written = await raw(NO_STATISTICS, ({ t }) => {
    const [a, b, c] = [session(), session(), session()]
    t.tell('connected', { session: a })
    t.tell('connected', { session: b })
    t.tell('disconnect', { session: a, commands: 0, ms: 1 })
    t.tell('connected', { session: c })
  })
  const numbers = written.filter((l) => l.includes(': connect')).map((l) => /\[(\d+)\]:/.exec(l)![1])
  assert.equal(numbers, [`${process.pid}`, `${process.pid}0001`, `${process.pid}`])
})

const attempt = (more: Partial<Facts['attempted']>): Facts['attempted'] => ({
  messageId: 'id',
  sender: 'a@b',
  recipient: 'c@d',
  original: 'c@d',
  transport: 'smtp',
  nexthop: 'd',
  outcome: { kind: 'delivered', esc: '2.0.0', text: '250 ok', relay: 'mx.d[192.0.2.9]:25' },
  delay: 62,
  queued: 10,
  waited: 5,
  ready: 7,
  ...more,
})
const DOWN: Outcome = { kind: 'deferred', esc: '4.4.1', text: 'connect to d[192.0.2.9]:25: Connection refused' }
const ATTEMPTS: [more: Partial<Facts['attempted']>, expected: string][] = [
  [
    {
      transport: '',
      outcome: { kind: 'deferred', esc: '4.1.1', text: 'unknown user: "x"', relay: 'local', softened: true },
      waited: undefined,
      ready: undefined,
    },
    'local: id: to=<c@d>, relay=local, delay=0.06, delays=0.01/0/0/0.05, dsn=4.1.1, status=SOFTBOUNCE (unknown user: "x")',
  ],
  [
    {},
    'smtp: id: to=<c@d>, relay=mx.d[192.0.2.9]:25, delay=0.06, delays=0.01/0.01/0.01/0.04, dsn=2.0.0, status=sent (250 ok)',
  ],
  [
    { original: 'alias@d', uses: 3 },
    'smtp: id: to=<c@d>, orig_to=<alias@d>, relay=mx.d[192.0.2.9]:25, conn_use=3, delay=0.06, delays=0.01/0.01/0.01/0.04, dsn=2.0.0, status=sent (250 ok)',
  ],
  [
    { outcome: DOWN, ready: undefined, uses: 1 },
    'smtp: id: to=<c@d>, relay=none, delay=0.06, delays=0.01/0.01/0/0.05, dsn=4.4.1, status=deferred (connect to d[192.0.2.9]:25: Connection refused)',
  ],
  [
    { outcome: { ...DOWN, text: `delivery temporarily suspended: ${DOWN.text}` }, waited: undefined, ready: undefined },
    'error: id: to=<c@d>, relay=none, delay=0.06, delays=0.01/0/0/0.05, dsn=4.4.1, status=deferred (delivery temporarily suspended: connect to d[192.0.2.9]:25: Connection refused)',
  ],
  [
    { transport: '', outcome: { kind: 'failed', esc: '5.1.1', text: 'unknown' }, waited: undefined, ready: undefined },
    'error: id: to=<c@d>, relay=none, delay=0.06, delays=0.01/0/0/0.05, dsn=5.1.1, status=bounced (unknown)',
  ],
  [
    { transport: 'virtual', outcome: { kind: 'delivered', esc: '2.0.0', text: 'delivered to maildir' } },
    'virtual: id: to=<c@d>, relay=virtual, delay=0.06, delays=0.01/0.01/0.01/0.04, dsn=2.0.0, status=sent (delivered to maildir)',
  ],
  [
    {
      transport: 'discard',
      outcome: { kind: 'delivered', esc: '2.0.0', text: 'x', relay: 'none' },
      delay: 12_340,
      queued: 9_500,
    },
    'discard: id: to=<c@d>, relay=none, delay=12, delays=9.5/0.01/0.01/2.8, dsn=2.0.0, status=sent (x)',
  ],
  [
    { transport: 'amavis', delay: 0, queued: 0, waited: 0 },
    'smtp: id: to=<c@d>, relay=mx.d[192.0.2.9]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (250 ok)',
  ],
]
for (const [more, expected] of ATTEMPTS)
  test(`an outcome: ${expected.slice(0, 60)}`, async () => {
    assert.equal(await told(({ t }) => t.tell('attempted', attempt(more))), [expected])
  })

const received = (more: Partial<Facts['received']>): Facts['received'] => ({
  messageId: 'id',
  origin: { kind: 'smtp', listener: 'smtp', session: 's' },
  sender: 'a@b',
  recipients: 1,
  size: 3,
  ...more,
})
test("a message's way through the queue", async () => {
  const written = await told(({ t, sink }) => {
    t.tell('received', received({ headerMessageId: '<m@x>', session: session({ client: CLIENT }) }))
    t.tell('active', { messageId: 'id', sender: 'a@b', size: 315, recipients: 2 })
    t.tell('expired', { messageId: 'id', sender: 'a@b' })
    t.tell('received', received({ messageId: 'r', sender: '', origin: { kind: 'bounce', by: 'x', of: 'id' } }))
    sink.write('info', 'report.sent', { id: 'id', why: 'failed', as: 'r' })
    sink.write('info', 'report.sent', { id: 'id', why: 'delayed', as: 'r' })
    sink.write('info', 'report.sent', { id: 'id', why: 'success', as: 'r' })
    t.tell(
      'received',
      received({ messageId: 'p', sender: 'double-bounce@x', origin: { kind: 'bounce', by: 'x', of: 'id' } }),
    )
    sink.write('info', 'report.sent', { id: 'id', why: 'failed', as: 'p' })
    t.tell('settled', { messageId: 'id', delivered: 1, failed: 1, delay: 1 })
  })
  assert.equal(written, [
    'smtpd: id: client=mx.example[192.0.2.1]',
    'cleanup: id: message-id=<m@x>',
    'qmgr: id: from=<a@b>, size=315, nrcpt=2 (queue active)',
    'qmgr: id: from=<a@b>, status=expired, returned to sender',
    'cleanup: r: message-id=<>',
    'bounce: id: sender non-delivery notification: r',
    'bounce: id: sender delay notification: r',
    'bounce: id: sender delivery status notification: r',
    'cleanup: p: message-id=<>',
    'bounce: id: postmaster non-delivery notification: p',
    'qmgr: id: removed',
  ])
})

const EVENTS: [level: 'info' | 'warn' | 'error', event: string, fields: object, expected: string[]][] = [
  ['info', 'drop.pickup', { id: 'i', uid: 1000, from: 'rich' }, ['pickup: i: uid=1000 from=<rich>']],
  ['info', 'smtp.site.failed', { text: 'connect to x[1]:25: no' }, ['smtp: connect to x[1]:25: no']],
  ['info', 'smtp.site.failed', { text: 'host x[1] refused to talk to me: no' }, []],
  ['info', 'queue.compacted', { segments: 3 }, []],
  [
    'warn',
    'table.down',
    { use: 'lookup-ldap', table: 'x', password: 'secret', problem: new Error('gone') },
    ['proxymap: warning: table.down: table=x, password=(redacted), problem=gone'],
  ],
  [
    'error',
    'queue.damaged',
    { id: 'i', list: [1, { token: 't' }] },
    ['master: error: i: queue.damaged: list=1 token=(redacted)'],
  ],
  ['warn', 'x', { use: 'policy-a', why: 'a\nb' }, ['smtpd: warning: x: why=a?b']],
  [
    'info',
    'session.turned-away',
    { client: '192.0.2.7', listener: 'smtp', why: 'count', limit: 2 },
    [
      'smtpd: connect from unknown[192.0.2.7]',
      'smtpd: warning: Connection concurrency limit exceeded: 3 from unknown[192.0.2.7] for service smtp',
      'smtpd: disconnect from unknown[192.0.2.7] commands=0/0',
    ],
  ],
  [
    'info',
    'filter.action',
    { id: 'i', action: 'hold', part: 'header', content: 'Subject: x', from: 'a@b', to: 'c@d', text: 'on' },
    ['cleanup: i: hold: header Subject: x from local; from=<a@b> to=<c@d>: on'],
  ],
]
for (const [level, event, fields, expected] of EVENTS)
  test(`the event ${event}: ${expected[0] ?? 'nothing'}`, async () => {
    assert.equal(await told(({ sink }) => sink.write(level, event, fields as Record<string, unknown>)), expected)
  })
test('events of a session are told with its client', async () => {
  const written = await told(({ t, sink }) => {
    const s = session({ client: CLIENT, helo: ESMTP })
    t.tell('connected', { session: s })
    const say = (event: string, fields: object) => sink.write('info', event, { session: s.id, ...fields })
    say('auth.failed', { mechanism: 'PLAIN', user: 'rich' })
    say('session.pipelining', { command: 'EHLO', ahead: 'MAIL FROM:<a@b>\r\nQUIT\r\n' })
    say('etrn.refused', { site: 'x.example' })
    t.tell('begun', { session: s, messageId: 'i' })
    say('filter.action', {
      id: 'i',
      action: 'reject',
      part: 'header',
      content: 'Subject: x',
      from: 'a@b',
      text: '5.7.1 no',
    })
    t.tell('refused', { session: s, stage: 'END-OF-MESSAGE', reply: { code: 550, text: 'no' }, by: 'filter' })
  })
  assert.equal(written.slice(1), [
    'smtpd: warning: mx.example[192.0.2.1]: SASL PLAIN authentication failed: (reason unavailable), sasl_username=rich',
    'smtpd: improper command pipelining after EHLO from mx.example[192.0.2.1]: MAIL FROM:<a@b>\\r\\nQUIT\\r\\n',
    'smtpd: warning: reject: ETRN x.example... from mx.example[192.0.2.1]',
    'smtpd: i: client=mx.example[192.0.2.1]',
    'cleanup: i: reject: header Subject: x from mx.example[192.0.2.1]; from=<a@b> proto=ESMTP helo=<client.example>: 5.7.1 no',
  ])
})
test('what cleanup finds in the content it says itself', async () => {
  const written = await told(({ t }) => {
    const s = session({ client: CLIENT, helo: ESMTP })
    t.tell('begun', { session: s, messageId: 'i' })
    const reply = { code: 550, esc: '5.7.1', text: 'disallowed character' }
    const refused = { session: s, stage: 'END-OF-MESSAGE', reply, by: 'core', sender: 'a@b' }
    t.tell('refused', {
      ...refused,
      cause: 'mime-error improper use of 8-bit data in message body: x',
      last: 'c@d',
    })
    t.tell('refused', { ...refused, cause: 'content Subject: ?' })
  })
  assert.equal(written.slice(1), [
    'cleanup: i: reject: mime-error improper use of 8-bit data in message body: x from mx.example[192.0.2.1]; from=<a@b> to=<c@d>',
    'cleanup: i: reject: content Subject: ? from mx.example[192.0.2.1]; from=<a@b> proto=ESMTP helo=<client.example>: 5.7.1 disallowed character',
  ])
})
test('who is nobody: the agent of the class says so', async () => {
  const outcome = (relay?: string) => ({ kind: 'failed' as const, esc: '5.1.1' as const, text: 'unknown', relay })
  const written = await told(({ t }) => {
    for (const relay of ['local', 'virtual', undefined])
      t.tell('attempted', attempt({ waited: undefined, outcome: outcome(relay) }))
  })
  assert.equal(
    written.map((line) => /^\w+|relay=\w+/g[Symbol.match](line)),
    [
      ['local', 'relay=local'],
      ['virtual', 'relay=virtual'],
      ['error', 'relay=none'],
    ],
  )
})
test('a text is cut at 2000 bytes, not within a character', async () => {
  const [line] = await told(({ sink }) => sink.write('warn', 'xy', { use: 'policy-a', why: 'ä'.repeat(1500) }))
  assert.match(line!, /^smtpd: warning: xy: why=ä+$/)
  assert.is(Buffer.byteLength(line!.slice('smtpd: '.length)), 1999)
})
test('services have names of their own', async () => {
  const services = { submission: { syslogName: 'postfix/submission' }, drop: { program: 'pipe' } }
  const written = await told(
    ({ t }) => {
      t.tell('connected', { session: session({ listener: 'submission', client: CLIENT }) })
      t.tell('attempted', attempt({ transport: 'drop', outcome: { kind: 'delivered', esc: '2.0.0', text: 'x' } }))
    },
    { services },
  )
  assert.match(written[0]!, 'submission/smtpd: connect from')
  assert.match(written[1]!, 'pipe: id: to=<c@d>, relay=drop,')
})
test('the most connections are told at the end', async () => {
  const written = await lines({}, ({ t, clock }) => {
    for (let i = 0; i < 3; i++) t.tell('connected', { session: session({ listener: 'smtp', client: CLIENT }) })
    clock.advance(61_000)
    t.tell('connected', { session: session({ listener: 'smtp', client: CLIENT }) })
  })
  assert.equal(
    written.filter((l) => l.startsWith('anvil')).map((l) => l.replace(/ at .*/, '')),
    [
      'anvil: statistics: max connection rate 3/60s for (smtp:192.0.2.1)',
      'anvil: statistics: max connection count 4 for (smtp:192.0.2.1)',
      'anvil: statistics: max cache size 1',
    ],
  )
})

test.run()
