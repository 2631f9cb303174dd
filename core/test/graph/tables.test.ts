/** Tables that are made of others, and tables without a node. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { z } from 'zod'
import {
  TableDesk,
  absent,
  createNode,
  definePlugin,
  failed,
  found,
  loadConfig,
  silentSink,
  tableRef,
  tableTypes,
} from '@postern/core'
import type { Call, Table, TableType } from '@postern/core'
import { MemoryStore, memoryQueue } from '../support/memory-store.ts'
import { rejection } from '../support/world.ts'

const opened: string[] = []
/** `one:VALUE` answers VALUE to the key `k` */
const one: TableType = {
  options: z.strictObject({ value: z.string() }),
  open: ({ spec }) => {
    opened.push(`one:${String(spec)}`)
    return {
      pattern: spec === 'pattern',
      get: (key) => (spec === 'broken' ? failed('broken') : key === 'k' ? found(String(spec)) : absent()),
      stats: () => ({ asked: 1 }),
      entries: () => [['k', String(spec)]] as const,
      close: () => void opened.push(`closed one:${String(spec)}`),
    }
  },
}
/** `both:{A,B}` joins what A and B answer */
const both: TableType = {
  parts({ spec }) {
    if (typeof spec !== 'string' || !spec.startsWith('{')) throw new Error('expected {A,B}')
    return spec.slice(1, -1).split(',')
  },
  open: (_source, { parts }) => {
    opened.push('both')
    return {
      get: async (key, call) => {
        const answers = await Promise.all(parts.map(async (part) => part.get(key, call)))
        const values = answers.flatMap((a) => (a.kind === 'found' ? [a.value] : []))
        return answers.find((a) => a.kind === 'failed') ?? (values.length > 0 ? found(values.join('+')) : absent())
      },
    }
  },
}
const types = definePlugin({
  name: 'types',
  options: z.strictObject({}),
  provides: [tableTypes],
  apply(mta) {
    mta.provideNamed(tableTypes, 'one', one)
    mta.provideNamed(tableTypes, 'both', both)
  },
})
const uses = (...names: (string | { type: string })[]) => {
  const tables: Table[] = []
  const plugin = definePlugin({
    name: 'user',
    options: z.strictObject({ tables: z.array(tableRef()) }),
    apply(mta, options) {
      for (const ref of options.tables) tables.push(mta.table(ref))
    },
  })
  return { tables, use: plugin({ tables: names }) }
}
async function node(use: unknown) {
  opened.length = 0
  const config = { plugins: [memoryQueue(new MemoryStore()), types(), use] }
  const made = await createNode(await loadConfig({ config: config as never }), { log: silentSink })
  await made.startDry()
  return made
}
const call = {} as Call

test('parts are opened once, before what is made of them, and closed', async () => {
  const { tables, use } = uses('both:{one:a,one:b}', 'one:b')
  const made = await node(use)
  assert.equal(opened, ['one:a', 'one:b', 'both'])
  assert.equal(await tables[0]!.get('k', call), found('a+b'))
  assert.equal(await tables[0]!.get('x', call), absent())
  assert.equal(
    made.status().tables.map((t) => [t.name, t.stats]),
    [
      ['both:{one:a,one:b}', undefined],
      ['one:b', { asked: 1 }],
      ['one:a', { asked: 1 }],
    ],
  )
  await made.stopDry()
  assert.equal(opened.slice(3).sort(), ['closed one:a', 'closed one:b'])
})
test('a table says whether its keys are patterns', async () => {
  const { tables, use } = uses('one:pattern', 'one:a')
  assert.equal(
    tables.map((t) => t.pattern),
    [false, false].slice(2),
  )
  const made = await node(use)
  assert.equal(
    tables.map((t) => t.pattern),
    [true, false],
  )
  await made.stopDry()
})
test('a part of a type that nobody provides stops the start', async () => {
  const e = await rejection(() => node(uses('both:{one:a,onne:b}').use))
  assert.is(e.problems[0]!.code, 'PN_TABLE_UNKNOWN')
  assert.match(e.problems[0]!.message, /onne:b: no plugin in use provides tables of the type "onne"/)
  assert.is(e.problems[0]!.suggestion, 'one')
})
const OBJECTS: [table: object, told: string[]][] = [
  [{ type: 'one', valu: 'x' }, ['tables[1].valu: unknown option (value)', 'tables[1].value: ']],
  [{ type: 'onne', value: 'x' }, ['tables[1]: onne:(in (embedded): plugins[2]): no plugin in use provides tables']],
]
for (const [table, told] of OBJECTS)
  test(`${JSON.stringify(table)} stops the start, and is told with its place`, async () => {
    const e = await rejection(() => node(uses('one:a', table as { type: string }).use))
    const lines = e.problems.map((p) => `${p.path}: ${p.message}${p.suggestion ? ` (${p.suggestion})` : ''}`)
    assert.is(lines.length, told.length)
    for (const [i, line] of lines.entries()) assert.ok(line.startsWith(`plugins[2].user.${told[i]}`), line)
  })
const BAD: [string, RegExp][] = [
  ['both:a', /expected \{A,B\}/],
  ['both:{a,one:b}', /expected a table as type:name, got "a"/],
]
for (const [name, problem] of BAD)
  test(`${name} fails each request and says so`, async () => {
    const { tables, use } = uses(name)
    const made = await node(use)
    const answer = await tables[0]!.get('k', call)
    assert.is(answer.kind, 'failed')
    assert.match(made.status().tables[0]!.problem!, problem)
    await made.stopDry()
  })

async function desk() {
  opened.length = 0
  const config = { plugins: [memoryQueue(new MemoryStore()), types()] }
  return TableDesk.open(await loadConfig({ config: config as never }), { log: silentSink })
}
test('a desk opens one table and what it is made of', async () => {
  const d = await desk()
  assert.equal(d.types(), ['both', 'one'])
  const table = await d.table('both:{one:a,both:{one:b}}', '/')
  assert.equal(await table.get('k', call), found('a+b'))
  assert.equal([...((await d.table('one:a', '/')).entries() as Iterable<unknown>)], [['k', 'a']])
  assert.is(table.entries(), undefined)
  await d.close()
  assert.is(opened.filter((line) => line.startsWith('closed')).length, 3)
})
test('a desk opens a table once', async () => {
  const d = await desk()
  assert.is(await d.table('one:a', '/'), await d.table('one:a', '/'))
  await d.table('one:b', '/')
  assert.equal(opened, ['one:a', 'one:b'])
  await d.close()
})
test('a desk names the nearest type', async () => {
  const d = await desk()
  const e = await rejection(() => d.table('onee:a', '/'))
  assert.is(e.problems[0]!.suggestion, 'one')
  const inner = await rejection(() => d.table('both:{one:a,two:b}', '/'))
  assert.match(inner.message, /no plugin provides tables of the type "two"/)
  assert.equal(
    await (await d.table('one:a', '/')).get('k', call),
    found('a'),
    'one that is wrong does not matter to others',
  )
  await d.close()
})
test.run()
