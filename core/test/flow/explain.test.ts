/** A made-up client: the same answers as a real one, and nothing is written, told or sent. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { discard, edits, expand, header, refuse, defer } from '@postern/core'
import type { Fact, Mta, Scenario } from '@postern/core'
import { rejection, short, world } from '../support/world.ts'

const FACTS: Fact[] = [
  'connected',
  'replied',
  'refused',
  'authenticated',
  'received',
  'discarded',
  'attempted',
  'settled',
  'waiting',
  'disconnect',
]
const scenario: Scenario = { sender: 'a@b.example', recipients: ['u@d.example'] }
const no = () => refuse('5.7.1', 'no')
const OK = ['220', '250', '250', '250', '354', '250']
const CASES: [
  name: string,
  apply: (m: Mta) => void,
  scenario: Partial<Scenario>,
  codes: string[],
  accepted: boolean,
][] = [
  ['a message', () => undefined, {}, OK, true],
  ['as a user', () => undefined, { user: 'joe' }, ['220', '250', '235', '250', '250', '354', '250'], true],
  ['the null sender', () => undefined, { sender: '' }, OK, true],
  ['refused at connect', (m) => m.connect.tap(no), {}, ['220', '250', '250', '554'], false],
  ['refused at RCPT', (m) => m.rcpt.tap(no), {}, ['220', '250', '250', '554'], false],
  [
    'one of two refused',
    (m) => m.rcpt.tap((v) => (v.recipient.local === 'x' ? no() : undefined)),
    { recipients: ['x@d.example', 'u@d.example'] },
    ['220', '250', '250', '554', '250', '354', '250'],
    true,
  ],
  ['refused at DATA', (m) => m.data.tap(no), {}, ['220', '250', '250', '250', '554'], false],
  [
    'refused in cleanup',
    (m) => m.cleanup.tap({ body: 'none' }, no),
    {},
    ['220', '250', '250', '250', '354', '554'],
    false,
  ],
  [
    'deferred in cleanup',
    (m) => m.cleanup.tap({ body: 'none' }, () => defer('4.7.1', 'x')),
    {},
    ['220', '250', '250', '250', '354', '450'],
    false,
  ],
  ['dropped at RCPT', (m) => m.rcpt.tap(() => discard()), {}, OK, true],
  ['dropped in cleanup', (m) => m.cleanup.tap({ body: 'none' }, () => discard()), {}, OK, true],
  [
    'a fault',
    (m) =>
      m.rcpt.tap(() => {
        throw new Error('boo')
      }),
    {},
    ['220', '250', '250', '451'],
    false,
  ],
  [
    'too many hops',
    () => undefined,
    { message: 'Received: x\n'.repeat(60) + '\nx' },
    ['220', '250', '250', '250', '354', '554'],
    false,
  ],
]
for (const [name, apply, more, codes, accepted] of CASES)
  test(`explain: ${name}`, async () => {
    const facts: string[] = []
    const w = await world((m) => {
      apply(m)
      for (const f of FACTS) m.on[f].tap((() => void facts.push(f)) as never)
    })
    const r = await w.node.explain({ ...scenario, ...more })
    assert.equal(
      r.steps.map((s) => short(s.reply)!.slice(0, 3)),
      codes,
    )
    assert.is(r.accepted, accepted)
    assert.equal(facts, [], 'no fact is told')
    assert.equal([w.store.messages.size, w.store.log, w.deliveries.length], [0, [], 0], 'nothing is written')
    assert.is(w.node.status().sessions, 0)
    await w.stop()
  })
test('each tap’s answer, each edit, each fault, and the routes', async () => {
  const dry: boolean[] = []
  const w = await world((m) => {
    m.rcpt.tap({ name: 'first' }, (_v, call) => (dry.push(call.dry), edits([header.insert('X-A', 'b')])))
    m.rcpt.tap({ name: 'second' }, () => {
      throw new Error('boo')
    })
    m.resolve.tap((v) => (v.recipient.local === 'u' ? expand(['x@e.example']) : undefined))
  })
  const r = await w.node.explain(scenario)
  assert.equal(dry, [true])
  const { events } = r.steps[r.steps.length - 1]!
  assert.equal(
    events.map((e) => (e.type === 'tap' ? `${e.hook} ${e.use}:${e.tap} ${e.fault ?? ''}`.trim() : e.type)),
    ['relay base:base', 'rcpt mine:first', 'edit', 'rcpt mine:second PN_FAULT_THROWN: boo'],
  )
  assert.equal(
    r.routes.map((x) => [x.recipient, x.result.kind === 'routes' && x.result.routes.map((t) => t.address)]),
    [['u@d.example', ['x@e.example']]],
  )
  await w.stop()
})
test('a node that was built and not started', async () => {
  const w = await world(undefined, { start: false })
  assert.is((await w.node.explain(scenario)).accepted, true)
})
test('a listener or address that is none', async () => {
  const w = await world(undefined, { listeners: ['submission'] })
  assert.match(
    (await rejection(() => w.node.explain({ ...scenario, listener: 'submision' }))).message,
    'there is no listener "submision"; did you mean "submission"?; there are: submission',
  )
  assert.match(
    (await rejection(() => w.node.explain({ ...scenario, recipients: ['a@b..c'] }))).message,
    '"a@b..c" is not an address',
  )
  assert.is((await w.node.explain(scenario)).listener, 'submission')
  await w.stop()
})

test.run()
