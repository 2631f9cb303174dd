import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, definePlugin, failed, found, tableTypes } from '@postern/core'
import type { Lookup, TableDefinition, TableType } from '@postern/core'
import { fakeCall, within } from '@postern/testkit'
import { z } from 'zod'
import { desk } from './support.ts'

const asked: string[] = []
/** `probe:pattern` is one; `probe:later` answers in a promise, `probe:never` not before it is aborted */
const probe: TableType = {
  open: ({ spec }) => ({
    pattern: spec === 'pattern',
    get(key, call) {
      asked.push(`${String(spec)} ${key}`)
      if (spec === 'later') return Promise.resolve(key === 'none' ? absent() : found(`<${key}>`))
      if (spec === 'broken') return Promise.reject(new Error('broken'))
      if (spec === 'never') return new Promise<Lookup>((done) => call.onAbort(() => done(failed('aborted'))))
      return found(String(spec))
    },
  }),
}
const probes = definePlugin({
  name: 'probes',
  options: z.strictObject({}),
  provides: [tableTypes],
  apply: (mta) => mta.provideNamed(tableTypes, 'probe', probe),
})
const tables = await desk(probes())
const open = (definition: TableDefinition) => tables.table(definition, '/')
const test = suite('compose')
test.before.each(() => void (asked.length = 0))

/** definition, key, answer */
const answers: [TableDefinition, string, Lookup][] = [
  ['pipemap:{inline:{a=b}}', 'a', found('b')],
  ['pipemap:{inline:{a=B}, inline:{b=C}}', 'A', found('C')],
  ['pipemap:{inline:{a=b} inline:{b=c},inline:{c=d}}', 'a', found('d')],
  ['pipemap:{inline:{a=b}, inline:{x=y}}', 'a', absent()],
  ['pipemap:{inline:{x=y}, fail:never-asked}', 'a', absent()],
  ['pipemap:{inline:{a=b}, fail:asked}', 'a', failed('asked')],
  ['pipemap:{inline:{ {a = } }, probe:later}', 'a', absent()],
  ['pipemap:{probe:later, probe:later}', 'a', found('<<a>>')],
  ['pipemap:{probe:later, inline:{<a>=x}, probe:later}', 'a', found('<x>')],
  ['pipemap:{probe:later, probe:broken}', 'a', failed('broken')],
  [{ type: 'pipemap', tables: ['inline:{a=b}', { type: 'inline', map: { b: 'c' } }] }, 'a', found('c')],

  ['unionmap:{inline:{a=b}}', 'a', found('b')],
  ['unionmap:{inline:{a=b}, static:c}', 'a', found('b,c')],
  ['unionmap:{static:c inline:{a=b}}', 'A', found('c,b')],
  ['unionmap:{inline:{a=b}, inline:{c=d}}', 'x', absent()],
  ['unionmap:{static:{x y} static:z}', 'a', found('x y,z')],
  ['unionmap:{inline:{a=b}, {inline:{a=c}}, { static:x y }}', 'a', found('b,c,x y')],
  [
    'unionmap:{static:a, unionmap:{static:b, unionmap:{static:c}}, pipemap:{static:q, inline:{q=d}}}',
    'a',
    found('a,b,c,d'),
  ],
  ['unionmap:{static:b, fail:why}', 'a', failed('why')],
  ['unionmap:{fail:first, fail:second}', 'a', failed('first')],
  ['unionmap:{probe:later, static:b, probe:later}', 'a', found('<a>,b,<a>')],
  ['unionmap:{probe:later}', 'none', absent()],
  ['unionmap:{static:a, probe:broken}', 'a', failed('broken')],
  // as postmap joins empty values
  ['unionmap:{inline:{ {a = } }, static:b}', 'a', found('b')],
  ['unionmap:{static:b, inline:{ {a = } }, static:c}', 'a', found('b,,c')],
  ['unionmap:{inline:{ {a = } }}', 'a', absent()],
  [{ type: 'unionmap', tables: ['static:a', { type: 'static', value: 'b' }] }, 'x', found('a,b')],

  ['randmap:{one}', 'a', found('one')],
  ['randmap:{{a b}}', 'a', found('{a b}')],
  [{ type: 'randmap', values: [25] }, 'a', found('25')],
  ['proxy:inline:{a=b}', 'a', found('b')],
  ['proxy:unionmap:{static:a, static:b}', 'a', found('a,b')],
  [{ type: 'proxy', table: { type: 'inline', map: { a: 'b' } } }, 'a', found('b')],
  ['fail:why', 'a', failed('why')],
  [{ type: 'fail', reason: 'moving house' }, 'a', failed('moving house')],
]
for (const [definition, key, answer] of answers)
  test(`${JSON.stringify(definition)} ${key}`, async () => {
    const table = await open(definition)
    assert.is(table.problem, undefined)
    assert.equal(await table.get(key, fakeCall()), answer)
    assert.equal(await table.get('', fakeCall()), absent(), 'the empty key')
  })

/** definition, what is said of it: as Postfix says it where it has the form */
const bad: [TableDefinition, string][] = [
  ...[
    '{}',
    '{ , }',
    '{foo}',
    '{static:a, foo}',
    'static:a',
    '{static:a',
    '{static:a}}',
    '{static:a} ',
    '',
    '{static:b, static:{x}',
  ].flatMap((text): [string, string][] =>
    ['unionmap', 'pipemap'].map((type) => [
      `${type}:${text}`,
      `bad syntax: "${type}:${text}"; need "${type}:{type:name...}"`,
    ]),
  ),
  ...['{}', '{ , }', 'x', '{x', ''].map((text): [string, string] => [
    `randmap:${text}`,
    `bad syntax: "randmap:${text}"; need "randmap:{value...}"`,
  ]),
  ['fail:', 'expecting "type:name" form instead of "fail:"'],
  ['proxy:b', 'bad syntax: "proxy:b"; need "proxy:type:name"'],
  [{ type: 'unionmap' }, 'bad unionmap table; need { type: unionmap, tables: [table, ...] }'],
  [{ type: 'unionmap', tables: [] }, 'bad unionmap table; need { type: unionmap, tables: [table, ...] }'],
  [{ type: 'pipemap', tables: ['x'] }, 'bad pipemap table; need { type: pipemap, tables: [table, ...] }'],
  [{ type: 'pipemap', tables: [{ map: {} }] }, 'bad pipemap table; need { type: pipemap, tables: [table, ...] }'],
  [{ type: 'pipemap', tables: ['static:x'], table: 'y' }, 'unknown property "table" in a pipemap table'],
  [{ type: 'randmap', values: [''] }, 'bad randmap table; need { type: randmap, values: [value, ...] }'],
  [{ type: 'randmap', values: 'x' }, 'bad randmap table; need { type: randmap, values: [value, ...] }'],
  [{ type: 'proxy', table: 5 }, 'bad proxy table; need { type: proxy, table: type:name }'],
  [{ type: 'fail', reason: '' }, 'bad fail table; need { type: fail, reason: text }'],
]
for (const [definition, problem] of bad)
  test(`bad: ${JSON.stringify(definition)}`, async () => {
    const table = await open(definition)
    assert.is(table.problem, problem)
    assert.equal(await table.get('a', fakeCall()), failed(problem, 'misconfigured'))
  })

test('a part that cannot be opened fails the whole', async () => {
  const table = await open('unionmap:{static:b, texthash:/nonexistent/file}')
  const answer = await table.get('a', fakeCall())
  assert.is(answer.kind, 'failed')
})
test('a misspelt type inside is told, however deep', async () => {
  const other = await desk()
  const said = await other.table('unionmap:{static:b, pipemap:{inlin:{a=b}}}', '/').then(String, String)
  await other.close()
  assert.match(said, /no plugin provides tables of the type "inlin"/)
})
test('parts behind one that ends a pipe are not asked, and behind one that fails neither', async () => {
  const call = fakeCall()
  await (await open('pipemap:{probe:later, probe:x}')).get('none', call)
  await (await open('unionmap:{fail:f, probe:y}')).get('k', call)
  assert.equal(asked, ['later none'])
})
/** As a live Postfix 3.7 has it: the first part says whether parts of an address are asked for. */
const patterns: [string, boolean][] = [
  ['unionmap:{static:a, probe:pattern}', false],
  ['unionmap:{probe:pattern, static:a}', true],
  ['pipemap:{probe:pattern, static:a}', true],
  ['pipemap:{static:a, probe:pattern}', false],
  ['unionmap:{pipemap:{probe:pattern}, static:a}', true],
  ['proxy:probe:pattern', true],
  ['proxy:static:a', false],
  ['randmap:{a}', true],
  ['fail:f', true],
]
for (const [definition, pattern] of patterns)
  test(`pattern: ${definition}`, async () => {
    assert.is((await open(definition)).pattern, pattern)
  })
test('randmap says each of its values, and no other', async () => {
  const table = await open('randmap:{a, b c}')
  const seen = new Map<string, number>()
  for (let i = 0; i < 3000; i++) {
    const answer = (await table.get('k', fakeCall())) as { value: string }
    seen.set(answer.value, (seen.get(answer.value) ?? 0) + 1)
  }
  assert.equal([...seen.keys()].sort(), ['a', 'b', 'c'])
  // a share of a third each; 1 in 10^20 falls below a quarter
  assert.ok(
    [...seen.values()].every((n) => n > 750),
    JSON.stringify([...seen]),
  )
})
for (const definition of [
  'unionmap:{static:a, probe:never, probe:after}',
  'pipemap:{static:a, probe:never, probe:after}',
])
  test(`an aborted request ends, is failed, and asks no further: ${definition}`, async () => {
    const table = await open(definition)
    const call = fakeCall()
    const answer = Promise.resolve(table.get('k', call))
    call.abort(new Error('gone'))
    assert.is((await within('the answer', answer, 2000)).kind, 'failed')
    assert.not.ok(asked.some((a) => a.startsWith('after')))
  })
test('what answers at once is answered at once', async () => {
  const table = await open('unionmap:{static:a, pipemap:{static:b, static:c}}')
  assert.not.instance(table.get('k', fakeCall()), Promise)
})
test('a request that is late asks nobody', async () => {
  const call = fakeCall()
  call.abort(new Error('late'))
  for (const d of ['unionmap:{probe:a}', 'pipemap:{probe:a}'])
    assert.is((await (await open(d)).get('k', call)).kind, 'failed')
  assert.equal(asked, [])
})
test.after(() => tables.close())
test.run()
