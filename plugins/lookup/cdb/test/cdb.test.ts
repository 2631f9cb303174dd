import * as fs from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, found } from '@postern/core'
import type { Lookup, OpenTable } from '@postern/core'
import { fakeCall, programPath, tableContract } from '@postern/testkit'
import { build, generated, missingCdb, postmapAnswers } from '../../../../packages/cdb/test/support/postmap.ts'
import { Desk } from './support.ts'

const why = missingCdb()
const real = why ? test.skip : test
const get = async (t: OpenTable, key: string): Promise<Lookup> => t.get(key, fakeCall())

let desk: Desk
test.before.each(() => void (desk = new Desk()))
test.after.each(() => desk.remove())
/** in the past, as if an operator had been there */
let age = 10_000
const settle = (name: string) => fs.utimesSync(desk.path(name), Date.now() / 1000 - age, Date.now() / 1000 - --age)
const write = async (text: string, name = 'table') => {
  fs.writeFileSync(desk.path(name), text)
  settle(name)
  const built = await desk.build(name)
  settle(`${name}.cdb`)
  return built
}

real('the same answers as postmap -q, of files that postmap built', async () => {
  let asked = 0
  for (const seed of [1, 2, 3]) {
    const { text, keys } = generated(seed, 1500)
    fs.writeFileSync(desk.path('theirs'), text)
    build('postmap', `cdb:${desk.path('theirs')}`)
    const table = await desk.open('theirs')
    const theirs = postmapAnswers(`cdb:${desk.path('theirs')}`, keys)
    for (const [i, key] of keys.entries())
      assert.equal(await get(table, key), theirs[i] === undefined ? absent() : found(theirs[i]), key)
    assert.ok(theirs.filter((one) => one !== undefined).length > 1000)
    asked += keys.length
    await table.close!()
  }
  process.stdout.write(`# ${asked} keys\n`)
})
real('a file that we built, asked by postmap -q', async () => {
  const { text, keys } = generated(7, 1500)
  fs.writeFileSync(desk.path('table'), text)
  await desk.build()
  fs.writeFileSync(desk.path('theirs'), text)
  build('postmap', `cdb:${desk.path('theirs')}`)
  const ours = postmapAnswers(`cdb:${desk.path('table')}`, keys)
  assert.equal(ours, postmapAnswers(`cdb:${desk.path('theirs')}`, keys))
})
real('keys with a NUL behind them (postmap -N) and without', async () => {
  fs.writeFileSync(desk.path('nul'), 'Key value\nother x\n')
  build('postmap', `cdb:${desk.path('nul')}`)
  const image = fs.readFileSync(desk.path('nul.cdb'))
  assert.not.ok(image.includes('key\0'), 'Debian leaves it out')
  const { spawnSync } = await import('node:child_process')
  assert.is(spawnSync(programPath('postmap')!, ['-N', `cdb:${desk.path('nul')}`]).status, 0)
  assert.ok(fs.readFileSync(desk.path('nul.cdb')).includes('key\0'))
  const table = await desk.open('nul')
  assert.equal([await get(table, 'KEY'), await get(table, 'ke')], [found('value'), absent()])
  assert.equal(await all(table), [['key', 'value'], ['other', 'x']]) // prettier-ignore
  await table.close!()
})
async function all(table: OpenTable) {
  const entries: (readonly [string, string])[] = []
  for await (const one of table.entries!()) entries.push(one)
  return entries
}

test('build: entries, duplicates and bad lines, in the words of postmap; the file is as readable as the text', async () => {
  fs.writeFileSync(desk.path('table'), 'a 1\nA 2\nlone\nx: y\n')
  fs.chmodSync(desk.path('table'), 0o640)
  const at = desk.path('table')
  assert.equal(await desk.build(), {
    entries: 2,
    files: [`${at}.cdb`],
    problems: [
      `${at}, line 2: duplicate entry: "A"`,
      `${at}, line 3: expected format: key whitespace value`,
      `${at}, line 4: record is in "key: value" format; is this an alias file?`,
    ],
  })
  assert.is(fs.statSync(`${at}.cdb`).mode & 0o777, 0o640)
  assert.equal(fs.readdirSync(desk.folder).sort(), ['table', 'table.cdb'])
  const table = await desk.open()
  assert.equal(await all(table), [['a', '1'], ['x:', 'y']]) // prettier-ignore
  assert.equal(table.stats!(), { entries: 2 })
  await table.close!()
})
test('build: aliases', async () => {
  fs.writeFileSync(desk.path('aliases'), 'Root: joe, "|/bin/x y"\n"two words": x\n')
  const spec = { type: undefined, file: 'aliases', format: 'aliases' }
  delete spec.type
  assert.is((await desk.build(spec)).entries, 2)
  const table = await desk.open(spec)
  assert.equal([await get(table, 'root'), await get(table, 'TWO words')], [found('joe, "|/bin/x y"'), found('x')])
  await table.close!()
})
test('a build that fails leaves the file as it was, and nothing beside it', async () => {
  await write('a 1\n')
  fs.writeFileSync(desk.path('table'), 'a 2\n\0')
  const error = await desk.build().catch((e: unknown) => e)
  assert.match(String(error), /not a text file/)
  const table = await desk.open()
  assert.equal(await get(table, 'a'), found('1'))
  assert.equal(fs.readdirSync(desk.folder).sort(), ['table', 'table.cdb'])
  await table.close!()
})
test('another file is seen after the next look; the old one answers until it is checked', async () => {
  await write('a 1\n')
  const table = await desk.open()
  await write('a 2\n')
  desk.now = 999
  assert.equal(await get(table, 'a'), found('1'))
  desk.now = 1000
  assert.is(await table.check!(), undefined)
  assert.equal(await get(table, 'a'), found('2'))
  assert.ok(desk.names().includes('table.reloaded'))
  await table.close!()
})
test('a text that is newer than the table is told', async () => {
  await write('a 1\n')
  fs.utimesSync(desk.path('table'), 2e9, 2e9)
  await (
    await desk.open()
  ).close!()
  assert.equal(desk.names(), ['table.older'])
})
const cases: [string, (path: string) => void][] = [
  ['cut short in place', (path) => fs.truncateSync(path, 2090)],
  ['emptied', (path) => fs.truncateSync(path, 0)],
  ['zeros in place', (path) => fs.writeFileSync(path, Buffer.alloc(3000))],
]
for (const [title, breakIt] of cases)
  test(`damaged under our hands: ${title}: failed at once, found again when it is whole`, async () => {
    await write('a 1\nb 2\n')
    const table = await desk.open()
    breakIt(desk.path('table.cdb'))
    for (const key of ['a', 'b', 'c']) assert.is((await get(table, key)).kind, 'failed', key)
    desk.now += 1000
    for (const key of ['a', 'c']) assert.is((await get(table, key)).kind, 'failed', key)
    assert.match((await table.check!()) ?? '', /^cdb:table: .*table\.cdb (is|was|ends)/)
    await write('a 1\nb 3\n')
    desk.now += 1000
    assert.is(await table.check!(), undefined)
    assert.equal([await get(table, 'b'), await get(table, 'c')], [found('3'), absent()])
    await table.close!()
  })
test('replaced by a damaged one: the one before goes on, and that is said once', async () => {
  await write('a 1\n')
  const table = await desk.open()
  fs.writeFileSync(desk.path('new'), 'noise'.repeat(1000))
  settle('new')
  fs.renameSync(desk.path('new'), desk.path('table.cdb'))
  for (desk.now of [1000, 2000, 3000]) {
    assert.match((await table.check!()) ?? '', /is cut short/)
    assert.equal([await get(table, 'a'), await get(table, 'b')], [found('1'), absent()])
  }
  assert.equal(desk.names(), ['table.stale'])
  await table.close!()
})
const nowhere: [string, string, RegExp][] = [
  ['no file', 'none', /ENOENT.*none\.cdb/],
  ['only the text', 'only', /ENOENT.*run "postern table build cdb:.*only"/],
  ['a folder', 'folder', /not a regular file/],
  ['text', 'text', /too short|no cdb file/],
]
for (const [title, name, problem] of nowhere)
  test(`${title}: each lookup fails, and check says why`, async () => {
    fs.mkdirSync(desk.path('folder.cdb'))
    fs.writeFileSync(desk.path('text.cdb'), 'a b\n')
    fs.writeFileSync(desk.path('only'), 'a b\n')
    const table = await desk.open(name)
    const answer = await get(table, 'a')
    assert.is(answer.kind, 'failed')
    assert.match((await table.check!()) ?? '', problem)
    await table.close!()
  })
test('definitions that name nothing', async () => {
  for (const spec of ['', {}, { file: '' }, { file: 'x', fromat: 'table' }, { file: 'x', format: 'csv' }]) {
    const table = await desk.open(spec)
    const answer = await get(table, 'a')
    assert.equal(answer, { kind: 'failed', why: 'misconfigured', cause: await table.check!() }, JSON.stringify(spec))
  }
})
test('a value that is not UTF-8 is failed', async () => {
  await write('aa bb\n')
  const image = fs.readFileSync(desk.path('table.cdb'))
  image[image.indexOf('bb')] = 0xff
  fs.writeFileSync(desk.path('table.cdb'), image)
  const table = await desk.open()
  assert.is((await get(table, 'aa')).kind, 'failed')
  await table.close!()
})
test.run()

tableContract('cdb', async () => {
  const own = new Desk()
  fs.writeFileSync(own.path('t'), 'rich@vm.example vm/rich/\n@vm.example all\n')
  await own.build('t')
  return {
    table: await own.open('t'),
    found: { 'rich@vm.example': 'vm/rich/', 'RICH@VM.example': 'vm/rich/', '@vm.example': 'all' },
    absent: ['nobody@vm.example', 'vm.example'],
    breakIt: () => fs.truncateSync(own.path('t.cdb'), 2050),
    close: () => own.remove(),
  }
})
