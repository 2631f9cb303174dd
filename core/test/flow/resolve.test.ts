/** Where mail goes: expansion, circles, limits, and what is said when nobody knows. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defer, deferred, expand, refuse, routeTo, silent, edits, envelope } from '@postern/core'
import type { Answer, Config, NewAddress } from '@postern/core'
import { settle } from '../support/clock.ts'
import { world } from '../support/world.ts'

type Aliases = Record<string, readonly (string | NewAddress)[]>
const final = (address: string): NewAddress => ({ address, final: true })
const aliased = (aliases: Aliases, config: Config = {}, told: string[] = []) =>
  world(
    (m) => {
      m.resolve.tap((v) => {
        // as an alias plugin does: what names itself, or one above, is to be delivered
        if (v.ancestors.includes(v.recipient.text)) return undefined
        const to = aliases[v.recipient.local]
        return to && expand(to)
      })
      m.report.tap((v) => {
        told.push(...v.recipients.map((r) => `${r.address} ${r.status} ${r.text}`))
        return silent('test')
      })
    },
    { config },
  )
const LATER = 'kept: 4.3.2 deferred transport'
/** as a plugin says it in the name of an agent */
const agent = (kind: 'refuse' | 'defer', relay: string | undefined) =>
  kind === 'refuse' ? refuse('5.1.1', 'nobody', { relay }) : defer('4.1.1', 'nobody', { relay })
const at = (name: string) => `${name}@d.example`
const CASES: [name: string, aliases: Aliases, to: string[], delivered: string[], kept: string[], config?: Config][] = [
  ['none', {}, ['u'], ['u'], []],
  ['one level', { s: [at('a'), at('b')] }, ['s'], ['a', 'b'], []],
  ['three levels', { s: [at('t')], t: [at('x'), at('c')], x: [at('a')] }, ['s'], ['a', 'c'], []],
  ['the same mailbox by two ways', { s: [at('a'), at('t')], t: [at('a')] }, ['s', 'a'], ['a', 'a'], []],
  ['the same name twice in one list', { s: [at('a'), at('a'), 'a@D.EXAMPLE'] }, ['s'], ['a'], []],
  ['a list with its own name', { s: [at('s'), at('a')] }, ['s'], ['a', 's'], []],
  ['a circle of two', { s: [at('t')], t: [at('s'), at('a')] }, ['s'], [], ['t']],
  ['too wide', { s: ['a', 'b', 'c', 'd'].map(at) }, ['s'], [], ['s'], { virtualAliasExpansionLimit: 3 }],
  ['as wide as may be', { s: ['a', 'b', 'c'].map(at) }, ['s'], ['a', 'b', 'c'], [], { virtualAliasExpansionLimit: 3 }],
  ['too deep', { s: [at('t')], t: [at('x')], x: [at('y')] }, ['s'], [], ['x'], { virtualAliasRecursionLimit: 3 }],
  ['as deep as may be', { s: [at('t')], t: [at('x')] }, ['s'], ['x'], [], { virtualAliasRecursionLimit: 3 }],
  ['an invalid address', { s: [at('a'), 'b@c..example'] }, ['s'], [], ['s']],
  ['final and expanded again', { s: [final(at('t'))], t: [at('a')] }, ['s'], [], ['t']],
  [
    'too many over all levels',
    { s: [at('t'), at('x')], t: [at('a'), at('b')], x: [at('c'), at('e')] },
    ['s'],
    ['a', 'b'],
    ['x'],
    { virtualAliasExpansionLimit: 3 },
  ],
  [
    'as many over all levels as may be',
    { s: [at('t'), at('x')], t: [at('a'), at('b')], x: [at('c'), at('e')] },
    ['s'],
    ['a', 'b', 'c', 'e'],
    [],
    { virtualAliasExpansionLimit: 4 },
  ],
  ['final and not expanded', { s: [final(at('a'))] }, ['s'], ['a'], []],
]
// an operator's mistake keeps the mail: nothing is returned
for (const [name, aliases, to, delivered, kept, config] of CASES)
  test(`expansion: ${name}`, async () => {
    const told: string[] = []
    const w = await aliased(aliases, config, told)
    await w.send(to.map(at))
    await w.node.idle()
    assert.equal(w.deliveries.flatMap((d) => d.to).sort(), delivered.map(at))
    assert.equal(told, [])
    const pending = [...w.store.messages.values()].flatMap((m) => m.recipients.filter((r) => r.state === 'pending'))
    assert.equal(
      pending.map((r) => [r.address, r.esc, r.text]),
      kept.map((k) => [at(k), '4.6.0', 'Alias expansion error']),
    )
    await w.stop()
  })
/** what resolve says, deferTransports, what is kept at first, what becomes of it when somebody flushes (a kept text, or a report) */
const AWAY: [name: string, said: () => Answer<'resolve'>, deferred: string[], first: string, flushed: string][] = [
  ['a way that is put off', () => routeTo('box', 'x'), ['box'], LATER, 'delivered'],
  ['another way', () => routeTo('box', 'x'), ['smtp'], 'delivered', ''],
  ['an agent that is put off refuses', () => agent('refuse', 'local'), ['local'], LATER, 'told: 5.1.1 nobody'],
  ['an agent that is put off defers', () => agent('defer', 'local'), ['local'], LATER, 'kept: 4.1.1 nobody'],
  ['another agent refuses', () => agent('refuse', 'virtual'), ['local'], 'told: 5.1.1 nobody', ''],
  ['nobody in particular refuses', () => agent('refuse', undefined), ['local'], 'told: 5.1.1 nobody', ''],
  ['several are put off', () => agent('refuse', 'local'), ['box', 'local'], LATER, 'told: 5.1.1 nobody'],
]
for (const [name, said, deferTransports, first, flushed] of AWAY)
  test(`deferTransports: ${name}`, async () => {
    const told: string[] = []
    const w = await world(
      (m) => {
        m.resolve.tap(said)
        m.report.tap((v) => (told.push(...v.recipients.map((r) => `told: ${r.status} ${r.text}`)), silent('test')))
      },
      { config: { deferTransports } },
    )
    const seen = () => {
      const left = [...w.store.messages.values()].flatMap((m) => m.recipients.filter((r) => r.state === 'pending'))
      const all = [...told.splice(0), ...left.map((r) => `kept: ${r.esc} ${r.text}`)]
      return [...all, ...w.deliveries.splice(0).map(() => 'delivered')].join(', ')
    }
    await w.send()
    await settle()
    assert.is(seen(), first)
    w.node.flush()
    await settle()
    await w.node.idle()
    assert.is(seen(), flushed)
    await w.stop()
  })

test('an alias for nobody does not make mail vanish', async () => {
  const told: string[] = []
  const w = await aliased({ s: [] }, {}, told)
  await w.send([at('s')])
  await w.node.idle()
  const pending = [...w.store.messages.values()].some((m) => m.recipients.some((r) => r.state === 'pending'))
  assert.ok(told.length === 1 || pending, 'neither reported nor kept')
  await w.stop()
})
test('an endless alias ends', async () => {
  let n = 0
  const told: string[] = []
  const w = await world(
    (m) => {
      m.resolve.tap(() => expand([`u${++n}@d.example`]))
      m.report.tap((v) => (told.push(...v.recipients.map((r) => r.status)), silent('test')))
    },
    { config: { virtualAliasRecursionLimit: 50 } },
  )
  await w.send()
  await settle()
  await w.node.idle()
  assert.equal(told, [])
  const [last] = [...w.store.messages.values()][0]!.recipients.filter((r) => r.state === 'pending')
  assert.equal([last!.esc, last!.text], ['4.6.0', 'Alias expansion error'])
  assert.is(n, 50)
  await w.stop()
})

test('nobody knows a route: the mail is kept and says so', async () => {
  const w = await world(undefined, { route: false })
  assert.is((await w.send()).end!.code, 250)
  await settle()
  const r = [...w.store.messages.values()][0]!.recipients[0]!
  assert.equal([r.state, r.esc, r.text], ['pending', '4.3.5', 'no plugin knows a route for this recipient'])
  assert.equal(await w.node.resolve('u@d.example'), {
    kind: 'failed',
    address: 'u@d.example',
    permanent: false,
    esc: '4.3.5',
    text: 'no plugin knows a route for this recipient',
  })
  await w.stop()
})
const VERDICTS: [string, () => ReturnType<typeof refuse> | ReturnType<typeof defer>, string, string][] = [
  ['refuse', () => refuse('5.1.1', 'no such user'), 'failed', '5.1.1'],
  ['defer', () => defer('4.3.0', 'lookup failed'), 'pending', '4.3.0'],
]
for (const [name, verdict, state, esc] of VERDICTS)
  test(`resolve: ${name}`, async () => {
    const told: string[] = []
    const w = await world(
      (m) => {
        m.resolve.tap((v) => (v.recipient.local === 'x' ? verdict() : undefined))
        m.report.tap((v) => (told.push(...v.recipients.map((r) => r.status)), silent('test')))
      },
      { outcome: () => deferred('4.0.0', 'wait') },
    )
    await w.send(['x@d.example', 'u@d.example'])
    await settle()
    const [x, u] = [...w.store.messages.values()][0]!.recipients
    assert.equal([x!.state, x!.esc, u!.state], [state, esc, 'pending'])
    assert.equal(told, state === 'failed' ? ['5.1.1'] : [])
    await w.stop()
  })
test('resolve asked by a plugin and by the node: routes once each, nothing written', async () => {
  const w = await aliased({ s: [at('a'), at('t')], t: [at('a'), 'b@e.example'] })
  const got = await w.node.resolve(at('s'))
  assert.equal(JSON.parse(JSON.stringify(got)), {
    kind: 'routes',
    routes: [
      { address: 'a@d.example', transport: 'box', nexthop: 'd.example' },
      { address: 'b@e.example', transport: 'box', nexthop: 'e.example' },
    ],
    failures: [],
  })
  assert.equal(w.store.log, [])
  await w.stop()
})
test('resolve asked about a list with somebody who is not there: the others have their routes', async () => {
  const w = await world((m) => {
    m.resolve.tap(({ recipient: { local } }) => (local === 'list' ? expand([at('a'), at('nobody')]) : undefined))
    m.resolve.tap(({ recipient: { local } }) => (local === 'nobody' ? refuse('5.1.1', 'no such user') : undefined))
  })
  const failure = { address: 'nobody@d.example', permanent: true, esc: '5.1.1', text: 'no such user' }
  assert.equal(JSON.parse(JSON.stringify(await w.node.resolve(at('list')))), {
    kind: 'routes',
    routes: [{ address: 'a@d.example', transport: 'box', nexthop: 'd.example' }],
    failures: [failure],
  })
  assert.equal(JSON.parse(JSON.stringify(await w.node.resolve(at('nobody')))), { kind: 'failed', ...failure })
  await w.stop()
})
test('a route for all passes resolve by', async () => {
  let asked = false
  const w = await world((m) => {
    m.cleanup.tap({ body: 'none' }, () => edits([envelope.routeAll('box', 'filter:10025')]))
    m.resolve.tap(() => ((asked = true), routeTo('nowhere')))
  })
  await w.send(['a@d.example', 'b@e.example'])
  await w.node.idle()
  assert.is(asked, false)
  assert.equal(
    w.deliveries.map((d) => [d.nexthop, d.to]),
    [['filter:10025', ['a@d.example', 'b@e.example']]],
  )
  await w.stop()
})

test.run()
