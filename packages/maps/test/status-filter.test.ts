/** Statuses that tables change; what Debian's Postfix 3.7 does is in test/conformance, route-71. */
import { absent, deferred, delivered, failed, failedWith, found } from '@postern/core'
import type { Job, JobRecipient, Lookup, Outcome, Outcomes, Table } from '@postern/core'
import { fakeCall } from '@postern/testkit'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { statusFilter } from '@postern/maps'

const table = (get: (key: string) => Lookup | Promise<Lookup>): Table => ({ name: 'test:', pattern: false, get })
const entries = (map: Record<string, string>) => (key: string) => (map[key] === undefined ? absent() : found(map[key]))

/** The outcome of each recipient, when the transport settles the first and gives the others theirs in one. */
async function run(given: Outcome, ...tables: Table[]): Promise<Outcome[]> {
  const recipients = ['a', 'b', 'c'].map((address, n) => ({ n, address, original: address }) as JobRecipient)
  const told = new Map<number, Outcome>()
  const job = {
    recipients,
    settle: (r: JobRecipient, o: Outcome) => void told.set(r.n, o),
    all(o: Outcome) {
      for (const r of recipients) if (!told.has(r.n)) told.set(r.n, o)
      return {} as Outcomes
    },
  } as unknown as Job
  const deliver = statusFilter(tables)((j) => {
    j.settle(recipients[0]!, given)
    return Promise.resolve(j.all(given))
  })
  await deliver(job, fakeCall({}))
  return recipients.map((r) => told.get(r.n)!)
}
const FULL = deferred('4.2.2', 'full', { relay: 'mx', diagnostic: 'smtp; 452 full' })
const SENT = delivered('2.0.0', 'taken')
const GONE = failedWith('5.1.1', 'nobody')
const cases: [what: string, given: Outcome, map: Record<string, string>, expected: Outcome][] = [
  ['nothing known', FULL, {}, FULL],
  [
    'a deferral becomes a failure',
    FULL,
    { '4.2.2 full': '5.2.2 no more' },
    { ...FULL, kind: 'failed', esc: '5.2.2', text: 'no more' },
  ],
  [
    'a failure becomes a deferral',
    GONE,
    { '5.1.1 nobody': '4.1.1 later' },
    { ...GONE, kind: 'deferred', esc: '4.1.1', text: 'later' },
  ],
  [
    'a text of its own for success',
    SENT,
    { '2.0.0 taken': '2.6.0 well taken' },
    { ...SENT, esc: '2.6.0', text: 'well taken' },
  ],
  ['no failure becomes a success', GONE, { '5.1.1 nobody': '2.0.0 fine' }, GONE],
  ['no success becomes a failure', SENT, { '2.0.0 taken': '5.0.0 no' }, SENT],
  ['what is no status', GONE, { '5.1.1 nobody': 'later' }, GONE],
]
for (const [what, given, map, expected] of cases)
  for (const late of [false, true])
    test(`${what}${late ? ', asked over the network' : ''}`, async () => {
      const ask = entries(map)
      const one = table((key) => (late ? Promise.resolve(ask(key)) : ask(key)))
      assert.equal(await run(given, table(absent), one), [expected, expected, expected])
    })
test('a table that is away returns no mail, and sends none again', async () => {
  const away = table(() => failed('away'))
  assert.equal(
    (await run(GONE, away)).map((o) => `${o.kind} ${o.esc}`),
    Array(3).fill('deferred 4.3.0'),
  )
  assert.equal(await run(SENT, away), [SENT, SENT, SENT])
  assert.equal(await run(FULL, away), [FULL, FULL, FULL])
})

test.run()
