/** What Postfix's smtp_* parameters change, against a live next hop: what it is told, and the outcome. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Lookup, Mx, Transport } from '@postern/core'
import { absent, delivered, failed, found } from '@postern/core'
import { deliver, rig, tableResolver } from './core.ts'
import type { Mail } from './core.ts'
import { certificate, nextHop } from './next-hop.ts'
import type { Script } from './next-hop.ts'

const TAKEN = 'delivered 2.0.0 250 2.0.0 Ok: taken'
const HELO = 'HELO mail.postern.example'
const EHLO = 'EHLO mail.postern.example'
const MAIL = 'MAIL FROM:<a@b.example>'
const RCPT = 'RCPT TO:<x@remote.example>'

interface Case {
  readonly options: object
  readonly script?: Script
  readonly table?: (key: string) => Lookup | Promise<Lookup>
  readonly mail?: Partial<Mail>
  readonly tls?: boolean
}
async function run({ options, script = {}, table, mail, tls }: Case) {
  const hop = await nextHop(script, tls ? { tls: certificate() } : {})
  const out = rig(options, undefined, undefined, table)
  try {
    const { outcomes } = await deliver(out, { nexthop: `[${hop.host}]:${hop.port}`, ...mail })
    return {
      lines: hop.sessions.map(({ lines }) => lines.slice(0, 3)),
      messages: hop.sessions.flatMap((s) => s.messages),
      said: Object.values(outcomes).map((o) => `${o.kind} ${o.esc} ${o.text}`),
      outcomes: Object.values(outcomes),
    }
  } finally {
    await out.stop()
    await hop.close()
  }
}
const only = (entries: Record<string, string>) => (key: string) =>
  entries[key] === undefined ? absent() : found(entries[key])

const hello: [what: string, c: Case, lines: string[]][] = [
  [
    'EHLO to anybody',
    { options: {}, script: { greeting: '220 plain' } },
    [EHLO, `${MAIL} SIZE=31`, `${RCPT} ORCPT=rfc822;x@remote.example`],
  ],
  ['never EHLO', { options: { smtpNeverSendEhlo: true } }, [HELO, MAIL, RCPT]],
  [
    'EHLO where ESMTP is said',
    { options: { smtpAlwaysSendEhlo: false }, script: { greeting: '220-hop\n220 an esmtp server' } },
    [EHLO, `${MAIL} SIZE=31`, `${RCPT} ORCPT=rfc822;x@remote.example`],
  ],
  [
    'HELO where it is not',
    { options: { smtpAlwaysSendEhlo: false }, script: { greeting: '220 ESMTPS' } },
    [HELO, MAIL, RCPT],
  ],
  [
    'what HELO offers',
    { options: { smtpNeverSendEhlo: true }, script: { HELO: '250-hop\n250 DSN' } },
    [HELO, MAIL, `${RCPT} ORCPT=rfc822;x@remote.example`],
  ],
  [
    'keywords left out',
    { options: { smtpDiscardEhloKeywords: ['dsn', 'SIZE', 'silent-discard'] } },
    [EHLO, MAIL, RCPT],
  ],
  [
    'keywords left out by address, and no others',
    {
      options: { smtpDiscardEhloKeywords: ['dsn'], smtpDiscardEhloKeywordAddressMaps: ['t:'] },
      table: only({ '127.0.0.9': 'size' }),
    },
    [EHLO, MAIL, `${RCPT} ORCPT=rfc822;x@remote.example`],
  ],
]
for (const [what, c, lines] of hello)
  test(what, async () => assert.equal(await run(c).then(({ lines: got, said }) => [got[0], said]), [lines, [TAKEN]]))

test('a table of keywords that is away defers, before anything is said', async () => {
  const { said, lines } = await run({
    options: { smtpDiscardEhloKeywordAddressMaps: ['t:'] },
    table: () => failed('away'),
  })
  assert.equal([said, lines], [['deferred 4.3.0 local data error while talking to 127.0.0.9[127.0.0.9]'], []])
})

const filters: [what: string, script: Script, table: Record<string, string>, said: string][] = [
  [
    'a refusal is made temporary',
    { RCPT: '550 5.1.1 no' },
    { '550 5.1.1 no': '450 4.1.1 not yet' },
    'deferred 4.1.1 host 127.0.0.9[127.0.0.9] said: 450 4.1.1 not yet (in reply to RCPT TO command)',
  ],
  [
    'line by line',
    { RCPT: '550-5.1.1 no\n550 5.1.1 never' },
    { '550-5.1.1 no': '550-5.1.1 nein' },
    'failed 5.1.1 host 127.0.0.9[127.0.0.9] said: 550-5.1.1 nein 550 5.1.1 never (in reply to RCPT TO command)',
  ],
  ['beyond ASCII', { '.': '250 2.0.0 grün' }, { '250 2.0.0 grün': '250 2.6.6 groß' }, 'delivered 2.6.6 250 2.6.6 groß'],
]
for (const [what, script, entries, said] of filters)
  for (const late of [false, true])
    test(`reply filter: ${what}${late ? ', asked over the network' : ''}`, async () => {
      const ask = only(entries)
      const table = (key: string) => (late ? Promise.resolve(ask(key)) : ask(key))
      assert.equal((await run({ options: { smtpReplyFilter: 't:' }, script, table })).said, [said])
    })
test('a reply filter that is away defers', async () => {
  const { said } = await run({
    options: { smtpReplyFilter: 't:' },
    table: (k) => (k.startsWith('354') ? failed('x') : absent()),
  })
  assert.equal(said, ['deferred 4.3.0 local data error while talking to 127.0.0.9[127.0.0.9]'])
})
test('what was said before the connection closed counts, when a table has to be asked for it', async () => {
  const { said } = await run({
    options: { smtpReplyFilter: 't:' },
    script: { RCPT: '421 4.3.2 closing' },
    table: () => new Promise((resolve) => setTimeout(() => resolve(absent()), 20)),
  })
  assert.equal(said, ['deferred 4.3.2 host 127.0.0.9[127.0.0.9] said: 421 4.3.2 closing (in reply to RCPT TO command)'])
})

test('addresses without quotes', async () => {
  const mail = { to: ['"a b"@remote.example'], envelope: { sender: '"s s"@b.example' } }
  const bare = await run({ options: { smtpQuoteRfc821Envelope: false }, mail })
  assert.equal(bare.lines[0]!.slice(1), [
    'MAIL FROM:<s s@b.example> SIZE=31',
    'RCPT TO:<a b@remote.example> ORCPT=rfc822;"a+20b"@remote.example',
  ])
})
test('SMTPUTF8 for all or for those that need it', async () => {
  const mail = { to: ['jörg@remote.example', 'ok@remote.example'] }
  const script = { EHLO: '250-next\n250 PIPELINING' }
  const no = 'failed 5.6.7 SMTPUTF8 is required, but was not offered by host 127.0.0.9[127.0.0.9]'
  assert.equal((await run({ options: {}, mail, script })).said, [no, TAKEN])
  assert.equal((await run({ options: { smtputf8ForAll: true }, mail, script })).said, [no, no])
})
test('a status that a table changes', async () => {
  const { said } = await run({
    options: { smtpDeliveryStatusFilter: ['t:'] },
    table: only({ '2.0.0 250 2.0.0 Ok: taken': '2.6.0 gone' }),
  })
  assert.equal(said, ['delivered 2.6.0 gone'])
})

const STARTTLS = { EHLO: '250-next.example\n250 STARTTLS' }
const NOT_OFFERED = 'deferred 4.7.4 TLS is required, but was not offered by host 127.0.0.9[127.0.0.9]'
const WRONG = 'deferred 4.7.5 client TLS configuration problem'
const UNVERIFIED = 'deferred 4.7.5 Server certificate not verified'
/** [policy, without STARTTLS, with it; messages in clear must be 0 where the outcome is none of TAKEN] */
const policies: [policy: string, clear: string, tls: string][] = [
  ['none', TAKEN, TAKEN],
  ['MAY', TAKEN, TAKEN],
  ['encrypt', NOT_OFFERED, TAKEN],
  ['encrypt ciphers=high protocols=>=TLSv1.2', NOT_OFFERED, TAKEN],
  [
    'encrypt protocols=!TLSv1.2:!TLSv1.3',
    NOT_OFFERED,
    'deferred 4.7.5 TLS policy cannot be met: protocols=!TLSv1.2:!TLSv1.3',
  ],
  ['encrypt exclude=AES', NOT_OFFERED, 'deferred 4.7.5 TLS policy cannot be met: exclude=AES'],
  ['encrypt what=ever', WRONG, WRONG],
  ['fingerprint match=AA:BB', NOT_OFFERED, UNVERIFIED],
  ['verify', NOT_OFFERED, UNVERIFIED],
  ['secure', NOT_OFFERED, UNVERIFIED],
  ['dane', TAKEN, TAKEN],
  ['dane-only', WRONG, WRONG],
  ['wat', WRONG, WRONG],
  ['', WRONG, WRONG],
]
for (const [policy, clear, tls] of policies)
  for (const [script, expected] of [
    [{}, clear],
    [STARTTLS, tls],
  ] as const)
    test(`policy "${policy}" ${'EHLO' in script ? 'with' : 'without'} STARTTLS`, async () => {
      const options = { smtpTlsSecurityLevel: 'may', smtpTlsPolicyMaps: ['t:'] }
      const { said, messages } = await run({ options, script, tls: 'EHLO' in script, table: () => found(policy) })
      assert.equal([said, messages.length], [[expected], expected === TAKEN ? 1 : 0])
    })
for (const [level, dnssec, clear] of [
  ['verify', 'enabled', NOT_OFFERED],
  ['dane', 'enabled', TAKEN],
  ['dane', 'dnssec', NOT_OFFERED],
  ['dane-only', 'dnssec', NOT_OFFERED],
  ['dane-only', 'enabled', WRONG],
] as const)
  test(`level ${level}, DNS ${dnssec}`, async () => {
    const { said } = await run({ options: { smtpTlsSecurityLevel: level, smtpDnsSupportLevel: dnssec } })
    assert.equal(said, [clear])
  })
test('a policy table that is away: mail waits', async () =>
  assert.equal((await run({ options: { smtpTlsPolicyMaps: ['t:'] }, table: () => failed('away') })).said, [WRONG]))
test('a policy is asked for by the next hop as it is written, a domain with its parents', async () => {
  const asked: string[] = []
  const table = (key: string) => {
    asked.push(key)
    return absent()
  }
  const resolver = tableResolver({}, { 'a.b.example': ['127.0.0.9'], mx: ['127.0.0.9'] })
  const out = rig({ smtpTlsPolicyMaps: ['t:'], smtpConnectTimeout: '1s' }, resolver, undefined, table)
  for (const nexthop of ['A.b.example:1', '[mx]:1', 'a.b.example']) await deliver(out, { nexthop })
  await out.stop()
  assert.equal(asked, ['a.b.example:1', '[mx]:1', 'a.b.example', '.b.example', '.example'])
})
test('who has to be logged in to waits, untried', async () => {
  const options = { smtpSaslPasswordMaps: ['t:'] }
  const waits = ['deferred 4.7.0 SASL authentication with host 127.0.0.9[127.0.0.9] is not there yet']
  const known = await run({ options, table: only({ '127.0.0.9': 'u:p' }) })
  assert.equal([known.said, known.lines], [waits, []])
  assert.equal((await run({ options, table: () => failed('away') })).said, waits)
  assert.equal((await run({ options, table: absent })).said, [TAKEN])
  const sender = { ...options, smtpSenderDependentAuthentication: true }
  assert.equal((await run({ options: sender, table: only({ 'a@b.example': 'u:p' }) })).said, waits)
  assert.equal((await run({ options, table: only({ 'a@b.example': 'u:p' }) })).said, [TAKEN])
})

const US: Record<string, readonly Mx[]> = { 'us.example': [{ preference: 10, exchange: 'me.example' }] }
const me = tableResolver(US, { 'me.example': ['127.0.0.1'] })
test('mail whose best MX we are goes to another transport, in its name', async () => {
  const seen: string[] = []
  const local: Transport = {
    deliver(job) {
      seen.push(job.transport, job.nexthop, ...job.recipients.map((r) => r.address))
      return job.each((r) => {
        if (r.address.startsWith('bad')) throw new Error('broken')
        return delivered('2.0.0', 'delivered to mailbox')
      })
    },
  }
  const options = { bestMxTransport: 'local', inetInterfaces: ['127.0.0.1'] }
  const out = rig(options, me, undefined, undefined, undefined, { local })
  const to = ['a@us.example', 'bad@us.example', 'b@us.example']
  const { outcomes } = await deliver(out, { nexthop: 'us.example', to })
  assert.equal(seen, ['local', 'us.example', ...to])
  assert.equal(
    to.map((r) => [outcomes[r]!.kind, outcomes[r]!.relay]),
    [
      ['delivered', 'local'],
      ['deferred', 'local'],
      ['delivered', 'local'],
    ],
  )
  const gone = await deliver(rig(options, me), { nexthop: 'us.example' })
  assert.is(gone.outcomes['x@remote.example']!.kind, 'deferred')
  const loops = await deliver(rig({ inetInterfaces: ['127.0.0.1'] }, me), { nexthop: 'us.example' })
  assert.is(loops.outcomes['x@remote.example']!.esc, '5.4.6')
})

const NATIVE = 'unable to look up host nowhere.example: '
const lookups: [what: string, options: object, a: Record<string, readonly string[] | 'fail'>, said: string][] = [
  ['native, nobody', { smtpHostLookup: ['native'] }, {}, `failed 5.4.4 ${NATIVE}Name or service not known`],
  [
    'native, no address',
    { smtpHostLookup: ['native'] },
    { 'nowhere.example': [] },
    `failed 5.4.4 ${NATIVE}No address associated with hostname`,
  ],
  [
    'native, away',
    { smtpHostLookup: ['native'] },
    { 'nowhere.example': 'fail' },
    `deferred 4.4.3 ${NATIVE}Temporary failure in name resolution`,
  ],
  ['without DNS', { smtpDnsSupportLevel: 'disabled' }, {}, `failed 5.4.4 ${NATIVE}Name or service not known`],
  [
    'DNS alone',
    { smtpHostLookup: ['dns'] },
    {},
    'failed 5.4.4 Host or domain name not found. Name service error for name=nowhere.example type=A: Host not found',
  ],
]
for (const [what, options, a, said] of lookups)
  test(`hosts: ${what}`, async () => {
    const out = rig({ inetProtocols: 'ipv4', ...options }, tableResolver({}, a))
    const { outcomes } = await deliver(out, { nexthop: 'nowhere.example' })
    assert.equal(
      Object.values(outcomes).map((o) => `${o.kind} ${o.esc} ${o.text}`),
      [said],
    )
  })
test('DNS alone is asked where it is wanted, not what knows a hosts file', async () => {
  const dns = tableResolver({}, { 'h.example': ['127.0.0.9'] })
  const hosts = { ...tableResolver({}, { 'h.example': ['127.0.0.66'] }), dns }
  const hop = await nextHop()
  for (const [smtpHostLookup, there] of [
    [['dns'], 'delivered'],
    [['native'], 'deferred'],
    [undefined, 'deferred'],
  ] as const) {
    const out = rig({ smtpHostLookup, smtpConnectTimeout: '1s' }, hosts)
    const { outcomes } = await deliver(out, { nexthop: `h.example:${hop.port}` })
    assert.is(Object.values(outcomes)[0]!.kind, there, String(smtpHostLookup))
    await out.stop()
  }
  await hop.close()
})
for (const [nexthop, text] of [
  ['[::1]', '::1'],
  ['a..b', 'a..b'],
  ['-x.example', '-x.example'],
] as const)
  test(`no name that could be asked for: ${nexthop}`, async () => {
    const { outcomes } = await deliver(rig({ inetProtocols: 'ipv4' }), { nexthop })
    assert.equal(
      Object.values(outcomes).map((o) => [o.esc, o.text]),
      [['5.4.4', `Name service error for ${text}: invalid host or domain name`]],
    )
  })

test.run()
