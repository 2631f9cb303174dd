import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, failed } from '@postern/core'
import { resolveView } from '@postern/testkit'
import { build } from './build.ts'
import type { Options } from './build.ts'

const base: Options = {
  mydestination: ['local.example', 'gone.example'],
  virtualAliasDomains: ['va.example'],
  virtualMailboxDomains: ['vm.example'],
  relayDomains: ['relay.example', 'inside.example'],
}
const TRANSPORT = {
  'inside.example': 'smtp:[127.0.0.8]',
  '.dots.example': 'smtp:[127.0.0.7]',
  'dots.example': 'relay:[127.0.0.8]',
  'special@dots.example': 'smtp:[127.0.0.7]',
  'empty.example': ':',
  'port.example': 'smtp:[127.0.0.7]:26',
  'err.example': 'error:mail to this domain is refused',
  'localonly.example': 'local:',
  'bare.example': 'inforeply',
  'hop.example': ':[127.0.0.6]',
  'va2@va.example': 'smtp:[127.0.0.5]',
}
type Row = readonly [address: string, transport: string, nexthop: string]
function table(
  name: string,
  options: Options,
  transport: Record<string, string> | undefined,
  rows: readonly Row[],
): void {
  const maps = transport ? { transportMaps: ['hash:/transport'] } : {}
  for (const [address, expected, nexthop] of rows) {
    test(`${name}: ${address}`, async () => {
      const t = build({ ...base, ...options, ...maps }, { tables: { 'hash:/transport': transport ?? {} } })
      const answer = await t.resolve(resolveView({ recipient: address }))
      assert.is(answer?.kind, 'route')
      if (answer?.kind === 'route') assert.equal([answer.transport, answer.nexthop], [expected, nexthop])
    })
  }
}

table('classes', {}, undefined, [
  ['a@local.example', 'maildir', 'mail.local.example'],
  ['a', 'maildir', 'mail.local.example'],
  ['a@VM.example', 'maildir', 'vm.example'],
  ['a@relay.example', 'smtp', 'relay.example'],
  ['a@far.example', 'smtp', 'far.example'],
  ['a@[192.0.2.1]', 'smtp', '[192.0.2.1]'],
])
table(
  'relayhost',
  { relayhost: '[127.0.0.9]:26', relayTransport: 'relay', virtualTransport: 'lmtp:unix:x' },
  undefined,
  [
    ['a@local.example', 'maildir', 'mail.local.example'],
    ['a@vm.example', 'lmtp', 'unix:x'],
    ['a@relay.example', 'relay', '[127.0.0.9]:26'],
    ['a@far.example', 'smtp', '[127.0.0.9]:26'],
  ],
)
table(
  'relayhost and a transport with a next hop',
  { relayhost: 'gw.example', defaultTransport: 'smtp:other.example' },
  undefined,
  [
    ['a@relay.example', 'smtp', 'gw.example'],
    ['a@far.example', 'smtp', 'other.example'],
  ],
)
table('transport table', { relayhost: '[127.0.0.9]' }, TRANSPORT, [
  ['x@inside.example', 'smtp', '[127.0.0.8]'],
  ['x@sub.dots.example', 'smtp', '[127.0.0.7]'],
  ['x@a.b.dots.example', 'smtp', '[127.0.0.7]'],
  ['x@dots.example', 'relay', '[127.0.0.8]'],
  ['special@dots.example', 'smtp', '[127.0.0.7]'],
  ['Special+ext@Dots.example', 'smtp', '[127.0.0.7]'],
  ['x@empty.example', 'smtp', '[127.0.0.9]'],
  ['x@port.example', 'smtp', '[127.0.0.7]:26'],
  ['x@err.example', 'error', 'mail to this domain is refused'],
  ['user@localonly.example', 'local', 'localonly.example'],
  ['x@bare.example', 'inforeply', 'bare.example'],
  ['x@hop.example', 'smtp', '[127.0.0.6]'],
  ['katie@gone.example', 'maildir', 'mail.local.example'],
  ['va2@va.example', 'smtp', '[127.0.0.5]'],
  ['x@other.example', 'smtp', '[127.0.0.9]'],
])
table('wildcard', {}, { '*': 'smtp:gw.example', '.local.example': ':', 'local.example': ':' }, [
  ['a@local.example', 'maildir', 'mail.local.example'],
  ['a@far.example', 'smtp', 'gw.example'],
  ['a@vm.example', 'smtp', 'gw.example'],
])

test('a pattern table is asked for the whole address only', async () => {
  const keys: string[] = []
  const t = build(
    { ...base, transportMaps: ['regexp:/t'] },
    { tables: { 'regexp:/t': { name: 'regexp:/t', pattern: true, get: (key) => (keys.push(key), absent()) } } },
  )
  await t.resolve(resolveView({ recipient: 'A+b@far.example' }))
  assert.equal(keys, ['a+b@far.example'])
})

test('a virtual alias that nothing expanded fails', async () => {
  const answer = await build(base).resolve(resolveView({ recipient: 'none@va.example' }))
  assert.is(answer?.kind, 'refuse')
  if (answer?.kind === 'refuse')
    assert.equal([answer.esc, answer.text], ['5.1.1', 'User unknown in virtual alias table'])
})

for (const [name, options] of [
  ['class', { mydestination: ['hash:/away'] }],
  ['transport', { transportMaps: ['hash:/away'] }],
  ['recipient', { localRecipientMaps: ['hash:/away'] }],
] as const) {
  test(`a failed ${name} lookup defers`, async () => {
    const t = build({ ...base, ...(options as unknown as Options) }, { tables: { 'hash:/away': () => failed('away') } })
    const answer = await t.resolve(resolveView({ recipient: 'a@local.example' }))
    assert.is(answer?.kind, 'defer')
    if (answer?.kind === 'defer') assert.equal([answer.esc, answer.text], ['4.3.0', 'address resolver failure'])
  })
}

test.run()
