import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { destinationPolicy, logger } from '@postern/core'
import type { DestinationLimits, DestinationPolicy } from '@postern/core'
import limits from '@postern/policy-limits'
import { fakeCall, startMta, tap } from '@postern/testkit'

type Options = NonNullable<Parameters<typeof limits>[0]>
type Context = NonNullable<Parameters<typeof tap>[2]>

async function ask(
  options: Options,
  transport: string,
  nexthop: string,
  context: Context = {},
): Promise<DestinationLimits | undefined> {
  const plugin = tap(limits, options, context)
  return (plugin.provided(destinationPolicy.id) as DestinationPolicy).limitsFor(transport, nexthop, fakeCall())
}

const WRITTEN: readonly (readonly [NonNullable<Options['destinations']>[string], DestinationLimits])[] = [
  [
    'concurrency=2 rate=10/1m recipients=10 delay=1s retry=5m,15m,1h,4h',
    {
      concurrency: 2,
      rate: { count: 10, per: 60_000 },
      recipients: 10,
      rateDelay: 1000,
      retry: [300_000, 900_000, 3_600_000, 14_400_000],
    },
  ],
  ['rate=10 per minute, concurrency = 3', { rate: { count: 10, per: 60_000 }, concurrency: 3 }],
  ['rate=500/h', { rate: { count: 500, per: 3_600_000 } }],
  ['rate=1/30s initialConcurrency=1', { rate: { count: 1, per: 30_000 }, initialConcurrency: 1 }],
  ['rate=2/500ms', { rate: { count: 2, per: 500 } }],
  ['delay=2', { rateDelay: 2000 }],
  [
    { rate: '10 a minute', concurrency: 2 },
    { rate: { count: 10, per: 60_000 }, concurrency: 2 },
  ],
  [{ rate: '100 per 2 hours' }, { rate: { count: 100, per: 7_200_000 } }],
  [{ rate: '7 per day' }, { rate: { count: 7, per: 86_400_000 } }],
  [
    { retry: ['5m', '1h'], delay: '1m' },
    { retry: [300_000, 3_600_000], rateDelay: 60_000 },
  ],
  [{ retry: 600 }, { retry: [600_000] }],
  [{ retry: '5m, 1h30m' }, { retry: [300_000, 5_400_000] }],
]
for (const [written, meant] of WRITTEN)
  test(`written ${JSON.stringify(written)}`, async () => {
    assert.equal(await ask({ destinations: { 'site.example': written } }, 'smtp', 'site.example'), meant)
  })

/** each key has a limit of its own: its place in this list */
const KEYS = ['smtp:[mx.a.example]:587', 'smtp:b.example', 'c.example', '.d.example', '.e.d.example', 'relay:', '192.0.2.1', '[2001:db8::1]:25', 'h.example:2525', 'unix:/run/lmtp', '*'] // prettier-ignore
const LOOKED_UP: readonly (readonly [transport: string, nexthop: string, key: string])[] = [
  ['smtp', '[mx.a.example]:587', 'smtp:[mx.a.example]:587'],
  ['relay', '[mx.a.example]:587', 'relay:'],
  ['smtp', 'b.example', 'smtp:b.example'],
  ['SMTP', 'B.Example', 'smtp:b.example'],
  ['smtp', '[b.example]:2525', 'smtp:b.example'],
  ['other', 'b.example', '*'],
  ['other', 'c.example', 'c.example'],
  ['other', '[c.example]', 'c.example'],
  ['other', 'inet:c.example:25', 'c.example'],
  ['other', 'c.example.', 'c.example'],
  ['other', '[c.example]:25, [elsewhere.example]', 'c.example'],
  ['other', 'x.c.example', '*'],
  ['other', 'd.example', '*'],
  ['other', 'x.d.example', '.d.example'],
  ['other', 'x.y.d.example', '.d.example'],
  ['relay', 'x.d.example', '.d.example'],
  ['other', 'x.e.d.example', '.e.d.example'],
  ['other', '[192.0.2.1]:25', '192.0.2.1'],
  ['other', '192.0.2.1', '192.0.2.1'],
  ['other', '[2001:db8::1]:25', '[2001:db8::1]:25'],
  ['other', 'h.example:2525', 'h.example:2525'],
  ['other', 'h.example', '*'],
  ['lmtp', 'unix:/run/lmtp', 'unix:/run/lmtp'],
  ['other', '', '*'],
]
for (const [transport, nexthop, key] of LOOKED_UP) {
  const answer = { concurrency: KEYS.indexOf(key) + 1 }
  test(`${transport} to "${nexthop}" is ${key}`, async () => {
    const destinations = Object.fromEntries(KEYS.map((k, i) => [k, { concurrency: i + 1 }]))
    assert.equal(await ask({ destinations }, transport, nexthop), answer)
    const tables = { 'hash:limits': Object.fromEntries(KEYS.map((k, i) => [k, `concurrency=${i + 1}`])) }
    assert.equal(await ask({ destinationLimits: 'hash:limits' }, transport, nexthop, { tables }), answer)
  })
}
test('nobody is named: the limits of the transport', async () => {
  assert.is(await ask({}, 'smtp', 'a.example'), undefined)
  assert.is(await ask({ destinations: { 'b.example': 'concurrency=1' } }, 'smtp', 'a.example'), undefined)
})
test('the more special key counts, in the configuration or in the table', async () => {
  const options: Options = { destinations: { 'a.example': 'concurrency=1', '*': 'concurrency=2' }, destinationLimits: 'hash:t' } // prettier-ignore
  const tables = { 'hash:t': { 'smtp:a.example': 'concurrency=3', 'b.example': 'concurrency=4', 'a.example': 'concurrency=5' } } // prettier-ignore
  assert.equal(await ask(options, 'smtp', 'a.example', { tables }), { concurrency: 3 })
  assert.equal(await ask(options, 'x', 'a.example', { tables }), { concurrency: 1 })
  assert.equal(await ask(options, 'x', 'b.example', { tables }), { concurrency: 4 })
  assert.equal(await ask(options, 'x', 'c.example', { tables }), { concurrency: 2 })
})

const BROKEN: readonly (readonly [string, NonNullable<Context['tables']>[string]])[] = [
  ['a table that fails', () => ({ kind: 'failed', why: 'retry', cause: 'the database is gone' })],
  [
    'a table that throws',
    () => {
      throw new Error('the database is gone')
    },
  ],
  ['a value that is none', { 'smtp:a.example': 'concurency=2' }],
]
for (const [what, table] of BROKEN)
  test(`${what}: what the configuration says, else the transport's limits, and a line in the log`, async () => {
    const options: Options = { destinations: { 'b.example': 'concurrency=1' }, destinationLimits: 'hash:t' }
    const plugin = tap(limits, options, { tables: { 'hash:t': table } })
    const policy = plugin.provided(destinationPolicy.id) as DestinationPolicy
    const said: string[] = []
    const log = logger(() => ({ enabled: () => true, write: (level, event) => void said.push(`${level} ${event}`) }))
    const call = fakeCall({ log })
    assert.is(await policy.limitsFor('smtp', 'a.example', call), undefined)
    assert.equal(said, ['warn limits.lookupFailed'])
    if (typeof table === 'function')
      assert.equal(await policy.limitsFor('smtp', 'b.example', fakeCall()), { concurrency: 1 })
  })

const REFUSED: readonly (readonly [Options | object, RegExp])[] = [
  [
    { destinations: { 'a.example': 'concurency=2' } },
    /destinations\.a\.example\.concurency.*did you mean "concurrency"/,
  ],
  [
    { destinations: { 'a.example': { concurency: 2 } } },
    /destinations\.a\.example\.concurency.*did you mean "concurrency"/,
  ],
  [{ destinations: { 'a.example': 'concurrency=0' } }, /destinations\.a\.example\.concurrency/],
  [{ destinations: { 'a.example': 'concurrency=many' } }, /destinations\.a\.example\.concurrency/],
  [{ destinations: { 'a.example': { rate: '10/fortnight' } } }, /destinations\.a\.example\.rate.*expected a rate like/],
  [{ destinations: { 'a.example': 'rate=0/1m' } }, /destinations\.a\.example\.rate.*above 0/],
  [{ destinations: { 'a.example': 'retry=5m,soon' } }, /destinations\.a\.example\.retry.*expected times like/],
  [{ destinations: { 'a.example': 'delay=1s delay=2s' } }, /destinations\.a\.example\.delay.*twice/],
  [{ destinations: { 'a.example': 'fast' } }, /destinations\.a\.example\.fast.*expected name=value/],
  [
    { destinations: { 'a.example': 'rate=1/s', 'A.example': 'rate=2/s' } },
    /destinations\.A\.example.*the same destination/,
  ],
  [{ destinations: { 'a b': 'rate=1/s' } }, /destinations\.a b.*expected example\.com/],
  [
    { destinations: { 'smpt:a.example': 'rate=1/s' } },
    /no plugin in use provides the transport "smpt".*did you mean "smtp"/,
  ],
  [{ destination: {} }, /unknown option.*did you mean "destinations"/],
]
for (const [options, text] of REFUSED)
  test(`no start with ${JSON.stringify(options)}`, async () => {
    const plugins = ['queue-journal', 'lookup-dns', 'deliver-smtp', limits(options as Options)]
    try {
      const mta = await startMta({ plugins })
      await mta.stop()
    } catch (error) {
      return assert.match(String(error), text)
    }
    assert.unreachable('it started')
  })

test.run()
