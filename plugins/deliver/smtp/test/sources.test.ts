/** Which of our addresses connections come from. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Lookup } from '@postern/core'
import { absent, failed, found } from '@postern/core'
import { deliver, rig } from './core.ts'
import type { Mail } from './core.ts'
import { nextHop } from './next-hop.ts'

/** nobody's: it cannot be bound */
const NOT_OURS = '203.0.113.1'
const POOL = ['127.0.0.21', '127.0.0.22', '127.0.0.23']

interface Case {
  readonly options: object
  readonly table?: (key: string) => Lookup
  readonly mails?: readonly Partial<Mail>[]
  readonly n?: number
}
/** The addresses that messages came from, one after the other, and the last outcome. */
async function from({ options, table, mails = [{}], n = 1 }: Case) {
  const hop = await nextHop()
  const out = rig(options, undefined, undefined, table)
  const clients: string[] = []
  try {
    let outcome
    for (let i = 0; i < n; i++)
      for (const mail of mails) {
        const before = hop.sessions.map((s) => s.messages.length)
        const { outcomes } = await deliver(out, { nexthop: `[${hop.host}]:${hop.port}`, ...mail })
        outcome = outcomes['x@remote.example']!
        clients.push(...hop.sessions.filter((s, j) => s.messages.length > (before[j] ?? 0)).map((s) => s.client))
      }
    return { clients, outcome: outcome!, sessions: hop.sessions.length }
  } finally {
    await out.stop()
    await hop.close()
  }
}

test('one address', async () => {
  const { clients, sessions } = await from({ options: { smtpBindAddress: '127.0.0.21' }, n: 2 })
  assert.equal([clients, sessions], [['127.0.0.21', '127.0.0.21'], 1])
})
test('a pool goes round; each address has its own kept connection', async () => {
  const { clients, sessions } = await from({ options: { smtpBindAddresses: POOL }, n: 6 })
  assert.equal(clients, [...POOL, ...POOL])
  assert.is(sessions, 3)
})
test('one address for each next hop', async () => {
  const options = { smtpBindAddresses: POOL, sourceAddressChoice: 'nextHop' }
  const { clients } = await from({ options, n: 4 })
  assert.is(new Set(clients).size, 1)
  const others = await Promise.all(Array.from({ length: 8 }, () => from({ options })))
  assert.ok(new Set(others.flatMap((o) => o.clients)).size > 1, 'other next hops get others')
})
for (const enforce of [false, true])
  test(`an address that cannot be bound is passed over, enforce: ${enforce}`, async () => {
    const options = { smtpBindAddresses: [NOT_OURS, '127.0.0.22'], smtpBindAddressEnforce: enforce }
    const { clients } = await from({ options, n: 3 })
    assert.equal(clients, ['127.0.0.22', '127.0.0.22', '127.0.0.22'])
  })
test('none can be bound: the system chooses', async () => {
  const { clients, outcome } = await from({ options: { smtpBindAddress: NOT_OURS }, n: 2 })
  assert.is(outcome.kind, 'delivered')
  assert.is(clients.length, 2)
})
test('none can be bound, and no other is allowed', async () => {
  const options = { smtpBindAddresses: [NOT_OURS, '203.0.113.2'], smtpBindAddressEnforce: true }
  for (const n of [1, 2]) {
    const { outcome, sessions } = await from({ options, n })
    const { kind, esc, text, siteDown } = outcome
    assert.equal([kind, esc, text, siteDown], ['deferred', '4.4.0', 'server configuration error', undefined])
    assert.is(sessions, 0)
  }
})

const TABLE: Record<string, Lookup> = {
  'big.example': found('127.0.0.31, 127.0.0.32 ::1'),
  '127.0.0.9': found('127.0.0.33'),
  'typo.example': found('127.0.0.300'),
  'broken.example': failed('the database is gone'),
}
const BY_SENDER: readonly (readonly [sender: string, expected: readonly string[] | string])[] = [
  ['a@big.example', ['127.0.0.31', '127.0.0.32']],
  ['a@BIG.example', ['127.0.0.31', '127.0.0.32']],
  ['a@small.example', ['127.0.0.33', '127.0.0.33']],
  ['', ['127.0.0.33', '127.0.0.33']],
  ['a@typo.example', 'deferred 4.3.5 source address lookup failure'],
  ['a@broken.example', 'deferred 4.3.0 source address lookup failure'],
]
for (const [sender, expected] of BY_SENDER)
  test(`by table, from <${sender}>`, async () => {
    const { clients, outcome } = await from({
      options: { smtpBindAddresses: POOL, sourceAddresses: 'hash:sources' },
      table: (key) => TABLE[key] ?? absent(),
      mails: [{ envelope: { sender } }],
      n: 2,
    })
    if (typeof expected !== 'string') return assert.equal(clients, expected)
    assert.equal([clients, `${outcome.kind} ${outcome.esc} ${outcome.text}`], [[], expected])
    assert.is(outcome.siteDown, undefined)
  })
test('who stands in no table has the pool', async () => {
  const options = { smtpBindAddresses: POOL, sourceAddresses: 'hash:sources' }
  const { clients } = await from({ options, table: () => absent(), n: 3 })
  assert.equal(clients, POOL)
})

test.run()
