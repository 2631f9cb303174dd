import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { NULL_SENDER, addressOf, failed } from '@postern/core'
import type { AddressWays, RecipientTables, RouteTables } from '@postern/core'
import { fakeCall, resolveView } from '@postern/testkit'
import { build, routeTables } from './build.ts'
import type { Options, Others } from './build.ts'

const base: Options = {
  mydestination: ['local.example'],
  virtualAliasDomains: ['va.example'],
  virtualMailboxDomains: ['vm.example'],
  relayDomains: ['relay.example'],
}
type Row = readonly [address: string, transport: string, nexthop: string]
function table(
  name: string,
  options: Options,
  others: Others,
  rows: readonly Row[],
  sender = 'a@sender.example',
): void {
  for (const [address, expected, nexthop] of rows)
    test(`${name}: ${address}`, async () => {
      const answer = await build({ ...base, ...options }, others).resolve(resolveView({ recipient: address, sender }))
      assert.is(answer?.kind, 'route')
      if (answer?.kind === 'route') assert.equal([answer.transport, answer.nexthop], [expected, nexthop])
    })
}

table('classes', {}, {}, [
  ['a@local.example', 'maildir', 'mail.local.example'],
  ['a', 'maildir', 'mail.local.example'],
  ['a@VM.example', 'maildir', 'vm.example'],
  ['a@relay.example', 'smtp', 'relay.example'],
  ['a@far.example', 'smtp', 'far.example'],
  ['a@[192.0.2.1]', 'smtp', '[192.0.2.1]'],
])
table('relayhost', { relayhost: '[127.0.0.9]:26', relayTransport: 'relay', virtualTransport: 'lmtp:unix:x' }, {}, [
  ['a@local.example', 'maildir', 'mail.local.example'],
  ['a@vm.example', 'lmtp', 'unix:x'],
  ['a@relay.example', 'relay', '[127.0.0.9]:26'],
  ['a@far.example', 'smtp', '[127.0.0.9]:26'],
])
table('relayhosts', { relayhost: '[127.0.0.9]:26, gw.example' }, {}, [
  ['a@far.example', 'smtp', '[127.0.0.9]:26, gw.example'],
])
table(
  'relayhost and a transport with a next hop',
  { relayhost: 'gw.example', defaultTransport: 'smtp:other.example' },
  {},
  [
    ['a@relay.example', 'smtp', 'gw.example'],
    ['a@far.example', 'smtp', 'other.example'],
  ],
)

const OVERRIDE = {
  'x@inside.example': 'smtp:[127.0.0.8]',
  'x@noop.example': ':',
  'x@hop.example': ':[127.0.0.6]',
  'x@list.example': 'smtp:[127.0.0.6], [127.0.0.7]:26',
  'x@bare.example': 'inforeply',
  'x@reset.example': 'slow:',
  'a@local.example': 'smtp:[127.0.0.8]',
  'b@local.example': ':next',
  'x@err.example': 'error:mail to this domain is refused',
  'x@err2.example': 'error:',
  'x@ret2.example': 'retry',
}
for (const once of [true, false])
  table(
    `transport table, ${once ? 'at once' : 'later'}`,
    { relayhost: '[127.0.0.9]' },
    { tables: { t: routeTables({ override: OVERRIDE }, { once }) } },
    [
      ['x@inside.example', 'smtp', '[127.0.0.8]'],
      ['x@noop.example', 'smtp', '[127.0.0.9]'],
      ['x@hop.example', 'smtp', '[127.0.0.6]'],
      ['x@list.example', 'smtp', '[127.0.0.6], [127.0.0.7]:26'],
      ['x@bare.example', 'inforeply', 'bare.example'],
      ['x@reset.example', 'slow', 'reset.example'],
      ['a@local.example', 'smtp', '[127.0.0.8]'],
      ['b@local.example', 'maildir', 'next'],
      ['x@err.example', 'error', 'mail to this domain is refused'],
      ['x@err2.example', 'error', 'Address is undeliverable'],
      ['x@ret2.example', 'retry', 'Address is undeliverable'],
      ['x@other.example', 'smtp', '[127.0.0.9]'],
    ],
  )

// what a live Postfix 3.7 did with these tables
const senders = routeTables({
  defaultTransport: {
    'own@b.example': 'smtp:[127.0.0.8]',
    'only@b.example': 'slow:',
    'bare@b.example': 'slow',
    '': 'smtp:[127.0.0.5]',
  },
  relayhost: { 'only@b.example': '[127.0.0.7]', 'own@b.example': '[127.0.0.7]', 'hop@b.example': '[127.0.0.7]' },
})
for (const [sender, far, relay] of [
  ['own@b.example', ['smtp', '[127.0.0.8]'], ['smtp', '[127.0.0.7]']],
  ['only@b.example', ['slow', '[127.0.0.7]'], ['smtp', '[127.0.0.7]']],
  ['bare@b.example', ['slow', '[127.0.0.9]'], ['smtp', '[127.0.0.9]']],
  ['hop@b.example', ['smtp', '[127.0.0.7]'], ['smtp', '[127.0.0.7]']],
  ['', ['smtp', '[127.0.0.5]'], ['smtp', '[127.0.0.9]']],
  ['other@b.example', ['smtp', '[127.0.0.9]'], ['smtp', '[127.0.0.9]']],
] as const)
  table(
    `mail of <${sender}>`,
    { relayhost: '[127.0.0.9]' },
    { tables: { senders } },
    [
      ['x@far.example', ...far],
      ['x@relay.example', ...relay],
      ['x@local.example', 'maildir', 'mail.local.example'],
      ['x@vm.example', 'maildir', 'vm.example'],
    ],
    sender,
  )
table(
  'a next hop of the default transport counts more than the relay host of a sender',
  { relayhost: '[127.0.0.9]', defaultTransport: 'smtp:[127.0.0.6]' },
  { tables: { senders } },
  [
    ['x@far.example', 'smtp', '[127.0.0.6]'],
    ['x@relay.example', 'smtp', '[127.0.0.7]'],
  ],
  'hop@b.example',
)
table(
  'several plugins: the first that says something',
  {},
  {
    tables: {
      one: routeTables({ override: { 'x@a.example': 'smtp:one' } }),
      two: routeTables({ override: { 'x@a.example': 'smtp:two', 'x@b.example': 'smtp:two' } }, { once: true }),
    },
  },
  [
    ['x@a.example', 'smtp', 'one'],
    ['x@b.example', 'smtp', 'two'],
  ],
)

test('a virtual alias that nothing expanded fails, whatever a transport table says', async () => {
  const tables = { t: routeTables({ override: { 'none@va.example': 'smtp:[127.0.0.8]' } }) }
  const recipients: RecipientTables = { exists: () => undefined, unknownText: (name) => `nobody in ${name}` }
  const answer = await build(base, { tables, recipients: { r: recipients } }).resolve(
    resolveView({ recipient: 'none@va.example' }),
  )
  assert.is(answer?.kind, 'refuse')
  if (answer?.kind === 'refuse') assert.equal([answer.esc, answer.text], ['5.1.1', 'nobody in virtualAlias'])
  const alone = await build(base).resolve(resolveView({ recipient: 'none@va.example' }))
  assert.is(alone?.kind === 'refuse' && alone.text, 'User unknown in virtual alias table')
})

const AWAY = { kind: 'failed', why: 'retry', cause: 'away' } as const
const silent: RouteTables = {
  override: () => undefined,
  defaultTransport: () => undefined,
  relayhost: () => undefined,
}
const BAD: readonly (readonly [name: string, options: Options, others: Others, hit: string[], spared: string[]])[] = [
  ['class', { mydestination: ['hash:/away'] }, {}, ['a@local.example', 'a@far.example'], []],
  ['transport', {}, { tables: { t: { ...silent, override: () => AWAY } } }, ['a@local.example', 'a@far.example'], []],
  [
    'default transport of a sender',
    {},
    { tables: { t: { ...silent, defaultTransport: async () => AWAY } } },
    ['a@far.example'],
    ['a@relay.example', 'a@local.example'],
  ],
  [
    'relay host of a sender',
    {},
    { tables: { t: { ...silent, relayhost: () => AWAY } } },
    ['a@far.example', 'a@relay.example'],
    ['a@local.example', 'a@vm.example'],
  ],
  [
    'nameless transport of a sender',
    {},
    { tables: { t: { ...silent, defaultTransport: () => ':[127.0.0.8]' } } },
    ['a@far.example'],
    ['a@relay.example'],
  ],
  [
    'recipient',
    {},
    { recipients: { r: { exists: async () => AWAY, unknownText: () => '' } } },
    ['a@local.example', 'a@far.example'],
    [],
  ],
]
for (const [name, options, others, hit, spared] of BAD)
  test(`a ${name} lookup that fails defers`, async () => {
    const t = build({ ...base, ...options }, others, { 'hash:/away': () => failed('away') })
    for (const recipient of hit) {
      const answer = await t.resolve(resolveView({ recipient }))
      assert.is(answer?.kind, 'defer', recipient)
      if (answer?.kind === 'defer') assert.equal([answer.esc, answer.text], ['4.3.0', 'address resolver failure'])
    }
    for (const recipient of spared) assert.is((await t.resolve(resolveView({ recipient })))?.kind, 'route', recipient)
  })

const knows = (...known: string[]): RecipientTables => ({
  exists: (address, name) => (name === 'default' ? undefined : known.includes(address.text)),
  unknownText: (name) => `User unknown in ${name}`,
})
test('after commit an unknown recipient fails as its delivery agent would say', async () => {
  const t = build(base, { recipients: { one: knows('a@local.example'), two: knows('b@local.example') } })
  for (const [recipient, text] of [
    ['NoUser@local.example', 'unknown user: "nouser"'],
    ['none@vm.example', 'unknown user: "none@vm.example"'],
  ] as const) {
    const answer = await t.resolve(resolveView({ recipient }))
    assert.is(answer?.kind, 'refuse')
    if (answer?.kind === 'refuse') assert.equal([answer.esc, answer.text], ['5.1.1', text])
  }
  // one plugin that knows it is enough
  // and a relay host knows its own: its table spoke at RCPT
  for (const recipient of ['a@local.example', 'b@local.example', 'x@far.example', 'none@relay.example'])
    assert.is((await t.resolve(resolveView({ recipient })))?.kind, 'route', recipient)
})

test('another transport than the class has decides for itself who exists', async () => {
  const tables = { t: routeTables({ override: { 'nouser@local.example': 'smtp:[127.0.0.9]' } }) }
  const answer = await build(base, { tables, recipients: { r: knows() } }).resolve(
    resolveView({ recipient: 'nouser@local.example' }),
  )
  assert.is(answer?.kind, 'route')
})

test('others ask for the way as it stands', async () => {
  const t = build(base, { tables: { senders } })
  const ways = t.provided('addressWays') as AddressWays
  const call = fakeCall()
  const way = await ways.wayOf(addressOf('x@far.example'), addressOf('own@b.example'), call)
  assert.is(way.kind, 'way')
  if (way.kind !== 'way') return
  assert.equal([way.addressClass, way.transport, way.nexthop], ['default', 'smtp', '[127.0.0.8]'])
  const alias = await ways.wayOf(addressOf('x@va.example'), NULL_SENDER, call)
  assert.equal(alias.kind === 'way' && [alias.addressClass, alias.transport], ['virtualAlias', ''])
})

test('answers at once where no table has to be waited for', () => {
  const ways = build(base).provided('addressWays') as AddressWays
  assert.not.instance(ways.wayOf(addressOf('x@far.example'), addressOf('own@b.example'), fakeCall()), Promise)
})

test.run()
