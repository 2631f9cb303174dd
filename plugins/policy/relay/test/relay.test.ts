import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { failed, found, parsePath } from '@postern/core'
import type { AddressClasses, ClassAnswer, MailAddress } from '@postern/core'
import relay from '@postern/policy-relay'
import { rcptView, tap } from '@postern/testkit'

type Options = NonNullable<Parameters<typeof relay>[0]>
type Context = NonNullable<Parameters<typeof tap>[2]>

/** ours.example is local, relay.example relayed; an address without domain is local. */
const classes: AddressClasses = {
  classOf({ domain }: MailAddress): ClassAnswer {
    const d = domain.toLowerCase()
    if (d === 'broken.example') return failed('table away') as ClassAnswer
    if (d === '' || d === 'ours.example' || d === '[127.0.0.1]') return { kind: 'class', class: 'local' }
    return { kind: 'class', class: d === 'relay.example' ? 'relay' : 'default' }
  },
}
const build = (options: Options = {}, context: Context = {}) => tap(relay, options, { needs: { classes }, ...context })

/** The recipient as a session parses it, so that the table holds what clients really send. */
function recipientOf(path: string): MailAddress {
  const parsed = parsePath(path, { lenient: true })
  if (!parsed.ok) throw new Error(`no path: ${path}`)
  return parsed.address
}
async function ask(path: string, client = '192.0.2.1', options: Options = {}, context: Context = {}, auth?: string) {
  const view = rcptView({ recipient: recipientOf(path), session: { client: { address: client }, auth } })
  return (await build(options, context).relay(view)) as {
    kind: string
    code?: number
    esc?: string
    text?: string
    why?: string
  }
}

const STRANGER: readonly (readonly [path: string, claimed: boolean])[] = [
  ['<a@ours.example>', true],
  ['<A@OURS.EXAMPLE>', true],
  ['<a@ours.example.>', true],
  ['<postmaster>', true],
  ['<a@[127.0.0.1]>', true],
  ['<a@relay.example>', true],
  ['<"a b"@ours.example>', true],
  ['<a+b=c@ours.example>', true],
  // a source route is stripped: the mail is for the last address (RFC 5321 appendix C)
  ['<@x.example,@y.example:a@ours.example>', true],
  ['<@ours.example:a@far.example>', false],
  ['<a@far.example>', false],
  ['<a@sub.ours.example>', false],
  ['<a@ours.example.far.example>', false],
  ['<a@[192.0.2.9]>', false],
  ['<a%far.example@ours.example>', false],
  ['<a%far.example@relay.example>', false],
  ['<far.example!a@ours.example>', false],
  ['<far.example!a>', false],
  ['<a%far.example>', false],
  ['<"a@far.example"@ours.example>', false],
  ['<"a%far.example"@relay.example>', false],
  ['<"far.example!a"@ours.example>', false],
  ['<"a\\@far.example"@ours.example>', false],
  ['<"@x.example:a@far.example"@ours.example>', false],
  ['<a@far.example@ours.example>', false],
]
for (const [path, claimed] of STRANGER) {
  test(`stranger ${path}`, async () => {
    const answer = await ask(path)
    assert.is(answer.kind, claimed ? 'claim' : 'defer')
    if (!claimed) {
      assert.equal([answer.code, answer.esc], [454, '4.7.1'])
      assert.match(answer.text!, /^<.+>: Relay access denied$/)
    }
  })
}

const LISTS: readonly (readonly [name: string, mynetworks: string[], inside: string[], outside: string[]])[] = [
  [
    'default',
    ['127.0.0.0/8', '[::1]/128'],
    ['127.0.0.1', '127.255.255.255', '::1', '::ffff:127.0.0.1', '0:0:0:0:0:0:0:1'],
    [
      '128.0.0.1',
      '126.255.255.255',
      '::2',
      '::',
      '192.0.2.1',
      '::ffff:192.0.2.1',
      '',
      'unknown',
      '/run/s',
      'localhost',
    ],
  ],
  ['empty', [], [], ['127.0.0.1', '::1', '0.0.0.0', '']],
  ['a host', ['192.0.2.1'], ['192.0.2.1', '::ffff:192.0.2.1', '::FFFF:c000:0201'], ['192.0.2.2', '::1']],
  [
    'odd lengths',
    ['192.0.2.128/25', '[2001:db8:8000::]/33'],
    ['192.0.2.128', '192.0.2.255', '2001:db8:8000::1', '2001:db8:ffff::'],
    ['192.0.2.127', '2001:db8:7fff::1'],
  ],
  ['not this one', ['!192.0.2.7', '192.0.2.0/24'], ['192.0.2.6'], ['192.0.2.7']],
  ['the first match decides', ['192.0.2.0/24', '!192.0.2.7'], ['192.0.2.7'], []],
  [
    'nested',
    ['!10.1.2.0/24', '10.1.0.0/16', '!10.0.0.0/8', '0.0.0.0/0'],
    ['10.1.3.1', '9.9.9.9'],
    ['10.1.2.3', '10.2.0.1'],
  ],
  ['all of IPv4 is not IPv6', ['0.0.0.0/0'], ['192.0.2.1', '::ffff:192.0.2.1'], ['2001:db8::1']],
  ['all of IPv6 is not IPv4', ['::/0'], ['2001:db8::1'], ['192.0.2.1', '::ffff:192.0.2.1']],
  ['IPv6 without brackets', ['2001:db8::/32'], ['2001:db8::1', '2001:db8::1%eth0'], ['2001:db9::1']],
]
for (const [name, mynetworks, inside, outside] of LISTS) {
  test(`mynetworks: ${name}`, async () => {
    for (const client of inside) assert.is((await ask('<a@far.example>', client, { mynetworks })).kind, 'claim', client)
    for (const client of outside)
      assert.is((await ask('<a@far.example>', client, { mynetworks })).kind, 'defer', client)
  })
}

test('an own network may route as it likes', async () => {
  for (const path of ['<a%far.example@ours.example>', '<"a@b"@far.example>'])
    assert.is((await ask(path, '127.0.0.1')).kind, 'claim')
})

test('a client that has authenticated may relay, unless the option says no', async () => {
  assert.is((await ask('<a@far.example>', '192.0.2.1', {}, {}, 'joe')).kind, 'claim')
  const off = { permitSaslAuthenticated: false }
  assert.is((await ask('<a@far.example>', '192.0.2.1', off, {}, 'joe')).kind, 'defer')
})

test('unauthDestination and its code', async () => {
  const reject = await ask('<a@far.example>', '192.0.2.1', { unauthDestination: 'reject' })
  assert.equal(
    [reject.kind, reject.code, reject.esc, reject.text],
    ['refuse', 554, '5.7.1', '<a@far.example>: Relay access denied'],
  )
  const code = { relayDomainsRejectCode: 550 }
  assert.is((await ask('<a@far.example>', '192.0.2.1', { ...code, unauthDestination: 'reject' })).code, 550)
  assert.is((await ask('<a@far.example>', '192.0.2.1', code)).code, 450)
})

test('allowUntrustedRouting', async () => {
  const answer = await ask('<a%far.example@relay.example>', '192.0.2.1', { allowUntrustedRouting: true })
  assert.is(answer.kind, 'claim')
})

test('a class that cannot be found out is 451 and claims nothing', async () => {
  const answer = await ask('<a@broken.example>')
  assert.equal(
    [answer.kind, answer.code, answer.esc, answer.text],
    ['defer', 451, '4.3.0', '<a@broken.example>: Temporary lookup failure'],
  )
})

test('a table of networks: its place in the list counts, and failed is not absent', async () => {
  const keys: string[] = []
  const tables = { 'hash:/nets': (key: string) => (keys.push(key), key === '192.0.2.1' ? found('x') : failed('away')) }
  const context = { tables }
  assert.is((await ask('<a@far.example>', '::ffff:192.0.2.1', { mynetworks: ['hash:/nets'] }, context)).kind, 'claim')
  assert.equal(keys, ['192.0.2.1'])
  assert.is((await ask('<a@ours.example>', '192.0.2.2', { mynetworks: ['hash:/nets'] }, context)).code, 451)
  // what stands before the table needs no lookup; who has authenticated neither
  assert.is(
    (await ask('<a@far.example>', '192.0.2.2', { mynetworks: ['192.0.2.2', 'hash:/nets'] }, context)).kind,
    'claim',
  )
  assert.is(
    (await ask('<a@far.example>', '192.0.2.2', { mynetworks: ['!192.0.2.2', 'hash:/nets'] }, context)).code,
    454,
  )
  assert.is((await ask('<a@far.example>', '192.0.2.2', { mynetworks: ['hash:/nets'] }, context, 'joe')).kind, 'claim')
})

test('a network between two tables keeps its place', async () => {
  const tables = { 'hash:/none': {}, 'hash:/all': () => found('x') }
  const mynetworks = ['hash:/none', '!192.0.2.2', 'hash:/all']
  assert.is((await ask('<a@far.example>', '192.0.2.2', { mynetworks }, { tables })).kind, 'defer')
  assert.is((await ask('<a@far.example>', '192.0.2.3', { mynetworks }, { tables })).kind, 'claim')
})

test('networks that are none do not check', () => {
  const bad = [
    '192.0.2.1/24',
    '192.0.2.0/33',
    '[::1]/129',
    '127.1',
    '0x7f.0.0.1',
    '010.0.0.0/8',
    '1.2.3',
    'a.example',
    '',
    '!',
    '[::1',
    '127.0.0.1/ 8',
    '::g',
  ]
  for (const network of bad) assert.throws(() => build({ mynetworks: [network] }), undefined, network)
})
test('the message names the network that was meant', () => {
  try {
    build({ mynetworks: ['192.0.2.1/24'] })
    assert.unreachable()
  } catch (error) {
    assert.match(JSON.stringify(error), /non-null host address bits.*perhaps you should use.*192\.0\.2\.0\/24/)
  }
})

test('an open relay is told at start', async () => {
  for (const [mynetworks, warned] of [
    [['0.0.0.0/0'], true],
    [['[::]/0'], true],
    [['127.0.0.0/8'], false],
    [['!0.0.0.0/0'], false],
  ] as const) {
    const t = build({ mynetworks: [...mynetworks] })
    await t.start()
    assert.is(
      t.logged.some((l) => l.level === 'warn' && l.event === 'relay.open'),
      warned,
      mynetworks[0],
    )
  }
})

test('the refusal comes late, so that another plugin may claim first', () => {
  assert.equal(
    build().taps.map((t) => [t.options.name, t.options.phase]),
    [
      ['own', undefined],
      ['others', 'late'],
    ],
  )
})

/** Rules as a live Postfix 3.7 takes them; what strangers (192.0.2.1) and friends (127.0.0.1) are told of each recipient. */
const RULES: readonly (readonly [
  relay: string,
  recipient: string,
  client: string,
  path: string,
  said: string | undefined,
])[] = [
  [
    'permit_mynetworks permit_auth_destination reject',
    '',
    '192.0.2.1',
    '<a@far.example>',
    '554 5.7.1 R: Access denied',
  ],
  ['permit_mynetworks permit_auth_destination reject', '', '192.0.2.1', '<a@relay.example>', undefined],
  ['permit_mynetworks permit_auth_destination reject', '', '127.0.0.1', '<a@far.example>', undefined],
  [
    'reject_unauth_destination permit_mynetworks',
    '',
    '127.0.0.1',
    '<a@far.example>',
    '554 5.7.1 S: Relay access denied',
  ],
  ['permit_auth_destination defer', '', '192.0.2.1', '<a@far.example>', '450 4.3.2 R: Try again later'],
  ['reject', '', '127.0.0.1', '<a@ours.example>', '554 5.7.1 R: Access denied'],
  // the first that decides ends its list, not the other one
  ['permit', 'reject', '127.0.0.1', '<a@ours.example>', '554 5.7.1 R: Access denied'],
  ['', 'permit_mynetworks reject_unauth_destination', '127.0.0.1', '<a@far.example>', undefined],
  [
    '',
    'permit_mynetworks reject_unauth_destination',
    '192.0.2.1',
    '<a@far.example>',
    '554 5.7.1 S: Relay access denied',
  ],
  ['defer_unauth_destination', 'reject', '192.0.2.1', '<a@far.example>', '454 4.7.1 S: Relay access denied'],
  ['defer_unauth_destination', 'reject', '192.0.2.1', '<a@ours.example>', '554 5.7.1 R: Access denied'],
  ['permit_inet_interfaces reject', '', '127.0.0.1', '<a@far.example>', undefined],
  ['permit_inet_interfaces reject', '', '127.0.0.2', '<a@far.example>', '554 5.7.1 R: Access denied'],
  ['check_relay_domains', '', '127.0.0.1', '<a@far.example>', '554 5.7.1 R: Relay access denied'],
  ['check_relay_domains', '', '127.0.0.1', '<a@ours.example>', undefined],
  ['permit_sasl_authenticated reject', '', '127.0.0.1', '<a@ours.example>', '554 5.7.1 R: Access denied'],
  ['permit_auth_destination reject', '', '192.0.2.1', '<a%far.example@ours.example>', '554 5.7.1 R: Access denied'],
  // nobody refuses mail for the postmaster of this host
  ['reject', 'reject', '192.0.2.1', '<postmaster>', undefined],
  ['reject', 'reject', '192.0.2.1', '<"POSTmaster">', undefined],
  ['reject', '', '192.0.2.1', '<postmaster@ours.example>', '554 5.7.1 R: Access denied'],
]
type Lists = Pick<Options, 'smtpdRelayRestrictions' | 'smtpdRecipientRestrictions'>
const lists = (relay: string, recipient: string) =>
  ({
    smtpdRelayRestrictions: relay.split(' ').filter(Boolean),
    smtpdRecipientRestrictions: recipient.split(' ').filter(Boolean),
  }) as Lists
/** as the core asks: relay, then rcpt */
async function judged(options: Options, client: string, path: string): Promise<string | undefined> {
  const view = rcptView({ recipient: recipientOf(path), session: { client: { address: client } } })
  const plugin = build(options)
  type Said = { kind: string; code?: number; esc?: string; text?: string } | undefined
  const relay = (await plugin.relay(view)) as Said
  const said = relay?.kind === 'claim' ? ((await plugin.rcpt(view)) as Said) : relay
  if (!said) return undefined
  const text = said.text!.replace(/^<[^>]*>: Recipient address rejected:/, 'R:').replace(/^<[^>]*>:/, 'S:')
  return `${said.code} ${said.esc} ${text}`
}
for (const [relay, recipient, client, path, said] of RULES)
  test(`${relay} | ${recipient}: ${client} to ${path}`, async () =>
    assert.is(await judged(lists(relay, recipient), client, path), said))

test('the codes are the operator’s, and the enhanced ones follow them', async () => {
  const strange = (relay: string, more: Options) =>
    judged({ ...lists(relay, ''), ...more }, '192.0.2.1', '<a@far.example>')
  assert.is(await strange('reject', { rejectCode: 421 }), '421 4.7.1 R: Access denied')
  assert.is(await strange('defer', { deferCode: 452 }), '452 4.3.2 R: Try again later')
  assert.is(await strange('defer', { deferCode: 550 }), '550 5.3.2 R: Try again later')
  assert.is(
    await strange('reject_unauth_destination', { relayDomainsRejectCode: 454 }),
    '454 4.7.1 S: Relay access denied',
  )
  assert.is(
    await strange('defer_unauth_destination', { relayDomainsRejectCode: 550 }),
    '450 4.7.1 S: Relay access denied',
  )
  assert.is(await strange('defer_unauth_destination', { relayDomainsRejectCode: 450 }), '450 4.7.1 Service unavailable')
})
test('rules that refuse nobody, or that are said twice, do not check', () => {
  for (const options of [
    lists('permit_mynetworks', ''),
    lists('', 'permit_mynetworks permit_auth_destination'),
    lists('permit', 'permit'),
    { ...lists('reject', ''), unauthDestination: 'reject' },
    { ...lists('reject', ''), permitSaslAuthenticated: true },
  ] as Options[])
    assert.throws(() => build(options), /open relay|said by smtpdRelayRestrictions/)
})

test.run()
