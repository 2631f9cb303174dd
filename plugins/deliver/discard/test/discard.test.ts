import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Outcome, Transport } from '@postern/core'
import plugin, { reasonOf } from '@postern/deliver-discard'

/** next hop, code, text */
const cases: [string, string, string][] = [
  ['thrown away', '2.0.0', 'thrown away'],
  ['2.1.5 thrown away', '2.1.5', 'thrown away'],
  ['  5.7.1   spam ', '2.0.0', 'spam'],
  ['4.3.0', '2.0.0', 'discarded'],
  ['', '2.0.0', 'discarded'],
  ['disc.example', '2.0.0', 'disc.example'],
  ['2.1.5x', '2.0.0', '2.1.5x'],
  ['2.1234.5 x', '2.0.0', '2.1234.5 x'],
]
for (const [nexthop, esc, text] of cases) {
  test(`reason: ${JSON.stringify(nexthop)}`, () => assert.equal(reasonOf(nexthop), { esc, text }))
}

test('every recipient is delivered, by the name of the use', async () => {
  for (const [as, name] of [
    [undefined, 'discard'],
    ['hole', 'hole'],
  ]) {
    let registered: [string, Transport] | undefined
    plugin.definition.apply(
      { as, deliver: (n: string, t: Transport) => (registered = [n, t]) } as never,
      { relay: 'somebody' },
      {},
    )
    assert.is(registered![0], name)
    let outcome: Outcome | undefined
    await registered![1].deliver({ nexthop: 'why', all: (o: Outcome) => (outcome = o) } as never, {} as never)
    assert.equal(outcome, { kind: 'delivered', esc: '2.0.0', text: 'why', relay: 'somebody' })
  }
})

test.run()
