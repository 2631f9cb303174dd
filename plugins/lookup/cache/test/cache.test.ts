import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  TableDesk,
  absent,
  definePlugin,
  failed,
  found,
  loadConfig,
  logger,
  silentSink,
  tableTypes,
} from '@postern/core'
import type { Call, Lookup, OpenTable, Table, TableType } from '@postern/core'
import cache from '@postern/lookup-cache'
import { fakeCall, fakeClock, tableContract, within } from '@postern/testkit'
import { z } from 'zod'

let type: TableType
cache.definition.apply({ provideNamed: (_role: unknown, _name: string, t: TableType) => (type = t) } as never, {}, {})

interface Asked {
  readonly key: string
  readonly call: Call
  answer(a: Lookup): void
}
/** A table whose answers the test gives, at once by `say` or later by `asked[i].answer`. */
function backend() {
  const asked: Asked[] = []
  const b = {
    asked,
    say: undefined as ((key: string) => Lookup) | undefined,
    table: {
      name: 'test:backend',
      pattern: false,
      get(key: string, call: Call): Lookup | Promise<Lookup> {
        if (b.say) {
          asked.push({ key, call, answer: () => undefined })
          return b.say(key)
        }
        return new Promise((answer) => {
          call.onAbort((why) => answer(failed(`aborted: ${why.message}`)))
          asked.push({ key, call, answer })
        })
      },
    } satisfies Table,
  }
  return b
}
function setup(options: Record<string, unknown> = {}) {
  const clock = fakeClock()
  const back = backend()
  const events: string[] = []
  const log = logger(() => ({ enabled: () => true, write: (_level, event) => void events.push(event) }))
  const source = { spec: { table: 'test:backend', ...options }, where: 'test', folder: '/' }
  const table = type.open(source, { log, clock, parts: [back.table] }) as OpenTable
  const call = (o: Partial<Call> = {}) => fakeCall({ clock, deadline: clock.now() + 60_000, ...o })
  return {
    clock,
    back,
    events,
    table,
    call,
    stats: () => table.stats!(),
    /** for a backend that answers at once */
    ask: (key: string) => table.get(key, call()) as Lookup,
    later: async (key: string) => table.get(key, call()),
  }
}
const test = suite('cache')

/** options, what the table says, ms later, is it asked again? */
const lives: [Record<string, unknown>, Lookup, number, boolean][] = [
  [{}, found('v'), 59_999, false],
  [{}, found('v'), 60_000, true],
  [{ ttl: '5m' }, found('v'), 299_999, false],
  [{ ttl: 5 }, found('v'), 5_000, true],
  [{ ttl: 0 }, found('v'), 0, true],
  [{}, absent(), 9_999, false],
  [{}, absent(), 10_000, true],
  [{ negativeTtl: '1h' }, absent(), 3_599_999, false],
  [{ negativeTtl: 0 }, absent(), 0, true],
  [{}, failed('away'), 999, false],
  [{}, failed('away'), 1_000, true],
  [{ failedTtl: 0 }, failed('away'), 0, true],
  [{ failedTtl: 10 }, failed('away', 'misconfigured'), 9_999, false],
]
for (const [options, answer, ms, again] of lives)
  test(`${JSON.stringify(options)}: ${answer.kind} after ${ms} ms is asked again: ${again}`, () => {
    const { back, ask, clock } = setup(options)
    back.say = () => answer
    assert.equal(ask('k'), answer)
    clock.advance(ms)
    assert.equal(ask('k'), answer)
    assert.is(back.asked.length, again ? 2 : 1)
  })
test('what is kept is answered at once, in the case it was asked in', () => {
  const { back, ask } = setup()
  back.say = found
  assert.equal(ask('Key'), found('Key'))
  assert.equal(ask('key'), found('key'))
  assert.equal(ask('Key'), found('Key'))
  assert.is(back.asked.length, 2)
})
test('the empty key is asked of nobody', () => {
  const { back, ask } = setup()
  assert.equal(ask(''), absent())
  assert.is(back.asked.length, 0)
})
test('whether keys are patterns is the word of the table', () => {
  const { back, table } = setup()
  assert.is(table.pattern, false)
  ;(back.table as { pattern: boolean }).pattern = true
  assert.is(table.pattern, true)
})
test('one request at a time for each key', async () => {
  const { back, later, stats } = setup()
  const answers = Promise.all(['a', 'b', 'a', 'a', 'b'].map(later))
  assert.equal(
    back.asked.map((a) => a.key),
    ['a', 'b'],
  )
  back.asked[0]!.answer(found('1'))
  back.asked[1]!.answer(absent())
  assert.equal(await answers, [found('1'), absent(), found('1'), found('1'), absent()])
  assert.equal(stats(), { hits: 0, misses: 2, shared: 3, stale: 0, failed: 0, entries: 2 })
})
test('the abort of the first asker does not fail the others', async () => {
  const { back, table, call } = setup()
  const first = call()
  const one = Promise.resolve(table.get('k', first))
  const two = Promise.resolve(table.get('k', call()))
  first.abort(new Error('gone'))
  assert.equal(await within('the aborted one', one, 1000), failed('the request was given up: gone'))
  assert.not.ok(back.asked[0]!.call.aborted)
  back.asked[0]!.answer(found('v'))
  assert.equal(await within('the other one', two, 1000), found('v'))
})
test('when all have gone the table is told, and a new one asks anew', async () => {
  const { back, table, call } = setup()
  const calls = [call(), call()]
  const answers = calls.map((c) => Promise.resolve(table.get('k', c)))
  calls.forEach((c) => c.abort(new Error('gone')))
  const late = Promise.resolve(table.get('k', call()))
  assert.equal(
    (await Promise.all(answers)).map((a) => a.kind),
    ['failed', 'failed'],
  )
  assert.ok(back.asked[0]!.call.signal.aborted)
  assert.is(back.asked.length, 2)
  back.asked[1]!.answer(found('v'))
  assert.equal(await within('the new one', late, 1000), found('v'))
})
test('a failure that came of the first asker having gone is not kept', async () => {
  const { back, table, call } = setup()
  const c = call()
  const answer = Promise.resolve(table.get('k', c))
  c.abort(new Error('gone'))
  await answer
  void table.get('k', call())
  assert.is(back.asked.length, 2)
})
test('one with more time asks again when the time of the first is over', async () => {
  const { back, table, call, clock } = setup()
  const short = Promise.resolve(table.get('k', call({ deadline: clock.now() + 1000 })))
  const long = Promise.resolve(table.get('k', call()))
  clock.advance(1000)
  back.asked[0]!.answer(failed('deadline'))
  assert.equal(await short, failed('deadline'))
  await within(
    'a second request',
    Promise.resolve().then(() => undefined),
    1000,
  )
  assert.is(back.asked.length, 2)
  back.asked[1]!.answer(found('v'))
  assert.equal(await long, found('v'))
})
test('an expired answer serves while the table fails, when allowed, and for as long', () => {
  const { back, ask, clock, events, stats } = setup({ ttl: 10, staleIfFailed: 100, failedTtl: 1 })
  back.say = found
  ask('k')
  clock.advance(10_000)
  back.say = () => failed('away')
  assert.equal([ask('k'), ask('k')], [found('k'), found('k')])
  assert.is(back.asked.length, 2, 'the failure is remembered for a moment')
  assert.equal(ask('other'), failed('away'))
  clock.advance(99_999)
  assert.equal(ask('k'), found('k'))
  assert.equal(events, ['table.stale'])
  clock.advance(1)
  assert.equal(ask('k'), failed('away'))
  assert.equal(stats(), { hits: 0, misses: 4, shared: 0, stale: 3, failed: 2, entries: 1 })
  clock.advance(1000)
  back.say = () => found('new')
  assert.equal(ask('k'), found('new'))
  assert.equal(events, ['table.stale', 'table.recovered'])
})
test('an absent key may be stale too, and nothing is unless allowed', () => {
  for (const [staleIfFailed, answer] of [
    [100, absent()],
    [0, failed('away')],
  ] as const) {
    const { back, ask, clock } = setup({ staleIfFailed })
    back.say = absent
    ask('k')
    clock.advance(10_000)
    back.say = () => failed('away')
    assert.equal(ask('k'), answer)
  }
})
test('a failure does not serve in place of an answer that is still good', async () => {
  const { back, ask, table, call, clock } = setup({ ttl: 10, negativeTtl: 0 })
  back.say = () => failed('away')
  ask('k')
  clock.advance(1000)
  back.say = () => absent()
  assert.equal(await table.get('k', call()), absent())
  back.say = found
  assert.equal(ask('k'), found('k'))
})
test('at most so many keys are kept; the one unused for longest goes', () => {
  const { back, ask, stats } = setup({ entries: 3 })
  back.say = found
  for (const key of ['a', 'b', 'c', 'a', 'd']) ask(key)
  assert.equal(back.asked.map((a) => a.key).join(''), 'abcd')
  assert.is(stats().entries, 3)
  ask('a')
  assert.is(back.asked.length, 4, 'a was used')
  ask('b')
  assert.is(back.asked.length, 5, 'b had gone')
})
test('failures push out no answers', () => {
  const { back, ask } = setup({ entries: 2 })
  back.say = (key) => (key === 'good' ? found('v') : failed('away'))
  ask('good')
  for (let i = 0; i < 100; i++) ask(`bad${i}`)
  assert.equal(ask('good'), found('v'))
  assert.is(back.asked.filter((a) => a.key === 'good').length, 1)
})
test('a dry call keeps nothing and shares nothing, but sees what is kept', () => {
  const { back, table, call, ask, stats } = setup()
  back.say = found
  assert.equal(table.get('k', call({ dry: true })), found('k'))
  assert.equal(stats(), { hits: 0, misses: 0, shared: 0, stale: 0, failed: 0, entries: 0 })
  ask('k')
  back.say = () => found('changed')
  assert.equal(table.get('k', call({ dry: true })), found('k'))
  assert.is(stats().hits, 0)
})
test('a request that is late asks nobody; closing ends what waits', async () => {
  const { back, table, call } = setup()
  const late = call()
  late.abort(new Error('late'))
  assert.is((table.get('k', late) as Lookup).kind, 'failed')
  assert.is(back.asked.length, 0)
  const waiting = Promise.resolve(table.get('k', call()))
  await table.close!()
  assert.is((await within('the one that waited', waiting, 1000)).kind, 'failed')
})

/** definition, what is said of it */
const bad: [string | Record<string, unknown>, string][] = [
  ['', 'bad syntax: "cache:"; need "cache:type:name"'],
  ['x', 'bad syntax: "cache:x"; need "cache:type:name"'],
  [{}, 'cache table: table: is missing'],
  [{ table: 'static:x', ttl: -1 }, 'cache table: ttl: '],
  [{ table: 'static:x', entries: 0 }, 'cache table: entries: '],
  [{ table: 'static:x', failedTtl: 11 }, 'cache table: failedTtl: at most 10s'],
  [{ table: 'static:x', tll: 5 }, 'unknown option tll of a cache table'],
]
for (const [spec, problem] of bad)
  test(`bad: ${JSON.stringify(spec)}`, () => {
    assert.throws(
      () => type.parts!({ spec, where: 'test', folder: '/' }),
      (error: Error) => error.message.startsWith(problem),
    )
  })
test.run()

/** Answers `v` to `k`, late; breaks and hangs on command. */
function moody() {
  let mood: 'well' | 'broken' | 'hung' = 'well'
  const opened: TableType = {
    open: () => ({
      get: (key, call) =>
        new Promise((done) => {
          if (mood === 'hung') return void call.onAbort(() => done(failed('aborted')))
          const answer = mood === 'broken' ? failed('broken') : key === 'k' ? found('v') : absent()
          setImmediate(() => done(answer))
        }),
    }),
  }
  const plugin = definePlugin({
    name: 'moody',
    options: z.strictObject({}),
    provides: [tableTypes],
    apply: (mta) => mta.provideNamed(tableTypes, 'moody', opened),
  })
  return { plugin, set: (m: typeof mood) => void (mood = m) }
}
tableContract('cache', async () => {
  const back = moody()
  const config = { plugins: [cache(), back.plugin()] }
  const desk = await TableDesk.open(await loadConfig({ config: config as never }), { log: silentSink })
  const table = await desk.table('cache:moody:x', '/')
  return {
    table: { get: (key, call) => table.get(key, call) },
    found: { k: 'v' },
    absent: ['other', 'k@example.com'],
    breakIt: () => back.set('broken'),
    hang: () => back.set('hung'),
    close: () => desk.close(),
  }
})
