/** The order of taps, as `pipeline` shows it and as they are called. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import { definePlugin, sessionSlot, transactionSlot } from '@postern/core'
import type { Bind, TapOptions } from '@postern/core'
import { rejection, told, world } from '../support/world.ts'

const score = transactionSlot<number>('order.score')
const geo = sessionSlot<string>('order.geo')
type Tap = [name: string, options?: TapOptions, bind?: Bind]

const CASES: [name: string, taps: Tap[], order: string][] = [
  ['as configured', [['a'], ['b'], ['c']], 'a b c'],
  ['phases', [['l', { phase: 'late' }], ['n'], ['e', { phase: 'early' }]], 'e n l'],
  ['as configured within a phase', [['x', { phase: 'late' }], ['a'], ['y', { phase: 'late' }], ['b']], 'a b x y'],
  ['the configuration has the last word on the phase', [['a', { phase: 'late' }, { phase: 'early' }], ['b']], 'a b'],
  ['before', [['a'], ['b'], ['c', { before: 'a' }]], 'b c a'],
  ['before several', [['a'], ['b'], ['c', { before: ['a', 'b'] }]], 'c a b'],
  ['after', [['a', { after: 'c' }], ['b'], ['c']], 'b c a'],
  ['before and after in the configuration', [['a', {}, { after: 'c' }], ['b'], ['c']], 'b c a'],
  [
    'before is stronger than phases',
    [
      ['a', { phase: 'early' }],
      ['b', { phase: 'late', before: 'a' }],
    ],
    'b a',
  ],
  ['a name that is not there does not matter in a plugin', [['a', { after: 'nobody' }], ['b']], 'a b'],
  ['who reads comes after who writes', [['r', { reads: [score] }], ['b'], ['w', { writes: [score] }]], 'b w r'],
  [
    'two writers, one reader',
    [
      ['r', { reads: [score] }],
      ['v', { writes: [score] }],
      ['w', { writes: [score] }],
    ],
    'v w r',
  ],
  [
    'a chain of slots',
    [
      ['c', { reads: [score] }],
      ['b', { reads: [geo], writes: [score] }],
      ['a', { writes: [geo] }],
    ],
    'a b c',
  ],
  ['a tap that reads what it writes', [['a', { reads: [score], writes: [score] }], ['b']], 'a b'],
]
const tapper = (name: string, options: TapOptions, called: string[]) =>
  definePlugin({
    name,
    options: z.strictObject({}),
    apply: (mta) => mta.rcpt.tap(options, () => void called.push(name)),
  })

for (const [name, taps, order] of CASES)
  test(`order: ${name}`, async () => {
    const called: string[] = []
    const w = await world(undefined, { uses: taps.map(([n, o = {}, bind]) => tapper(n, o, called)({}, bind)) })
    const shown = w.node
      .pipeline()
      .find((h) => h.hook === 'rcpt')!
      .taps.map((t) => t.use)
    assert.is(shown.join(' '), order)
    await w.send()
    assert.is(called.join(' '), order)
    await w.stop()
  })

const CYCLES: [name: string, taps: Tap[], in_: string[], out: string[]][] = [
  [
    'two',
    [
      ['a', { before: 'b' }],
      ['b', { before: 'a' }],
    ],
    ['a', 'b'],
    [],
  ],
  [
    'three',
    [
      ['a', { after: 'c' }],
      ['b', { after: 'a' }],
      ['c', { after: 'b' }],
    ],
    ['a', 'b', 'c'],
    [],
  ],
  [
    'by slots',
    [
      ['a', { reads: [geo], writes: [score] }],
      ['b', { reads: [score], writes: [geo] }],
    ],
    ['a', 'b'],
    [],
  ],
  [
    'one waits behind it',
    [
      ['z', { after: 'a' }],
      ['a', { after: 'b' }],
      ['b', { after: 'a' }],
    ],
    ['a', 'b'],
    ['z'],
  ],
]
for (const [name, taps, inside, outside] of CYCLES)
  test(`a cycle stops the start and is named: ${name}`, async () => {
    const e = await rejection(() => world(undefined, { uses: taps.map(([n, o = {}]) => tapper(n, o, [])({})) }))
    const p = e.problems.find((x) => x.code === 'PN_ORDER_CYCLE')!
    assert.ok(p, String(e))
    const names = p.message.split(': ')[1]!.split(' -> ')
    for (const n of inside) assert.ok(names.includes(n), p.message)
    for (const n of outside) assert.not.ok(names.includes(n), p.message)
  })

test('before and after in the configuration must name a use', async () => {
  const e = await rejection(() => world(undefined, { uses: [tapper('greylist', {}, [])({}, { after: 'bas' })] }))
  assert.equal(told(e), ['plugins[1]: there is no use "bas" to come before or after (base)'])
})

test.run()
