import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Outcome, Transport } from '@postern/core'
import plugin from '@postern/deliver-error'

const deliver = async (options: object, nexthop: string, as?: string): Promise<{ name: string; outcome: Outcome }> => {
  let registered: [string, Transport] | undefined
  const mta = { as, deliver: (n: string, t: Transport) => (registered = [n, t]) }
  plugin.definition.apply(mta as never, plugin.definition.options.parse(options) as never, {})
  let outcome: Outcome | undefined
  await registered![1].deliver({ nexthop, all: (o: Outcome) => (outcome = o) } as never, {} as never)
  return { name: registered![0], outcome: outcome! }
}

/** next hop; code when returned; code when deferred; text */
const cases: [string, string, string, string][] = [
  ['mail to this domain is refused', '5.0.0', '4.0.0', 'mail to this domain is refused'],
  ['5.1.6 moved away', '5.1.6', '4.0.0', 'moved away'],
  ['4.3.0 not today', '5.0.0', '4.3.0', 'not today'],
  [' 5.7.1\tno outside mail ', '5.7.1', '4.0.0', 'no outside mail'],
  ['3.1.1 text', '5.0.0', '4.0.0', '3.1.1 text'],
  ['5.1.1text', '5.0.0', '4.0.0', '5.1.1text'],
  ['5.1234.1 text', '5.0.0', '4.0.0', '5.1234.1 text'],
  ['gone.example', '5.0.0', '4.0.0', 'gone.example'],
]
for (const [nexthop, hard, soft, text] of cases) {
  test(`next hop ${JSON.stringify(nexthop)}`, async () => {
    assert.equal((await deliver({}, nexthop)).outcome, { kind: 'failed', esc: hard, text, relay: 'none' })
    assert.equal((await deliver({ soft: true }, nexthop)).outcome, { kind: 'deferred', esc: soft, text, relay: 'none' })
  })
}
test('without a text nothing is returned', async () => {
  for (const nexthop of ['', '  ', '5.1.1', '5.1.1 ']) {
    const { outcome } = await deliver({}, nexthop)
    assert.equal([outcome.kind, outcome.esc, outcome.text], ['deferred', '4.3.5', 'mail system configuration error'])
  }
})
test('a text of its own stands in place of the next hop', async () => {
  const options = { soft: true, text: '4.3.0 mail transport unavailable' }
  assert.equal((await deliver(options, 'gone.example')).outcome, {
    kind: 'deferred',
    esc: '4.3.0',
    text: 'mail transport unavailable',
    relay: 'none',
  })
})
test('names', async () => {
  assert.is((await deliver({}, 'x')).name, 'error')
  assert.is((await deliver({ soft: true }, 'x')).name, 'retry')
  assert.is((await deliver({ soft: true }, 'x', 'later')).name, 'later')
})

test.run()
