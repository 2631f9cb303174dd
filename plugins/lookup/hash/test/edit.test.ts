/** Entries put into and taken out of the text. */
import * as fs from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TableChanges } from '@postern/core'
import { found } from '@postern/core'
import { Desk, all, get } from './support.ts'

let desk: Desk
test.before.each(() => void (desk = new Desk()))
test.after.each(() => desk.remove())

const TEXT = '# people\na 1\n\nb 2,\n  # inside\n  3\n# end of b\nB 4\n"c d" 5\n'
type Case = [title: string, before: string, changes: Partial<TableChanges>, after: string, said: object]
const cases: Case[] = [
  ['a new one goes to the end', TEXT, { put: [['e', '6']] }, `${TEXT}e\t6\n`, { put: 1 }],
  ['kept', TEXT, { put: [['A', '9'], ['e', '6']] }, `${TEXT}e\t6\n`, { put: 1, duplicates: ['A'] }], // prettier-ignore
  [
    'replaced in its place, comments stay',
    TEXT,
    { put: [['b', '9']], duplicates: 'replace' },
    '# people\na 1\n\nb\t9\n  # inside\n# end of b\nB 4\n"c d" 5\n',
    { put: 1 },
  ],
  [
    'removed with its continuations, and what would come to life behind it',
    TEXT,
    { remove: ['B', 'none'] },
    '# people\na 1\n\n  # inside\n# end of b\n"c d" 5\n',
    { removed: 1 },
  ],
  ['a quoted key', TEXT, { remove: ['"C D"'] }, TEXT.replace('"c d" 5\n', ''), { removed: 1 }],
  ['no line end at the end', 'a 1', { put: [['b', '2']] }, 'a 1\nb\t2\n', { put: 1 }],
  ['CRLF stays', 'a 1\r\nb 2\r\n', { put: [['c', '3']], remove: ['a'] }, 'b 2\r\nc\t3\r\n', { put: 1, removed: 1 }],
  ['the last one', 'a 1\n', { remove: ['a'] }, '', { removed: 1 }],
  ['removed and put', 'a 1\nb 2\n', { put: [['a', '3']], remove: ['a'] }, 'b 2\na\t3\n', { put: 1, removed: 1 }],
  ['twice the same', '', { put: [['a', '1'], ['A', '2']] }, 'a\t1\n', { put: 1, duplicates: ['A'] }], // prettier-ignore
  ['twice, the last one', '', { put: [['a', '1'], ['A', '2']], duplicates: 'replace' }, 'A\t2\n', { put: 1 }], // prettier-ignore
  ['bad lines stay', 'lone\n  x\n"open\na 1\n', { remove: ['a'] }, 'lone\n  x\n"open\n', { removed: 1 }],
]
for (const [title, before, changes, after, said] of cases)
  test(title, async () => {
    desk.write(before)
    const edited = await desk.edit({ duplicates: 'keep', ...changes })
    assert.is(desk.read(), after)
    assert.equal(edited, { put: 0, removed: 0, duplicates: [], ...said })
    assert.equal(desk.files(), ['table'])
  })
test('nothing to do: the file is left alone', async () => {
  desk.write('a 1\n')
  const before = fs.statSync(desk.path()).ino
  assert.equal(await desk.edit({ put: [['a', '2']], remove: ['b'], duplicates: 'keep' }), {
    put: 0,
    removed: 0,
    duplicates: ['a'],
  })
  assert.is(fs.statSync(desk.path()).ino, before)
})
test('aliases: names are quoted where they must be, and found by what they mean', async () => {
  const spec = { file: 'table', format: 'aliases' }
  desk.write('root: joe\n"two words": x\n')
  await desk.edit({ put: [['new name', 'a,  b'], ['Two Words', 'y'], ['plain', 'z']], duplicates: 'replace' }, spec) // prettier-ignore
  assert.is(desk.read(), 'root: joe\n"Two Words": y\n"new name": a,  b\nplain: z\n')
  await desk.edit({ remove: ['NEW name'], duplicates: 'keep' }, spec)
  const table = await desk.open(spec)
  assert.equal(await all(table), [['root', 'joe'], ['two words', 'y'], ['plain', 'z']]) // prettier-ignore
  await table.close!()
})
const refused: [string, [string, string]][] = [
  ['white space in a key', ['a b', 'c']],
  ['no value', ['a', ' ']],
  ['no key', ['', 'x']],
  ['a line end in a key', ['a\nb', 'c']],
  ['a line end in a value', ['a', 'b\nroot x']],
  ['a comment', ['#a', 'b']],
  ['a NUL', ['a', 'b\0c']],
  ['an open quote', ['"a', 'b']],
]
for (const [title, entry] of refused)
  test(`refused, and nothing is written: ${title}`, async () => {
    desk.write('x y\n')
    const error = await desk.edit({ put: [['good', '1'], entry], duplicates: 'keep' }).catch((e: unknown) => e)
    assert.match(String(error), /cannot be written to a table/)
    assert.is(desk.read(), 'x y\n')
    assert.equal(desk.files(), ['table'])
  })
test('a file that is not there is made; a link stays one; the rights stay', async () => {
  await desk.edit({ put: [['a', '1']], duplicates: 'keep' }, 'new')
  assert.is(desk.read('new'), 'a\t1\n')
  fs.chmodSync(desk.path('new'), 0o640)
  fs.symlinkSync('new', desk.path('link'))
  await desk.edit({ put: [['b', '2']], duplicates: 'keep' }, 'link')
  assert.ok(fs.lstatSync(desk.path('link')).isSymbolicLink())
  assert.is(desk.read('new'), 'a\t1\nb\t2\n')
  assert.is(fs.statSync(desk.path('new')).mode & 0o777, 0o640)
})
test('not UTF-8: not edited', async () => {
  desk.write(Buffer.from('a \xff\n', 'latin1'))
  const error = await desk.edit({ put: [['b', '1']], duplicates: 'keep' }).catch((e: unknown) => e)
  assert.match(String(error), /not UTF-8/)
})
test('of many edits at once none is lost', async () => {
  desk.write('a 1\n')
  await Promise.all(Array.from({ length: 8 }, (_, i) => desk.edit({ put: [[`k${i}`, 'v']], duplicates: 'keep' })))
  assert.is(desk.read().trim().split('\n').length, 9)
})
test('an index that is there is made again: it never disagrees with the text', async () => {
  desk.write('a 1\n')
  await desk.build()
  await desk.edit({ put: [['a', '2']], duplicates: 'replace' })
  const made = fs.statSync(desk.path('table.index')).mtimeMs
  const table = await desk.open()
  assert.equal([await get(table, 'a'), table.stats!().indexed], [found('2'), 1])
  assert.is(fs.statSync(desk.path('table.index')).mtimeMs, made)
  await table.close!()
})
test.run()
