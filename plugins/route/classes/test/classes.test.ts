import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { failed, addressOf } from '@postern/core'
import type { AddressClasses } from '@postern/core'
import { fakeCall } from '@postern/testkit'
import { build } from './build.ts'
import type { Options } from './build.ts'

const options: Options = {
  mydestination: ['local.example', 'Upper.example', '!not.example', 'hash:/own'],
  virtualAliasDomains: ['va.example', '.va.example'],
  virtualMailboxDomains: ['vm.example'],
  relayDomains: ['relay.example', '!closed.open.example', 'open.example'],
  inetInterfaces: ['127.0.0.1', '::1'],
  proxyInterfaces: ['203.0.113.9'],
}
const tables = { 'hash:/own': { 'table.example': 'x' } }
const classesOf = (o: Options, t: Parameters<typeof build>[2] = tables) =>
  build(o, {}, t).provided('addressClasses') as AddressClasses

const CASES: readonly (readonly [string, string])[] = [
  ['a@local.example', 'local'],
  ['a@LOCAL.Example', 'local'],
  ['a@upper.example', 'local'],
  ['a@table.example', 'local'],
  ['a@sub.local.example', 'default'],
  ['a@not.example', 'default'],
  ['a', 'local'],
  ['a@[127.0.0.1]', 'local'],
  ['a@[IPv6:::1]', 'local'],
  ['a@[IPv6:0:0:0:0:0:0:0:1]', 'local'],
  ['a@[203.0.113.9]', 'local'],
  ['a@[192.0.2.77]', 'default'],
  ['a@[nonsense]', 'default'],
  ['a@va.example', 'virtualAlias'],
  ['a@sub.va.example', 'virtualAlias'],
  ['a@xva.example', 'default'],
  ['a@vm.example', 'virtualMailbox'],
  ['a@sub.vm.example', 'default'],
  ['a@relay.example', 'relay'],
  ['a@deep.sub.relay.example', 'relay'],
  ['a@notrelay.example', 'default'],
  ['a@open.example', 'relay'],
  ['a@closed.open.example', 'default'],
  ['a@elsewhere.example', 'default'],
]
for (const [address, expected] of CASES) {
  test(`class of ${address}`, async () => {
    assert.equal(await classesOf(options).classOf(addressOf(address), fakeCall()), { kind: 'class', class: expected })
  })
}

test('answers at once where no table is in the way', () => {
  const classes = classesOf({ ...options, mydestination: ['local.example'] })
  assert.not.instance(classes.classOf(addressOf('a@elsewhere.example'), fakeCall()), Promise)
})

test('a lookup that fails is never another class', async () => {
  const classes = classesOf(options, { 'hash:/own': () => failed('away') })
  assert.equal(await classes.classOf(addressOf('a@relay.example'), fakeCall()), failed('away'))
  // a name that stands before the table needs no lookup
  assert.equal(await classes.classOf(addressOf('a@local.example'), fakeCall()), { kind: 'class', class: 'local' })
})

test('mydestination has a default made of the site', async () => {
  const classes = classesOf({})
  for (const domain of ['mail.local.example', 'localhost.local.example', 'localhost']) {
    assert.equal(await classes.classOf(addressOf(`a@${domain}`), fakeCall()), { kind: 'class', class: 'local' })
  }
  // an empty list is not an absent one
  const none = classesOf({ mydestination: [] })
  assert.equal(await none.classOf(addressOf('a@localhost'), fakeCall()), { kind: 'class', class: 'default' })
})

test('relayDomains without parent matching', async () => {
  const classes = classesOf({ relayDomains: ['relay.example', '.dot.example'], parentDomainMatchesSubdomains: false })
  const kinds = ['x@relay.example', 'x@sub.relay.example', 'x@sub.dot.example', 'x@dot.example']
  const found = await Promise.all(
    kinds.map(async (a) => (await classes.classOf(addressOf(a), fakeCall())) as { class: string }),
  )
  assert.equal(
    found.map((f) => f.class),
    ['relay', 'default', 'relay', 'default'],
  )
})

test('exactDomains: a dot in front means what it means in Postfix', async () => {
  const ask = async (domain: string, options: object) => {
    const classes = classesOf({
      mydestination: ['here.example', '.dot.example'],
      relayDomains: ['relay.example', '.dotrelay.example'],
      exactDomains: true,
      ...options,
    })
    return ((await classes.classOf(addressOf(`a@${domain}`), fakeCall())) as { class: string }).class
  }
  /** domain; its class where parents match, and where they do not */
  for (const [domain, parents, none] of [
    ['here.example', 'local', 'local'],
    ['x.here.example', 'default', 'default'],
    ['x.dot.example', 'default', 'default'],
    ['x.relay.example', 'relay', 'default'],
    ['x.dotrelay.example', 'default', 'relay'],
  ] as const) {
    assert.is(await ask(domain, {}), parents, domain)
    assert.is(await ask(domain, { parentDomainMatchesSubdomains: false }), none, domain)
  }
})

test('relayDomains in a table are asked for parents too', async () => {
  const classes = classesOf({ relayDomains: ['hash:/own'] })
  assert.equal(await classes.classOf(addressOf('x@a.b.table.example'), fakeCall()), { kind: 'class', class: 'relay' })
})

test('a domain in two classes is told at start', async () => {
  const t = build({
    mydestination: ['a.example', 'b.example', 'r.example'],
    virtualAliasDomains: ['a.example', 'c.example'],
    virtualMailboxDomains: ['b.example', 'c.example', 'sub.r.example'],
    relayDomains: ['r.example'],
  })
  await t.start()
  assert.equal(
    t.logged.filter((l) => l.event === 'route.overlap').map((l) => (l.fields as { text: string }).text),
    [
      'do not list domain a.example in BOTH mydestination and virtual_alias_domains',
      'do not list domain b.example in BOTH mydestination and virtual_mailbox_domains',
      'do not list domain c.example in BOTH virtual_alias_domains and virtual_mailbox_domains',
      'do not list domain sub.r.example in BOTH virtual_mailbox_domains and relay_domains',
    ],
  )
})

test('every transport in use is named, so that a misspelt one stops the start', () => {
  assert.equal(build({}).transportNames, ['maildir', 'smtp'])
  const all = build({
    localTransport: 'lmtp:inet:127.0.0.1:24',
    virtualTransport: 'virtual',
    relayTransport: 'relay',
    defaultTransport: 'uucp',
    virtualMailboxDomains: ['vm.example'],
    relayDomains: ['relay.example'],
  })
  assert.equal(all.transportNames, ['lmtp', 'uucp', 'virtual', 'relay'])
})

test('what is no domain and no table does not check', () => {
  for (const entry of ['a b', '/etc/domains', 'a,b', 'x@y.example/z']) {
    assert.throws(() => build({ mydestination: [entry] }), undefined, entry)
  }
  for (const relayhost of ['[host', 'host:', 'smtp:[host]', 'a,', ',a', '[a b]', 'a [b'])
    assert.throws(() => build({ relayhost }), undefined, relayhost)
  for (const relayhost of ['a b', '[a]:25, b:smtp,c'])
    assert.not.throws(() => build({ relayhost }), undefined, relayhost)
})

test('virtual alias domains without anybody who refuses at RCPT are told at start', async () => {
  const told = async (others: Parameters<typeof build>[1]) => {
    const t = build({ virtualAliasDomains: ['va.example'] }, others)
    await t.start()
    return t.logged.map((l) => l.event)
  }
  assert.equal(await told({}), ['route.unlisted'])
  assert.equal(await told({ recipients: { v: { exists: () => undefined, unknownText: () => '' } } }), [])
})

test.run()
