/** [script, recipients, expected outcome and text of each]. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { deliver, rig } from './core.ts'
import type { Script } from './next-hop.ts'
import { closedPort, nextHop } from './next-hop.ts'

const HOST = '127.0.0.9[127.0.0.9]'
const said = (reply: string, command: string) => `host ${HOST} said: ${reply} (in reply to ${command} command)`
const OK = 'delivered 2.0.0 250 2.0.0 Ok: taken'
const PLAIN = '250 next.example'
const bounce1 = {
  'RCPT TO:<bad@': '550 5.1.1 no such user here',
  'RCPT TO:<full@': '552 5.2.2 mailbox full',
  'RCPT TO:<noenh@': '553 refused',
  'RCPT TO:<temp@': '450 4.2.1 busy',
}
const all = ['ok@x', 'bad@x', 'full@x', 'noenh@x', 'temp@x']
const mixed = [
  OK,
  `failed 5.1.1 ${said('550 5.1.1 no such user here', 'RCPT TO')}`,
  `failed 5.2.2 ${said('552 5.2.2 mailbox full', 'RCPT TO')}`,
  `failed 5.0.0 ${said('553 refused', 'RCPT TO')}`,
  `deferred 4.2.1 ${said('450 4.2.1 busy', 'RCPT TO')}`,
]
const lost = (stage: string) => `deferred 4.4.2 lost connection with ${HOST} while ${stage}`
const timedOut = (stage: string) => `deferred 4.4.2 conversation with ${HOST} timed out while ${stage}`
const EOD = 'sending end of data -- message may be sent more than once'

/** `down`: the outcomes say that the site as a whole is away */
const table: [what: string, script: Script, to: string[], expected: string[], down?: 'down'][] = [
  ['taken', {}, ['x@x'], [OK]],
  ['taken, several', {}, ['a@x', 'b@x'], [OK, OK]],
  [
    'taken, with a code of its own',
    { '.': '250 2.6.0 <id> queued' },
    ['x@x'],
    ['delivered 2.6.0 250 2.6.0 <id> queued'],
  ],
  ['taken, without enhanced code', { '.': '250 fine' }, ['x@x'], ['delivered 2.0.0 250 fine']],
  [
    'taken, several lines',
    { '.': '250-2.0.0 Ok\n250 2.0.0 thanks' },
    ['x@x'],
    ['delivered 2.0.0 250-2.0.0 Ok 250 2.0.0 thanks'],
  ],
  ['each recipient its own reply', bounce1, all, mixed],
  ['the same without PIPELINING', { ...bounce1, EHLO: PLAIN }, all, mixed],
  ['the same after HELO', { ...bounce1, EHLO: '502 what?' }, all, mixed],
  [
    'all refused',
    { RCPT: '550 no', DATA: '503 no recipients' },
    ['a@x', 'b@x'],
    [`failed 5.0.0 ${said('550 no', 'RCPT TO')}`, `failed 5.0.0 ${said('550 no', 'RCPT TO')}`],
  ],
  ['all refused, and yet 354', { RCPT: '550 no' }, ['a@x'], [`failed 5.0.0 ${said('550 no', 'RCPT TO')}`]],
  [
    'enhanced code of another class',
    { RCPT: '450 5.1.1 odd' },
    ['a@x'],
    [`deferred 4.0.0 ${said('450 5.1.1 odd', 'RCPT TO')}`],
  ],
  [
    'MAIL refused',
    { MAIL: '550 5.7.1 not you', RCPT: '503 no MAIL', DATA: '503 no MAIL' },
    ['a@x', 'b@x'],
    [
      `failed 5.7.1 ${said('550 5.7.1 not you', 'MAIL FROM')}`,
      `failed 5.7.1 ${said('550 5.7.1 not you', 'MAIL FROM')}`,
    ],
  ],
  [
    'MAIL deferred',
    { MAIL: '451 4.7.1 greylisted', RCPT: '503 no', DATA: '503 no' },
    ['a@x'],
    [`deferred 4.7.1 ${said('451 4.7.1 greylisted', 'MAIL FROM')}`],
  ],
  [
    'MAIL deferred, no PIPELINING',
    { MAIL: '451 4.7.1 greylisted', EHLO: PLAIN },
    ['a@x'],
    [`deferred 4.7.1 ${said('451 4.7.1 greylisted', 'MAIL FROM')}`],
  ],
  ['DATA refused', { DATA: '554 5.5.1 no' }, ['a@x'], [`failed 5.5.1 ${said('554 5.5.1 no', 'DATA')}`]],
  [
    'DATA answered with 250',
    { DATA: '250 what?' },
    ['a@x'],
    [`failed 5.5.0 Protocol error: ${said('250 what?', 'DATA')}`],
  ],
  [
    'content refused',
    { '.': '554 5.6.0 content refused' },
    ['a@x'],
    [`failed 5.6.0 ${said('554 5.6.0 content refused', 'end of DATA')}`],
  ],
  ['content deferred', { '.': '451 later' }, ['a@x'], [`deferred 4.0.0 ${said('451 later', 'end of DATA')}`]],
  ['nonsense at the end is no reply', { '.': 'hello' }, ['a@x'], [timedOut(EOD)]],
  [
    'nonsense before a reply',
    { '.': 'hello\n250 2.0.0 Ok: taken' },
    ['a@x'],
    ['delivered 2.0.0 hello 250 2.0.0 Ok: taken'],
  ],
  ['nonsense before the greeting', { greeting: 'hello\n220 hi' }, ['a@x'], [OK]],
  ['nonsense before the EHLO reply', { EHLO: 'hello\n250-x\nSIZE 1\n250 PIPELINING' }, ['a@x'], [OK]],
  ['nonsense before a 354', { EHLO: PLAIN, DATA: 'hello\n354 go' }, ['a@x'], [OK]],
  [
    'nonsense for a greeting',
    { greeting: 'hello' },
    ['a@x'],
    [timedOut('receiving the initial server greeting')],
    'down',
  ],
  ['nonsense for an EHLO reply', { EHLO: 'hello' }, ['a@x'], [timedOut('performing the EHLO handshake')], 'down'],
  ['nonsense for a reply to MAIL', { EHLO: PLAIN, MAIL: 'hello' }, ['a@x'], [timedOut('sending MAIL FROM')], 'down'],
  [
    'nonsense with PIPELINING belongs to the reply behind it',
    { MAIL: 'hello', RCPT: '503 5.5.1 x', DATA: '503 5.5.1 x' },
    ['a@x'],
    [`failed 5.5.1 ${said('hello 503 5.5.1 x', 'MAIL FROM')}`],
  ],
  [
    'nonsense and 421',
    { greeting: 'hello\n421 4.3.2 no' },
    ['a@x'],
    [`deferred 4.3.2 host ${HOST} refused to talk to me: hello 421 4.3.2 no`],
    'down',
  ],
  ['354 to MAIL', { EHLO: PLAIN, MAIL: '354 x' }, ['a@x'], [`failed 5.5.0 ${said('354 x', 'MAIL FROM')}`]],
  ['354 to RCPT', { EHLO: PLAIN, RCPT: '354 x' }, ['a@x'], [`failed 5.5.0 ${said('354 x', 'RCPT TO')}`]],
  ['354 to the end', { '.': '354 x' }, ['a@x'], [`failed 5.5.0 ${said('354 x', 'end of DATA')}`]],
  ['999 to DATA', { DATA: '999 x' }, ['a@x'], [`failed 5.5.0 ${said('999 x', 'DATA')}`]],
  ['greeting 354', { greeting: '354 x' }, ['a@x'], [`failed 5.5.0 host ${HOST} refused to talk to me: 354 x`]],
  ['greeting 250', { greeting: '250 x' }, ['a@x'], [OK]],
  ['HELO 354', { EHLO: '354 x', HELO: '354 y' }, ['a@x'], [`failed 5.5.0 host ${HOST} refused to talk to me: 354 y`]],
  [
    'the last line has the enhanced code',
    { RCPT: '550-first\n550 5.7.1 last' },
    ['a@x'],
    [`failed 5.7.1 ${said('550-first 550 5.7.1 last', 'RCPT TO')}`],
  ],
  [
    'an enhanced code in the first line only',
    { RCPT: '550-5.7.1 first\n550 last' },
    ['a@x'],
    [`failed 5.0.0 ${said('550-5.7.1 first 550 last', 'RCPT TO')}`],
  ],
  [
    'an enhanced code behind two spaces',
    { RCPT: '550  5.1.1 x' },
    ['a@x'],
    [`failed 5.1.1 ${said('550  5.1.1 x', 'RCPT TO')}`],
  ],
  [
    'the last line has the code',
    { RCPT: '450-4.1.1 a\n550 5.1.1 b' },
    ['a@x'],
    [`failed 5.1.1 ${said('450-4.1.1 a 550 5.1.1 b', 'RCPT TO')}`],
  ],
  [
    'what cannot be printed',
    { RCPT: '550 5.1.1 a\x01b\x7fc\td \t ' },
    ['a@x'],
    [`failed 5.1.1 ${said('550 5.1.1 a?b?c?d ? ', 'RCPT TO')}`],
  ],
  [
    'a long line is cut',
    { RCPT: `450 ${'y'.repeat(6000)}` },
    ['a@x'],
    [`deferred 4.0.0 ${said(`450 ${'y'.repeat(2044)}`, 'RCPT TO')}`],
  ],
  [
    'a long reply takes no further line, but the last one has the code',
    { RCPT: `450-${'a'.repeat(1500)}\n450-${'b'.repeat(1500)}\n550 5.1.3 c` },
    ['a@x'],
    [`failed 5.1.3 ${said(`450-${'a'.repeat(1500)} 450-${'b'.repeat(1500)}`, 'RCPT TO')}`],
  ],
  [
    'a refused recipient keeps its answer when the content is refused',
    { 'RCPT TO:<bad@': '550 5.1.1 no', '.': '451 4.3.0 later' },
    ['ok@x', 'bad@x'],
    [`deferred 4.3.0 ${said('451 4.3.0 later', 'end of DATA')}`, `failed 5.1.1 ${said('550 5.1.1 no', 'RCPT TO')}`],
  ],
  [
    'greeting 421',
    { greeting: '421 4.3.2 closed for now' },
    ['a@x'],
    [`deferred 4.3.2 host ${HOST} refused to talk to me: 421 4.3.2 closed for now`],
    'down',
  ],
  [
    'greeting 554',
    { greeting: '554 5.3.2 closed for ever' },
    ['a@x'],
    [`deferred 4.3.2 host ${HOST} refused to talk to me: 554 5.3.2 closed for ever`],
    'down',
  ],
  [
    'HELO 550',
    { EHLO: '550 5.7.1 bad name', HELO: '550 5.7.1 bad name' },
    ['a@x'],
    [`failed 5.7.1 host ${HOST} refused to talk to me: 550 5.7.1 bad name`],
  ],
  [
    'HELO 450',
    { EHLO: '450 4.7.1 x', HELO: '450 4.7.1 bad day' },
    ['a@x'],
    [`deferred 4.7.1 host ${HOST} refused to talk to me: 450 4.7.1 bad day`],
    'down',
  ],
  ['drop at the greeting', { greeting: 'drop' }, ['a@x'], [lost('receiving the initial server greeting')], 'down'],
  ['drop at EHLO', { EHLO: 'drop' }, ['a@x'], [lost('performing the EHLO handshake')], 'down'],
  ['drop at HELO', { EHLO: '500 x', HELO: 'drop' }, ['a@x'], [lost('performing the HELO handshake')], 'down'],
  ['drop at MAIL', { MAIL: 'drop' }, ['a@x'], [lost('sending MAIL FROM')], 'down'],
  ['reset at MAIL', { MAIL: 'reset' }, ['a@x'], [lost('sending MAIL FROM')], 'down'],
  [
    'drop at RCPT',
    { 'RCPT TO:<b@': 'drop', 'RCPT TO:<a@': '550 5.1.1 no' },
    ['a@x', 'b@x'],
    [`failed 5.1.1 ${said('550 5.1.1 no', 'RCPT TO')}`, lost('sending RCPT TO')],
  ],
  [
    '421 at RCPT',
    { 'RCPT TO:<b@': '421 4.3.2 bye' },
    ['a@x', 'b@x', 'c@x'],
    [lost('sending RCPT TO'), `deferred 4.3.2 ${said('421 4.3.2 bye', 'RCPT TO')}`, lost('sending RCPT TO')],
  ],
  ['drop at DATA', { DATA: 'drop' }, ['a@x'], [lost('sending DATA command')]],
  ['drop at the end', { '.': 'drop' }, ['a@x'], [lost(EOD)]],
  ['reset at the end', { '.': 'reset' }, ['a@x'], [lost(EOD)]],
  ['silent greeting', { greeting: 'silent' }, ['a@x'], [timedOut('receiving the initial server greeting')], 'down'],
  ['silent EHLO', { EHLO: 'silent' }, ['a@x'], [timedOut('performing the EHLO handshake')], 'down'],
  ['silent MAIL', { MAIL: 'silent', RCPT: 'silent', DATA: 'silent' }, ['a@x'], [timedOut('sending MAIL FROM')], 'down'],
  ['silent RCPT', { RCPT: 'silent', DATA: 'silent' }, ['a@x'], [timedOut('sending RCPT TO')]],
  ['silent DATA', { DATA: 'silent' }, ['a@x'], [timedOut('sending DATA command')]],
  ['silent end', { '.': 'silent' }, ['a@x'], [timedOut(EOD)]],
  [
    'too large',
    { EHLO: '250-next\n250 SIZE 10' },
    ['a@x'],
    [`failed 5.3.4 message size 31 exceeds size limit 10 of server ${HOST}`],
  ],
  [
    'too large, and needs SMTPUTF8',
    { EHLO: '250-next\n250 SIZE 10' },
    ['jörg@x', 'ok@x'],
    [
      `failed 5.6.7 SMTPUTF8 is required, but was not offered by host ${HOST}`,
      `failed 5.3.4 message size 31 exceeds size limit 10 of server ${HOST}`,
    ],
  ],
  [
    'needs SMTPUTF8',
    { EHLO: '250-next\n250 PIPELINING' },
    ['jörg@x', 'ok@x'],
    [`failed 5.6.7 SMTPUTF8 is required, but was not offered by host ${HOST}`, OK],
  ],
  [
    'an address that breaks the command',
    {},
    ['a@x>\r\nDATA', 'ok@x'],
    ['failed 5.1.3 bad recipient address syntax', OK],
  ],
  ['brackets within quotes', {}, ['"a<b>c"@x'], [OK]],
  [
    'a reply in UTF-8',
    { RCPT: '550 5.1.1 пользователь неизвестен' },
    ['a@x'],
    [`failed 5.1.1 ${said('550 5.1.1 пользователь неизвестен', 'RCPT TO')}`],
  ],
  [
    'a reply without end',
    { RCPT: `550-${'x'.repeat(1_300_000)}` },
    ['a@x'],
    [`deferred 4.5.0 Protocol error: host ${HOST} said: a reply without end`],
  ],
]
const STAGE = '150ms'
const options = {
  smtpHeloTimeout: STAGE,
  smtpMailTimeout: STAGE,
  smtpRcptTimeout: STAGE,
  smtpDataInitTimeout: STAGE,
  smtpDataXferTimeout: STAGE,
  smtpDataDoneTimeout: STAGE,
}
for (const [what, script, to, expected, down] of table) {
  test(what, async () => {
    const hop = await nextHop(script)
    const out = rig(options)
    try {
      const { outcomes } = await deliver(out, { nexthop: `[${hop.host}]:${hop.port}`, to })
      const list = to.map((r) => outcomes[r]!)
      assert.equal(
        list.map((o) => `${o.kind} ${o.esc} ${o.text}`),
        expected,
      )
      if (down) assert.ok(list.some((o) => o.siteDown))
      else assert.not(list.some((o) => o.siteDown))
    } finally {
      await out.stop()
      await hop.close()
    }
  })
}

test('facts: who said what', async () => {
  const hop = await nextHop(bounce1)
  const out = rig()
  const { outcomes } = await deliver(out, { nexthop: `[${hop.host}]:${hop.port}`, to: ['ok@x', 'bad@x'] })
  const at = { relay: `${HOST}:${hop.port}`, remoteMta: 'dns; 127.0.0.9' }
  assert.equal(outcomes['ok@x'], {
    ...at,
    diagnostic: 'smtp; 250 2.0.0 Ok: taken',
    dsnPassed: true,
    kind: 'delivered',
    esc: '2.0.0',
    text: '250 2.0.0 Ok: taken',
  })
  assert.is(outcomes['bad@x']!.diagnostic, 'smtp; 550 5.1.1 no such user here')
  await out.stop()
  await hop.close()
})

/** Who tells the sender of success: the next hop, or we, and then whether it was a delivery. */
const DSN: readonly (readonly [
  protocol: 'smtp' | 'lmtp',
  offered: string,
  options: object,
  passed: boolean | undefined,
])[] = [
  ['smtp', '250-next.example\n250 DSN', {}, true],
  ['smtp', '250-next.example\n250 PIPELINING', {}, false],
  ['smtp', '250-next.example\n250 PIPELINING', { lmtpAssumeFinal: true }, false],
  ['lmtp', '250-next.example\n250 DSN', { lmtpAssumeFinal: true }, true],
  ['lmtp', '250-next.example\n250 PIPELINING', {}, false],
  ['lmtp', '250-next.example\n250 PIPELINING', { lmtpAssumeFinal: true }, undefined],
]
for (const [protocol, offered, options, passed] of DSN)
  test(`${protocol}, ${offered.slice(17)}, ${JSON.stringify(options)}: DSN passed on: ${passed}`, async () => {
    const hop = await nextHop({ EHLO: offered, LHLO: offered })
    const out = rig({ protocol, ...options })
    const { outcomes } = await deliver(out, { nexthop: `[${hop.host}]:${hop.port}`, to: ['ok@x'] })
    assert.is(outcomes['ok@x']!.kind, 'delivered')
    assert.is(outcomes['ok@x']!.dsnPassed, passed)
    await out.stop()
    await hop.close()
  })

test('a server that could be spoken with: the site is there, though the next one is not', async () => {
  const [port, first] = [await closedPort('127.0.0.10'), await nextHop({ RCPT: '450 4.2.1 later' })]
  const out = rig()
  const { outcomes } = await deliver(out, { nexthop: `[${first.host}]:${first.port}, [127.0.0.10]:${port}` })
  const { text, siteDown } = outcomes['x@remote.example']!
  assert.match(text, /^connect to 127\.0\.0\.10/)
  assert.is(siteDown, undefined)
  await out.stop()
  await first.close()
})

test('a refused connection', async () => {
  const port = await closedPort()
  const out = rig()
  const { outcomes } = await deliver(out, { nexthop: `[127.0.0.9]:${port}` })
  const text = `connect to 127.0.0.9[127.0.0.9]:${port}: Connection refused`
  assert.equal(outcomes['x@remote.example'], { kind: 'deferred', esc: '4.4.1', text, siteDown: true, relay: 'none' })
  await out.stop()
})

test('a refusal is settled before the message is sent', async () => {
  const hop = await nextHop({ ...bounce1, '.': 'silent' })
  const out = rig()
  const settled = { outcomes: {}, order: [] as string[] }
  const abort = new AbortController()
  const { call } = await import('./core.ts')
  const done = deliver(
    out,
    { nexthop: `[${hop.host}]:${hop.port}`, to: ['ok@x', 'bad@x'] },
    call(abort.signal),
    settled,
  )
  while (hop.sessions[0]?.messages.length !== 1) await new Promise((r) => setTimeout(r, 5))
  assert.equal(settled.order, ['bad@x'])
  abort.abort()
  const { outcomes } = await done
  assert.is(outcomes['ok@x']!.text, `interrupted while ${EOD}`)
  await out.stop()
  await hop.close()
})

test.run()
