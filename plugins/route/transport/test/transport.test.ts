import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { NULL_SENDER, absent, addressOf, failed, found } from '@postern/core'
import type { AddressClasses, Lookup, RouteTables, Table } from '@postern/core'
import transport from '@postern/route-transport'
import { fakeCall, tap } from '@postern/testkit'

type Options = NonNullable<Parameters<typeof transport>[0]>
const classes: AddressClasses = {
  classOf: ({ domain }) => ({ kind: 'class', class: domain === 'local.example' ? 'local' : 'default' }),
}
/** as tables of fixed keys are: without case */
const fixed = (map: Record<string, string>) => (key: string) =>
  map[key.toLowerCase()] === undefined ? absent() : found(map[key.toLowerCase()]!)
const pattern = (rules: readonly (readonly [RegExp, string])[], asked: string[] = []): Table => ({
  name: 'p',
  pattern: true,
  get(key): Lookup {
    asked.push(key)
    const rule = rules.find(([is]) => is.test(key))
    return rule ? found(rule[1]) : absent()
  },
})
type Tables = NonNullable<Parameters<typeof tap>[2]>['tables']
const role = (options: Options, tables: Tables): RouteTables =>
  tap(transport, options, {
    site: { myorigin: 'local.example', recipientDelimiter: '+' },
    needs: { classes },
    tables,
  }).provided('routeTables', 'route-transport') as RouteTables
const call = fakeCall()
const text = (said: unknown) => (typeof said === 'object' ? `failed: ${(said as { cause: string }).cause}` : said)

const TRANSPORT = {
  'inside.example': 'smtp:[127.0.0.8]',
  '.dots.example': 'smtp:dots',
  'dots.example': 'relay:[127.0.0.8]',
  'special@dots.example': 'smtp:special',
  'u+e@dots.example': 'smtp:ext',
  'u@dots.example': 'smtp:user',
  '"q 1"@q.example': 'smtp:quoted',
  'q 2@q.example': 'smtp:plain',
  '[192.0.2.1]': 'smtp:literal',
  'local.example': 'smtp:origin',
  'empty.example': ' ',
  'noop.example': ':',
}
const RECIPIENTS: readonly (readonly [string, string | undefined, string | undefined])[] = [
  ['x@inside.example', 'smtp:[127.0.0.8]', 'smtp:[127.0.0.8]'],
  ['x@Inside.Example', 'smtp:[127.0.0.8]', 'smtp:[127.0.0.8]'],
  ['x@sub.inside.example', undefined, 'smtp:[127.0.0.8]'],
  ['x@dots.example', 'relay:[127.0.0.8]', 'relay:[127.0.0.8]'],
  ['x@a.dots.example', 'smtp:dots', 'relay:[127.0.0.8]'],
  ['x@a.b.dots.example', 'smtp:dots', 'relay:[127.0.0.8]'],
  ['x@xdots.example', undefined, undefined],
  ['special@dots.example', 'smtp:special', 'smtp:special'],
  ['Special+ext@Dots.example', 'smtp:special', 'smtp:special'],
  ['u+e@dots.example', 'smtp:ext', 'smtp:ext'],
  ['u+f@dots.example', 'smtp:user', 'smtp:user'],
  ['"q 1"@q.example', 'smtp:quoted', 'smtp:quoted'],
  ['"q 2"@q.example', 'smtp:plain', 'smtp:plain'],
  ['x@[192.0.2.1]', 'smtp:literal', 'smtp:literal'],
  ['x', 'smtp:origin', 'smtp:origin'],
  ['x@noop.example', ':', ':'],
  ['x@empty.example', 'failed: the table has an empty value for x@empty.example', undefined],
  ['x@other.example', undefined, undefined],
]
for (const [address, alone, parents] of RECIPIENTS)
  test(`way to ${address}`, async () => {
    const options = { transportMaps: ['hash:/t'] }
    const tables = { 'hash:/t': fixed(TRANSPORT) }
    assert.is(text(await role(options, tables).override(addressOf(address), call)), alone)
    const above = role({ ...options, parentDomainMatchesSubdomains: true }, tables)
    if (!alone?.startsWith('failed')) assert.is(text(await above.override(addressOf(address), call)), parents)
  })

test('* is for all the others', async () => {
  const t = role({ transportMaps: ['hash:/t'] }, { 'hash:/t': fixed({ '*': 'smtp:gw', 'local.example': ':' }) })
  assert.is(await t.override(addressOf('x@far.example'), call), 'smtp:gw')
  assert.is(await t.override(addressOf('x@local.example'), call), ':')
})

test('patterns are asked for the whole address, quoted and not, and for *', async () => {
  const asked: string[] = []
  const t = role({ transportMaps: ['regexp:/t'] }, { 'regexp:/t': pattern([], asked) })
  assert.is(await t.override(addressOf('"A b"+c@far.example'), call), undefined)
  assert.equal(asked, ['"A b+c"@far.example', 'A b+c@far.example', '*'])
})

test('the better key counts more than the order of the tables, and one that is away more than what comes behind', async () => {
  const maps = { 'hash:/a': fixed({ 'far.example': 'smtp:a' }), 'hash:/b': fixed({ 'x@far.example': 'smtp:b' }) }
  const t = role({ transportMaps: ['hash:/a', 'hash:/b'] }, maps)
  assert.is(await t.override(addressOf('x@far.example'), call), 'smtp:b')
  assert.is(await t.override(addressOf('y@far.example'), call), 'smtp:a')
  const away = role({ transportMaps: ['hash:/a', 'hash:/b'] }, { ...maps, 'hash:/b': () => failed('away') })
  assert.is(text(await away.override(addressOf('y@far.example'), call)), 'failed: away')
})

const SENDERS = {
  'dunno@a.example': 'DUNNO',
  'dunno2@a.example': 'dunno',
  '@a.example': '[127.0.0.8]',
  '<>': '[127.0.0.7]',
  rich: '[127.0.0.8]:26',
  'ext+one@b.example': 'one',
  'ext@b.example': 'ext',
  'c.example': 'never',
  '"q 1"@b.example': 'quoted',
  'q 2@b.example': 'plain',
  'empty@b.example': '',
}
const BY_SENDER: readonly (readonly [string, string | undefined])[] = [
  ['dunno@a.example', undefined],
  ['Dunno2@a.example', undefined],
  ['x@A.example', '[127.0.0.8]'],
  ['', '[127.0.0.7]'],
  ['rich@local.example', '[127.0.0.8]:26'],
  ['rich+x@local.example', '[127.0.0.8]:26'],
  ['rich@b.example', undefined],
  ['ext+one@b.example', 'one'],
  ['ext+two@b.example', 'ext'],
  ['x@c.example', undefined],
  ['"q 1"@b.example', 'quoted'],
  ['"q 2"@b.example', 'plain'],
  ['empty@b.example', 'failed: the table has an empty value for empty@b.example'],
]
for (const [sender, expected] of BY_SENDER)
  test(`mail of <${sender}>`, async () => {
    const t = role(
      { senderDependentRelayhostMaps: ['hash:/s'], senderDependentDefaultTransportMaps: ['hash:/s'] },
      { 'hash:/s': fixed(SENDERS) },
    )
    assert.is(text(await t.relayhost(addressOf(sender), call)), expected)
    assert.is(text(await t.defaultTransport(addressOf(sender), call)), expected)
  })

test("the null sender's key can be another one", async () => {
  const t = role(
    {
      senderDependentRelayhostMaps: ['hash:/s'],
      emptyAddressRelayhostMapsLookupKey: 'nobody@null.example',
      senderDependentDefaultTransportMaps: ['hash:/s'],
      emptyAddressDefaultTransportMapsLookupKey: 'nothing',
    },
    { 'hash:/s': fixed({ '@null.example': 'gw', nothing: 'slow:' }) },
  )
  assert.is(await t.relayhost(NULL_SENDER, call), 'gw')
  assert.is(await t.defaultTransport(NULL_SENDER, call), 'slow:')
})

test('a table of senders that is away is no answer', async () => {
  const t = role(
    { senderDependentRelayhostMaps: ['hash:/s'], senderDependentDefaultTransportMaps: ['hash:/s'] },
    { 'hash:/s': async () => failed('away') },
  )
  for (const sender of ['a@b.example', '']) {
    assert.is(text(await t.relayhost(addressOf(sender), call)), 'failed: away')
    assert.is(text(await t.defaultTransport(addressOf(sender), call)), 'failed: away')
  }
})

test('without tables nothing is said, at once', () => {
  const t = role({}, {})
  assert.is(t.override(addressOf('x@y.example'), call), undefined)
  assert.is(t.relayhost(addressOf('x@y.example'), call), undefined)
  assert.is(t.defaultTransport(NULL_SENDER, call), undefined)
})

test.run()
