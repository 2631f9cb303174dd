import * as fs from 'node:fs'
import * as os from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, found, logger } from '@postern/core'
import type { Clock, Lookup, OpenTable, TableType } from '@postern/core'
import plugin, { parse } from '@postern/lookup-hash'

let dir: string
let file: string
let now = 0
let events: [string, Record<string, unknown>][] = []
test.before.each(() => {
  dir = fs.mkdtempSync(join(os.tmpdir(), 'hash-'))
  file = join(dir, 'table')
  now = 0
  events = []
})
test.after.each(() => fs.rmSync(dir, { recursive: true, force: true }))

const clock: Clock = { now: () => now, after: () => ({ cancel: () => undefined }) }
const types = new Map<string, TableType>()
plugin.definition.apply(
  { provideNamed: (_role: unknown, name: string, type: TableType) => types.set(name, type) } as never,
  {},
  {},
)
const context = {
  clock,
  parts: [],
  log: logger(() => ({ enabled: () => true, write: (_l, event, fields) => void events.push([event, { ...fields }]) })),
}
const open = (spec: string | object = 'table', type = 'hash') =>
  types.get(type)!.open({ spec: spec as string, where: 'test', folder: dir }, context) as Promise<OpenTable>
const get = async (t: OpenTable, key: string): Promise<Lookup> => t.get(key, {} as never)
const names = () => events.map(([name]) => name).filter((n) => n !== 'table.loaded')

/** Each write is in the past and later than the last one, as if an operator had been there in between. */
let age = 1000
const write = (text: string | Buffer) => {
  fs.writeFileSync(file, text)
  fs.utimesSync(file, Date.now() / 1000 - age, Date.now() / 1000 - --age)
}

/** title, file, entries, problems as `line: what` */
const cases: [string, string | Buffer, [string, string][], string[]][] = [
  ['a pair', 'rich@vm.example vm/rich/\n', [['rich@vm.example', 'vm/rich/']], []],
  ['no line end at the end', 'a b', [['a', 'b']], []],
  ['tabs, blanks around the value', 'a\t \tb c  \n', [['a', 'b c']], []],
  [
    'CRLF',
    'a b\r\nc\td\r\n\r\n',
    [
      ['a', 'b'],
      ['c', 'd'],
    ],
    [],
  ],
  ['CRLF before a continuation', 'a b,\r\n c\r\n', [['a', 'b, c']], []],
  ['comments and empty lines', '# x y\n\n   \n  # also\na b\n#\n', [['a', 'b']], []],
  ['a # inside is text', 'a b # c\n', [['a', 'b # c']], []],
  [
    'continuation',
    'a b,\n  c,\n\td\nx y\n',
    [
      ['a', 'b,  c,\td'],
      ['x', 'y'],
    ],
    [],
  ],
  ['value on the next line', 'a\n b\n', [['a', 'b']], []],
  ['comments inside a continuation', 'a b\n# no\n\n  # no\n c\n', [['a', 'b c']], []],
  ['keys in lower case', 'Rich@VM.Example Vm/Rich/\n', [['rich@vm.example', 'Vm/Rich/']], []],
  ['a quoted key keeps its quotes', '"a b"@c d e\n', [['"a b"@c', 'd e']], []],
  ['an escaped blank', 'a\\ b c\n', [['a\\ b', 'c']], []],
  ['a quote that is not closed', '"a b c\nx y\n', [['x', 'y']], [`1: unbalanced '"' in '"a b c'`]],
  ['a key alone', 'a\nb c\n', [['b', 'c']], ['1: expected format: key whitespace value']],
  [
    'duplicates: the first counts',
    'a 1\nb 2\nA 3\n',
    [
      ['a', '1'],
      ['b', '2'],
    ],
    ['3: duplicate entry: "A"'],
  ],
  ['alias format', 'root: joe\n', [['root:', 'joe']], ['1: record is in "key: value" format; is this an alias file?']],
  ['a continuation of nothing', '  a b\nc d\n', [['c', 'd']], ['1: logical line must not start with whitespace']],
  [
    'lines are counted with their continuations',
    'a b\n c\nd\n',
    [['a', 'b c']],
    ['3: expected format: key whitespace value'],
  ],
  ['UTF-8', 'jürgen@x ÄÖ\n', [['jürgen@x', 'ÄÖ']], []],
  [
    'not UTF-8: only that line',
    Buffer.from('a \xff\nj\xc3\xbc x\n', 'latin1'),
    [['jü', 'x']],
    ['1: non-UTF-8 input "a ?"'],
  ],
  [
    'names of object properties',
    '__proto__ 1\nconstructor 2\n',
    [
      ['__proto__', '1'],
      ['constructor', '2'],
    ],
    [],
  ],
  ['nothing', '', [], []],
]
for (const [title, text, entries, problems] of cases) {
  test(`format: ${title}`, async () => {
    const parsed = await parse(Buffer.from(text as string))
    assert.equal([...parsed.entries], entries)
    assert.equal(
      parsed.problems.map((p) => `${p.line}: ${p.what}`),
      problems,
    )
  })
}

test('found, absent, whatever the case; by each of its names', async () => {
  write('Key Value\n')
  for (const type of ['hash', 'texthash', 'btree', 'dbm', 'lmdb']) {
    const t = await open('table', type)
    assert.equal([await get(t, 'kEY'), await get(t, 'other')], [found('Value'), absent()])
    assert.is(await t.check!(), undefined)
    assert.not.instance(t.get('key', {} as never), Promise, 'no promise between two looks at the file')
  }
})
test('an absolute path', async () => {
  write('a b\n')
  assert.equal(await get(await open(file), 'a'), found('b'))
})
test('a new file is read at the next look, not before', async () => {
  write('a 1\n')
  const t = await open()
  write('a 2\n')
  now = 999
  assert.equal(await get(t, 'a'), found('1'))
  now = 1000
  // asked at once by several: all see the new one
  assert.equal(await Promise.all([get(t, 'a'), get(t, 'a')]), [found('2'), found('2')])
  assert.equal(names(), ['table.reloaded'])
})
test('a file that was written just now is left alone for a moment', async () => {
  write('a 1\n')
  const t = await open()
  fs.writeFileSync(file, '')
  fs.utimesSync(file, Date.now() / 1000 + 0, Date.now() / 1000 + 0)
  now = 1000
  assert.equal(await get(t, 'a'), found('1'))
  write('a 3\n')
  now = 2000
  assert.equal(await get(t, 'a'), found('3'))
})
const broken: [string, () => void][] = [
  ['vanished', () => fs.rmSync(file)],
  ['a folder now', () => (fs.rmSync(file), fs.mkdirSync(file), fs.utimesSync(file, 1, 1))],
  ['binary', () => write(Buffer.from('a 2\n\0'))],
]
for (const [title, breakIt] of broken) {
  test(`${title}: the old table stays, and that is said once; then it recovers`, async () => {
    write('a 1\n')
    const t = await open()
    breakIt()
    for (now of [1000, 2000, 3000]) assert.equal(await get(t, 'a'), found('1'))
    assert.equal(names(), ['table.stale'])
    assert.match((await t.check!()) ?? '', /^hash:table: /)
    fs.rmSync(file, { recursive: true, force: true })
    write('a 2\n')
    now = 5000
    assert.equal(await get(t, 'a'), found('2'))
    assert.is(await t.check!(), undefined)
  })
}
test('a file that was never there: failed, never absent, until it comes', async () => {
  const t = await open()
  const answer = await get(t, 'a')
  assert.is(answer.kind, 'failed')
  assert.match((await t.check!()) ?? '', /ENOENT/)
  write('a 1\n')
  now = 2000
  assert.equal(await get(t, 'a'), found('1'))
})
test('a device is no table', async () => {
  const t = await open('/dev/null')
  assert.is((await get(t, 'a')).kind, 'failed')
})
test('the object form', async () => {
  write('Root: joe\n')
  assert.equal(await get(await open({ file: 'table', format: 'aliases' }), 'ROOT'), found('joe'))
  assert.equal(await get(await open({ file: 'table' }), 'root:'), found('joe'))
})
for (const spec of ['', {}, { file: '' }, { file: 1 }, { file: 'x', format: 'csv' }, { file: 'x', fromat: 'table' }])
  test(`a definition that names nothing: ${JSON.stringify(spec)}`, async () => {
    const none = await open(spec)
    assert.equal(await get(none, 'a'), { kind: 'failed', why: 'misconfigured', cause: await none.check!() })
  })
test('problems are told as warnings, but not without end', async () => {
  write('a 1\n' + 'a 2\n'.repeat(50))
  await open()
  assert.is(events.filter(([n]) => n === 'table.line').length, 20)
  assert.equal(events.find(([n]) => n === 'table.lines')![1].more, 30)
  assert.is(events[0]![1].line, 2)
})
test('100,000 keys', async () => {
  write(Array.from({ length: 100_000 }, (_, i) => `user${i}@Example.org box/${i}/\n`).join(''))
  const t = await open()
  assert.equal(await get(t, 'USER99999@example.org'), found('box/99999/'))
})

test.run()
