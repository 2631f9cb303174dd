/** Next hops, MX, loops, limits, the fall-back relay. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Mx } from '@postern/core'
import { deliver, rig, tableResolver } from './core.ts'
import type { NextHop, Script } from './next-hop.ts'
import { closedPort, nextHop } from './next-hop.ts'
import { parseNexthops } from '../src/nexthop.ts'

const inet = (text: string, host: string, port: number, mx: boolean) => ({ kind: 'inet', text, host, port, mx })
const forms: [text: string, sites: object[] | undefined, protocol?: 'lmtp'][] = [
  ['x.example', [inet('x.example', 'x.example', 25, true)]],
  ['x.example.', [inet('x.example.', 'x.example', 25, true)]],
  ['x.example:26', [inet('x.example:26', 'x.example', 26, true)]],
  ['x.example:submission', [inet('x.example:submission', 'x.example', 587, true)]],
  ['[x.example]', [inet('[x.example]', 'x.example', 25, false)]],
  ['[192.0.2.1]:26', [inet('[192.0.2.1]:26', '192.0.2.1', 26, false)]],
  ['192.0.2.1', [inet('192.0.2.1', '192.0.2.1', 25, false)]],
  ['[IPv6:2001:db8::1]', [inet('[IPv6:2001:db8::1]', '2001:db8::1', 25, false)]],
  ['[2001:db8::1]:26', [inet('[2001:db8::1]:26', '2001:db8::1', 26, false)]],
  ['2001:db8::1', [inet('2001:db8::1', '2001:db8::1', 25, false)]],
  ['inet:box.example:24', [inet('inet:box.example:24', 'box.example', 24, false)], 'lmtp'],
  ['box.example', [inet('box.example', 'box.example', 25, false)], 'lmtp'],
  ['unix:/run/lmtp', [{ kind: 'unix', text: 'unix:/run/lmtp', path: '/run/lmtp' }], 'lmtp'],
  [
    'a.example, [b.example]:26 c',
    [
      inet('a.example', 'a.example', 25, true),
      inet('[b.example]:26', 'b.example', 26, false),
      inet('c', 'c', 25, true),
    ],
  ],
  ['', undefined],
  ['unix:', undefined],
  ['x.example:nowhere', undefined],
  ['x.example:0', undefined],
  ['x.example:65536', undefined],
  ['[x.example', undefined],
  ['a.example, b:c:d', undefined],
]
for (const [text, sites, protocol] of forms)
  test(`next hop ${text}`, () => assert.equal(parseNexthops(text, protocol ?? 'smtp', 25), sites))

/** Several next hops on one port: 127.0.0.6 and on. */
async function hops(scripts: Script[]): Promise<NextHop[]> {
  const first = await nextHop(scripts[0], { host: '127.0.0.6' })
  const others = scripts.slice(1).map((script, i) => nextHop(script, { host: `127.0.0.${7 + i}`, port: first.port }))
  return [first, ...(await Promise.all(others))]
}
const mx = (...list: [number, string][]): Mx[] => list.map(([preference, exchange]) => ({ preference, exchange }))
const NAMES = {
  'h6.x': ['127.0.0.6'],
  'h7.x': ['127.0.0.7'],
  'h8.x': ['127.0.0.8'],
  'empty.x': [],
  'fail.x': 'fail' as const,
}
const three = mx([30, 'h8.x'], [10, 'h6.x'], [20, 'h7.x'])
const dns = (name: string, type: string, why: string) =>
  `Host or domain name not found. Name service error for name=${name} type=${type}: ${why}`
const SOFT = { RCPT: '450 4.2.1 wait', DATA: '503 no' }

/** who was spoken with, in order of address, by the number of sessions; then the outcome of x@x */
const table: [
  what: string,
  setup: {
    mx?: Record<string, Mx[] | 'fail'>
    a?: Record<string, readonly string[] | 'fail'>
    scripts?: Script[]
    options?: object
    nexthop?: string
  },
  sessions: number[],
  outcome: RegExp | string,
][] = [
  ['the best MX', { mx: { x: three } }, [1, 0, 0], /^delivered/],
  ['no MX: the address', { a: { x: ['127.0.0.7'] } }, [0, 1, 0], /^delivered/],
  ['no MX, an empty answer: the address', { mx: { x: [] }, a: { x: ['127.0.0.7'] } }, [0, 1, 0], /^delivered/],
  [
    'nothing at all',
    { options: { inetProtocols: 'ipv4' } },
    [0, 0, 0],
    `failed 5.4.4 ${dns('x', 'A', 'Host not found')}`,
  ],
  ['both families asked', {}, [0, 0, 0], `failed 5.4.4 ${dns('x', 'AAAA', 'Host not found')}`],
  [
    'a name without address',
    { a: { x: [] }, options: { inetProtocols: 'ipv4' } },
    [0, 0, 0],
    `failed 5.4.4 ${dns('x', 'A', 'Host found but no data record of requested type')}`,
  ],
  [
    'DNS fails',
    { mx: { x: 'fail' }, a: { x: ['127.0.0.7'] } },
    [0, 0, 0],
    `deferred 4.4.3 ${dns('x', 'MX', 'Host not found, try again')} down`,
  ],
  [
    'DNS fails and ignoreMxLookupError',
    { mx: { x: 'fail' }, a: { x: ['127.0.0.7'] }, options: { ignoreMxLookupError: true } },
    [0, 1, 0],
    /^delivered/,
  ],
  [
    'DNS fails for the address',
    { a: { x: 'fail' }, options: { inetProtocols: 'ipv4' } },
    [0, 0, 0],
    `deferred 4.4.3 ${dns('x', 'A', 'Host not found, try again')} down`,
  ],
  [
    'DNS fails for addresses of both families',
    { a: { x: 'fail' } },
    [0, 0, 0],
    `deferred 4.4.3 ${dns('x', 'AAAA', 'Host not found, try again')} down`,
  ],
  [
    'DNS fails for the address of the only MX, and smtpDeferIfNoMxAddressFound',
    { mx: { x: mx([5, 'fail.x']) }, options: { inetProtocols: 'ipv4', smtpDeferIfNoMxAddressFound: true } },
    [0, 0, 0],
    `deferred 4.4.3 ${dns('fail.x', 'A', 'Host not found, try again')} down`,
  ],
  ['null MX', { mx: { x: mx([0, '']) } }, [0, 0, 0], 'failed 5.1.0 Domain x does not accept mail (nullMX)'],
  ['an MX without address is skipped', { mx: { x: mx([5, 'empty.x'], [10, 'h7.x']) } }, [0, 1, 0], /^delivered/],
  [
    'no MX has an address',
    { mx: { x: mx([5, 'gone.x']) }, options: { inetProtocols: 'ipv4' } },
    [0, 0, 0],
    `failed 5.4.4 ${dns('gone.x', 'A', 'Host not found')}`,
  ],
  [
    'the same, deferred',
    { mx: { x: mx([5, 'gone.x']) }, options: { inetProtocols: 'ipv4', smtpDeferIfNoMxAddressFound: true } },
    [0, 0, 0],
    `deferred 4.4.4 ${dns('gone.x', 'A', 'Host not found')} down`,
  ],
  [
    'one MX unknown, a worse one absent: deferred',
    { mx: { x: mx([5, 'fail.x'], [10, 'gone.x']) }, options: { inetProtocols: 'ipv4' } },
    [0, 0, 0],
    `deferred 4.4.4 ${dns('gone.x', 'A', 'Host not found')} down`,
  ],
  [
    'one MX absent, a worse one unknown: deferred',
    { mx: { x: mx([5, 'gone.x'], [10, 'fail.x']) }, options: { inetProtocols: 'ipv4' } },
    [0, 0, 0],
    `deferred 4.4.3 ${dns('fail.x', 'A', 'Host not found, try again')} down`,
  ],
  [
    'the MX has a name that is none',
    { mx: { x: mx([5, '-bad-.x'], [10, 'l'.repeat(64)], [15, 'a..x']) } },
    [0, 0, 0],
    'failed 5.4.4 Name service error for name=x type=MX: Malformed or unexpected name server reply',
  ],
  [
    'the same and ignoreMxLookupError',
    { mx: { x: mx([5, '-bad-.x']) }, a: { x: ['127.0.0.7'] }, options: { ignoreMxLookupError: true } },
    [0, 1, 0],
    /^delivered/,
  ],
  ['one of the MX has a name that is none', { mx: { x: mx([5, '-bad-.x'], [10, 'h7.x']) } }, [0, 1, 0], /^delivered/],
  [
    'our name at an address that is not ours is no loop',
    { mx: { x: mx([10, 'mail.postern.example']) }, a: { 'mail.postern.example': ['127.0.0.7'] } },
    [0, 1, 0],
    /^delivered/,
  ],
  [
    'best MX is us',
    { mx: { x: mx([10, 'h6.x'], [20, 'h7.x']) }, options: { inetInterfaces: ['127.0.0.6'] } },
    [0, 0, 0],
    'failed 5.4.6 mail for x loops back to myself',
  ],
  [
    'best MX has our address',
    { mx: { x: mx([10, 'h6.x']) }, options: { proxyInterfaces: ['127.0.0.6'] } },
    [0, 0, 0],
    'failed 5.4.6 mail for x loops back to myself',
  ],
  [
    'we are second: only the better one',
    { mx: { x: three }, scripts: [SOFT], options: { inetInterfaces: ['127.0.0.7'] } },
    [1, 0, 0],
    /^deferred 4.2.1 host h6.x\[127.0.0.6\] said/,
  ],
  [
    'we are second, the better one has no address',
    { mx: { x: mx([5, 'empty.x'], [10, 'h6.x']) }, options: { inetInterfaces: ['127.0.0.6'] } },
    [0, 0, 0],
    'deferred 4.4.4 unable to find primary relay for x down',
  ],
  [
    'the server has our name',
    { mx: { x: mx([10, 'h6.x']) }, scripts: [{ EHLO: '250 mail.postern.example' }] },
    [1, 0, 0],
    'failed 5.4.6 mail for x loops back to myself',
  ],
  [
    '4xx at the greeting: the next',
    { mx: { x: three }, scripts: [{ greeting: '421 4.3.2 no' }] },
    [1, 1, 0],
    /^delivered/,
  ],
  [
    '5xx at the greeting: the next',
    { mx: { x: three }, scripts: [{ greeting: '554 5.3.2 no' }] },
    [1, 1, 0],
    /^delivered/,
  ],
  [
    '5xx at the greeting, strict',
    { mx: { x: three }, scripts: [{ greeting: '554 5.3.2 no' }], options: { smtpSkip5xxGreeting: false } },
    [1, 0, 0],
    'failed 5.3.2 host h6.x[127.0.0.6] refused to talk to me: 554 5.3.2 no',
  ],
  [
    '5xx at HELO: no other',
    { mx: { x: three }, scripts: [{ EHLO: '550 no', HELO: '550 5.7.1 no' }] },
    [1, 0, 0],
    /^failed 5.7.1/,
  ],
  ['dropped: the next', { mx: { x: three }, scripts: [{ MAIL: 'drop' }] }, [1, 1, 0], /^delivered/],
  ['4xx at RCPT: the next', { mx: { x: three }, scripts: [SOFT] }, [1, 1, 0], /^delivered/],
  [
    'two sessions at most',
    { mx: { x: three }, scripts: [SOFT, SOFT] },
    [1, 1, 0],
    'deferred 4.2.1 host h7.x[127.0.0.7] said: 450 4.2.1 wait (in reply to RCPT TO command)',
  ],
  [
    'as many sessions as allowed',
    { mx: { x: three }, scripts: [SOFT, SOFT], options: { smtpMxSessionLimit: 0 } },
    [1, 1, 1],
    /^delivered/,
  ],
  [
    'as many addresses as allowed',
    { mx: { x: three }, scripts: [SOFT], options: { smtpMxAddressLimit: 1 } },
    [1, 0, 0],
    /^deferred 4.2.1/,
  ],
  [
    '5xx at RCPT: no other',
    { mx: { x: three }, scripts: [{ RCPT: '550 5.1.1 no', DATA: '503' }] },
    [1, 0, 0],
    /^failed 5.1.1/,
  ],
  ['the fall-back when nothing is found', { options: { smtpFallbackRelay: '[127.0.0.8]' } }, [0, 0, 1], /^delivered/],
  [
    'the fall-back after 4xx',
    { a: { x: ['127.0.0.6'] }, scripts: [SOFT], options: { smtpFallbackRelay: '[127.0.0.8]' } },
    [1, 0, 1],
    /^delivered/,
  ],
  [
    'no fall-back for a loop',
    {
      mx: { x: mx([10, 'h6.x']) },
      options: { smtpFallbackRelay: '[127.0.0.8]', inetInterfaces: ['127.0.0.6'] },
    },
    [0, 0, 0],
    /^failed 5.4.6/,
  ],
  [
    'a fall-back that is ourselves defers',
    { options: { smtpFallbackRelay: '[h7.x]', inetInterfaces: ['127.0.0.7'] } },
    [0, 0, 0],
    'deferred 4.3.5 mail for h7.x loops back to myself down',
  ],
  [
    'a fall-back that DNS cannot tell',
    { options: { smtpFallbackRelay: '[fail.x]', inetProtocols: 'ipv4' } },
    [0, 0, 0],
    `deferred 4.4.3 ${dns('fail.x', 'A', 'Host not found, try again')} down`,
  ],
  [
    'a fall-back that is not found defers',
    { options: { smtpFallbackRelay: '[nowhere.x]', inetProtocols: 'ipv4' } },
    [0, 0, 0],
    `deferred 4.3.5 ${dns('nowhere.x', 'A', 'Host not found')} down`,
  ],
  [
    '4xx is not made permanent by the next site’s DNS',
    { nexthop: '[127.0.0.6], [nowhere.x]', scripts: [SOFT] },
    [1, 0, 0],
    /^deferred 4.2.1/,
  ],
  ['a list', { nexthop: '[h6.x], [h8.x]', scripts: [{ greeting: 'drop' }] }, [1, 0, 1], /^delivered/],
  [
    'a next hop that is none',
    { nexthop: '[x' },
    [0, 0, 0],
    'deferred 4.3.5 mail system configuration error: bad next hop [x',
  ],
]
for (const [what, { mx: mxs = {}, a = {}, scripts = [], options = {}, nexthop = 'x' }, sessions, expected] of table) {
  test(what, async () => {
    const servers = await hops([0, 1, 2].map((i) => scripts[i] ?? {}))
    const port = servers[0]!.port
    const out = rig({ smtpTcpPort: port, inetInterfaces: [], ...options }, tableResolver(mxs, { ...NAMES, ...a }))
    try {
      const { outcomes } = await deliver(out, { nexthop, to: ['x@x'] })
      const { kind, esc, text, siteDown } = outcomes['x@x']!
      const got = `${kind} ${esc} ${text}${siteDown ? ' down' : ''}`
      if (typeof expected === 'string') assert.is(got, expected)
      else assert.match(got, expected)
      assert.equal(
        servers.map((s) => s.sessions.length),
        sessions,
      )
    } finally {
      await out.stop()
      await Promise.all(servers.map((s) => s.close()))
    }
  })
}

test('equally preferred servers share the mail', async () => {
  const servers = await hops([{}, {}])
  const resolver = tableResolver({ x: mx([10, 'h6.x'], [10, 'h7.x']) }, NAMES)
  const out = rig({ smtpTcpPort: servers[0]!.port, smtpConnectionCacheOnDemand: false }, resolver)
  for (let i = 0; i < 40; i++) await deliver(out, { nexthop: 'x' })
  // each is missed by chance once in 2^39 times
  assert.ok(servers.every((s) => s.sessions.length > 0))
  await out.stop()
  await Promise.all(servers.map((s) => s.close()))
})

test('the recipients that one server defers go to the next one alone', async () => {
  const servers = await hops([{ 'RCPT TO:<b@': '450 4.2.1 wait' }, {}])
  const out = rig({ smtpTcpPort: servers[0]!.port }, tableResolver({ x: mx([10, 'h6.x'], [20, 'h7.x']) }, NAMES))
  const { outcomes } = await deliver(out, { nexthop: 'x', to: ['a@x', 'b@x'] })
  assert.equal(
    [outcomes['a@x']!.relay, outcomes['b@x']!.relay],
    [`h6.x[127.0.0.6]:${servers[0]!.port}`, `h7.x[127.0.0.7]:${servers[0]!.port}`],
  )
  assert.equal(servers[1]!.sessions[0]!.lines.filter((l) => l.startsWith('RCPT')).length, 1)
  await out.stop()
  await Promise.all(servers.map((s) => s.close()))
})

test('a refused connection to the last server is what counts', async () => {
  const port = await closedPort('127.0.0.6')
  const out = rig({ smtpTcpPort: port }, tableResolver({ x: mx([10, 'h6.x'], [20, 'h7.x']) }, NAMES))
  const { outcomes } = await deliver(out, { nexthop: 'x', to: ['x@x'] })
  assert.is(outcomes['x@x']!.text, `connect to h7.x[127.0.0.7]:${port}: Connection refused`)
  await out.stop()
})

test.run()
