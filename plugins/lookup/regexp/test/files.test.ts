/** Definitions, and files that change. */
import { renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, found } from '@postern/core'
import { fakeCall, tempFolder } from '@postern/testkit'
import { open } from './open.ts'

/** spec, answer for `a` or the problem */
const definitions: [unknown, string | RegExp][] = [
  ['{ {/a/ b} }', 'b'],
  ['{{/x/ c},{/a/ b}}', 'b'],
  ['{ {if /a/}, {/a{1}/ b}, {endif} , }', 'b'],
  ['{ {# c} { } {/a/ b c } }', 'b c'],
  [{ rules: ['/x/ c', ' /a/ b '] }, 'b'],
  [{ rules: '/x/ c\n/a/\n  b' }, 'b'],
  ['{ /a/ b }', /^pcre map: no '\{' at start of text in "\/a\/"$/],
  ['{ {/a/ b}', /^pcre map: missing '\}'/],
  ['{ {/a/ b} } x', /^pcre map: syntax error after '\}'/],
  ['{ {/a/ b}x{/c/ d} }', /^pcre map: syntax error after '\}' in "\{\/a\/ b\}x/],
  ['', /without a file name/],
  [{}, /^no "rules" in a pcre table/],
  [{ rules: [1] }, /^a rule that is not text/],
  [{ rules: [], file: 'x' }, /^unknown property "file"/],
]
for (const [spec, answer] of definitions) {
  test(`definition ${JSON.stringify(spec)}`, async () => {
    const t = await open('pcre', spec)
    const problem = await t.table.check!()
    if (typeof answer === 'string') {
      assert.is(problem, undefined)
      assert.equal(await t.get('a'), found(answer))
    } else {
      assert.match(problem ?? '', answer)
      assert.equal(await t.get('a'), { kind: 'failed', why: 'misconfigured', cause: problem })
    }
    assert.equal(await t.get(''), absent())
    assert.is(t.table.pattern, true)
  })
}

let age = 1000
const write = (file: string, text: string | Buffer) => {
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
  utimesSync(file, Date.now() / 1000 - age, Date.now() / 1000 - --age)
}
const inFolder = async (body: (file: string, folder: string) => Promise<void>) => {
  const folder = await tempFolder('regexp')
  try {
    await body(join(folder.path, 't'), folder.path)
  } finally {
    await folder.remove()
  }
}
test('a file is followed, and what is bad about a new one keeps the old one', () =>
  inFolder(async (file, folder) => {
    write(file, '/a/ one\n')
    const t = await open('pcre', 't', folder)
    assert.equal(await t.get('a'), found('one'))
    for (const [bad, text] of [
      [/not a text file/, Buffer.from('/a/ two\0')],
      [/lookahead/, '/b/ x\n/(?=a)/ two\n'],
    ] as const) {
      write(file, text)
      for (const ms of [1000, 1000, 1000]) {
        t.pass(ms)
        assert.equal(await t.get('a'), found('one'))
      }
      assert.match((await t.table.check!()) ?? '', bad)
      assert.is(t.events.filter(([name]) => name === 'table.stale').length, 1)
      t.events.length = 0
    }
    write(file, '/a/ three\n')
    assert.equal(await t.get('a'), found('one'), 'not before the next look')
    t.pass(1000)
    assert.equal(await Promise.all([t.get('a'), t.get('a')]), [found('three'), found('three')])
    assert.is(await t.table.check!(), undefined)
    assert.equal(
      t.events.map(([name]) => name),
      ['table.reloaded'],
    )
  }))
test('a file that is being written is left alone', () =>
  inFolder(async (file, folder) => {
    write(file, '/a/ one\n')
    const t = await open('regexp', 't', folder)
    writeFileSync(file, '/a/ tw')
    t.pass(1000)
    assert.equal(await t.get('a'), found('one'))
  }))
test('a file that is not there fails, never absent, until it comes; vanished, the old rules stay', () =>
  inFolder(async (file, folder) => {
    const t = await open('pcre', 't', folder)
    assert.is((await t.get('a')).kind, 'failed')
    assert.match((await t.table.check!()) ?? '', /^pcre:t: ENOENT/)
    write(file, '/a/ one\n')
    t.pass(1000)
    assert.equal(await t.get('a'), found('one'))
    rmSync(file)
    t.pass(1000)
    assert.equal(await t.get('a'), found('one'))
    assert.equal(
      t.events.map(([name]) => name),
      ['table.unreadable', 'table.loaded', 'table.stale'],
    )
  }))
test('whoever asks while the file is looked at, and goes away, gets failed', () =>
  inFolder(async (file, folder) => {
    write(file, '/a/ one\n')
    const t = await open('pcre', 't', folder)
    t.pass(1000)
    const call = fakeCall()
    const asked = t.table.get('a', call)
    call.abort(new Error('the client has gone'))
    assert.equal(await asked, { kind: 'failed', why: 'retry', cause: 'pcre:t: the client has gone' })
    t.pass(1000)
    assert.is((await t.table.get('a', call)).kind, 'failed', 'gone already')
    assert.equal(await t.get('a'), found('one'))
  }))

test.run()
