/** Large texts, which are indexed on disk. Here everything is large. */
import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, found } from '@postern/core'
import type { OpenTable } from '@postern/core'
import { fakeCall, missingPrograms, tableContract, until } from '@postern/testkit'
import { Desk, all, get } from './support.ts'

let desk: Desk
let table: OpenTable | undefined
const open = async (spec: string | object = 'table') => (table = await desk.open(spec))
test.before.each(() => void (desk = new Desk(0)))
test.after.each(async () => {
  await table?.close!()
  table = undefined
  desk.remove()
})
const indexed = (t: OpenTable) => t.stats!().indexed === 1

test('indexed by itself; found, absent, listed', async () => {
  desk.write('Key Value\nother x\nKEY again\n')
  const t = await open()
  assert.ok(indexed(t))
  assert.equal(await Promise.all(['kEY', 'key', 'none', ''].map((key) => get(t, key))), [
    found('Value'),
    found('Value'),
    absent(),
    absent(),
  ])
  assert.not.instance(t.get('key', fakeCall()), Promise)
  assert.equal(await all(t), [['key', 'Value'], ['other', 'x']]) // prettier-ignore
  assert.equal(desk.files(), ['table', 'table.index'])
  assert.equal(desk.names(), ['table.line'], 'the duplicate is told')
})
test('an index that belongs to the text is used, also of a small one', async () => {
  desk.write('a 1\n')
  assert.equal(await desk.build(), { entries: 1, files: [desk.path('table.index')], problems: [] })
  const made = fs.statSync(desk.path('table.index')).ino
  const own = new Desk()
  const t = await desk.types.get('hash')!.open(desk.source('table'), own.context)
  own.remove()
  assert.ok(indexed(t))
  await t.close!()
  assert.ok(indexed(await open()))
  assert.is(fs.statSync(desk.path('table.index')).ino, made, 'not made again')
})
const others: [string, () => void][] = [
  ['of a text before, as large', () => desk.write('a 2\n')],
  ['of a text with the same time', () => sameTime()],
  ['of another format', () => undefined],
  ['damaged', () => flip(2048 + 8)],
  ['damaged in its header', () => flip(100)],
  ['cut short', () => fs.truncateSync(desk.path('table.index'), 2100)],
  ['of another version', () => flip(fs.statSync(desk.path('table.index')).size - 64)],
  ['a folder', () => (fs.rmSync(desk.path('table.index')), fs.mkdirSync(desk.path('table.index')))],
]
function sameTime() {
  const { atime, mtime } = fs.statSync(desk.path())
  fs.writeFileSync(desk.path(), 'a 2\n')
  fs.utimesSync(desk.path(), atime, mtime)
}
function flip(at: number) {
  const image = fs.readFileSync(desk.path('table.index'))
  image[at]! ^= 1
  fs.writeFileSync(desk.path('table.index'), image)
}
for (const [title, change] of others)
  test(`an index is not used: ${title}`, async () => {
    desk.write('a 1\n')
    await desk.build(title === 'of another format' ? { file: 'table', format: 'aliases' } : 'table')
    change()
    const t = await open()
    assert.equal(await get(t, 'a'), found(desk.read().slice(2, 3)))
    assert.equal(await get(t, 'b'), absent())
  })
test('a new text is indexed while the old answers go on', async () => {
  desk.write('a 1\n')
  const t = await open()
  // large enough to take several turns
  desk.write(`a 2\n${'x'.repeat(90)} y\n`.repeat(20_000))
  desk.now = 1000
  assert.equal(await get(t, 'a'), found('1'))
  let old = 0
  await until('the new text', async () => {
    const answer = await get(t, 'a')
    assert.is(answer.kind, 'found')
    if (answer.kind === 'found' && answer.value === '1') old++
    return answer.kind === 'found' && answer.value === '2'
  })
  assert.ok(old > 0)
  assert.ok(desk.names().includes('table.reloaded'))
  assert.equal(desk.files(), ['table', 'table.index'])
})
test('the first index is waited for, as long as the caller does', async () => {
  const t = await desk.open('table')
  table = t
  assert.is((await get(t, 'a')).kind, 'failed')
  desk.write(Array.from({ length: 60_000 }, (_, i) => `user${i}@example.org box/${i}/\n`).join(''))
  desk.now = 1000
  const call = fakeCall()
  const aborted = t.get('user1@example.org', call)
  const waits = t.get('user2@example.org', fakeCall())
  await t.check!()
  call.abort(new Error('the client has gone'))
  const answer = await aborted
  assert.is(answer.kind, 'failed')
  assert.match(answer.kind === 'failed' ? answer.cause : '', 'the client has gone')
  assert.equal(await waits, found('box/2/'))
})
test('closed while it is indexed: nothing stays', async () => {
  desk.write('a 1\n')
  const t = await open()
  desk.write(Array.from({ length: 60_000 }, (_, i) => `user${i}@example.org box/${i}/\n`).join(''))
  desk.now = 1000
  await t.check!()
  await t.close!()
  table = undefined
  assert.equal(desk.files(), ['table', 'table.index'])
})
test('another process writes the index: its work is waited for, and taken', async () => {
  desk.write('a 1\n')
  fs.writeFileSync(desk.path('table.index.new'), '')
  setTimeout(() => {
    fs.rmSync(desk.path('table.index.new'))
    void desk.build()
  }, 100)
  assert.equal(await get(await open(), 'a'), found('1'))
})
test('what a process that died has left behind is put away', async () => {
  desk.write('a 1\n')
  fs.writeFileSync(desk.path('table.index.new'), 'x')
  fs.utimesSync(desk.path('table.index.new'), 1, 1)
  assert.equal(await get(await open(), 'a'), found('1'))
  assert.equal(desk.files(), ['table', 'table.index'])
})
test('readable for whom the text is', async () => {
  desk.write('a 1\n')
  for (const mode of [0o600, 0o640, 0o644]) {
    fs.chmodSync(desk.path(), mode)
    await desk.build()
    assert.is(fs.statSync(desk.path('table.index')).mode & 0o777, mode)
  }
})
test('a build of what is not there says so', async () => {
  fs.writeFileSync(desk.path('table.lmdb'), '')
  const error = await desk.build().catch((e: unknown) => e)
  assert.match(String(error), /hash:table: ENOENT.*postmap -s lmdb:/)
})
test('a text that is no table: failed, told once, and not read each second', async () => {
  desk.write('a 1\n'.repeat(30_000) + '\0')
  const t = await open()
  for (desk.now of [1000, 2000, 3000]) assert.is((await get(t, 'a')).kind, 'failed')
  assert.match((await t.check!()) ?? '', /^hash:table: not a text file/)
  assert.equal(desk.names(), ['table.unreadable'])
  assert.equal(desk.files(), ['table'])
  desk.write('a 2\n')
  desk.now = 5000
  assert.equal(await get(t, 'a'), found('2'))
})
test('an index that goes bad under our hands is failed, then made again', async () => {
  desk.write('a 1\nb 2\n')
  const t = await open()
  fs.truncateSync(desk.path('table.index'), 1000)
  assert.is((await get(t, 'a')).kind, 'failed')
  assert.equal(await get(t, 'b'), found('2'))
  assert.ok(desk.names().includes('table.damaged'))
})
test('a folder that must not be written: an index without a name, and a warning', async () => {
  if (process.getuid!() !== 0) return
  desk.write('a 1\n')
  fs.chmodSync(desk.path(), 0o644)
  fs.chmodSync(desk.folder, 0o755)
  const before = fs.readdirSync('/tmp').filter((name) => name.startsWith('postern-index-')).length
  process.seteuid!(65534)
  try {
    const t = await open()
    assert.ok(indexed(t))
    assert.equal([await get(t, 'a'), await get(t, 'b')], [found('1'), absent()])
    const [name, fields] = desk.events.find(([event]) => event === 'table.index')!
    assert.equal([name, fields.instead], ['table.index', 'temporary'])
  } finally {
    process.seteuid!(0)
  }
  assert.equal(desk.files(), ['table'])
  const after = fs.readdirSync('/tmp').filter((name) => name.startsWith('postern-index-')).length
  assert.is(after, before)
})
test('neither here nor there: in memory, and a warning', async () => {
  desk.write('a 1\n')
  fs.mkdirSync(desk.path('table.index'))
  const tmp = process.env.TMPDIR
  process.env.TMPDIR = desk.path('none')
  try {
    const t = await open()
    assert.not.ok(indexed(t))
    assert.equal(await get(t, 'a'), found('1'))
    assert.is(desk.events.find(([event]) => event === 'table.index')![1].instead, 'memory')
  } finally {
    if (tmp === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = tmp
  }
})
const strace = missingPrograms('strace')
const BUILD = `import p from '@postern/lookup-hash'
const spec = process.argv[1]
p.definition.apply({ provideNamed: (r, n, t) => n === 'hash' && t.build({ spec, folder: '/' }) }, { indexAbove: 0 })`
for (const [call, when] of [
  ['pwrite64', 3],
  ['rename', 1],
] as const)
  (strace ? test.skip : test)(`killed at ${call} ${when}: no half index`, async () => {
    desk.write(Array.from({ length: 100_000 }, (_, i) => `user${i}@example.org box/${i}/\n`).join(''))
    const args = [
      '-f',
      '-qq',
      '-o',
      '/dev/null',
      '-e',
      `trace=${call}`,
      '-e',
      `inject=${call}:signal=KILL:when=${when}`,
    ]
    const node = [process.execPath, '--input-type=module', '-e', BUILD, desk.path()]
    const run = spawnSync('strace', [...args, ...node], { encoding: 'utf8', timeout: 20_000 })
    assert.is(run.signal ?? run.status, 'SIGKILL', run.stderr)
    // renamed or not: the signal may come behind the call
    const left = desk.files().filter((name) => name !== 'table')
    assert.is(left.length, 1, left.join())
    if (call === 'pwrite64') assert.equal(left, ['table.index.new'])
    if (left[0] === 'table.index.new') fs.utimesSync(desk.path('table.index.new'), 1, 1)
    const t = await open()
    assert.equal(await get(t, 'user99999@example.org'), found('box/99999/'))
    assert.equal(await get(t, 'user100000@example.org'), absent())
    assert.equal(desk.files(), ['table', 'table.index'])
  })
test.run()

tableContract('hash, indexed', async () => {
  const own = new Desk(0)
  own.write('rich@vm.example vm/rich/\n@vm.example all\n')
  return {
    table: await own.open(),
    found: { 'rich@vm.example': 'vm/rich/', 'RICH@VM.example': 'vm/rich/', '@vm.example': 'all' },
    absent: ['nobody@vm.example', 'vm.example'],
    close: () => own.remove(),
  }
})
