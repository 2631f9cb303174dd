/** Grammar, warnings, results: with the engine that REGEXP_ENGINE names, else with each one that is here. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, found } from '@postern/core'
import { tableContract, tempFolder } from '@postern/testkit'
import { answers, refused, warnings } from './cases.ts'
import { open } from './open.ts'

const here = async (name: string) =>
  (await (await open('pcre', '{ {/a/ b} }', '/', { engine: name })).get('a')).kind === 'found'
const wanted = process.env.REGEXP_ENGINE
const engines = wanted ? [wanted] : (await here('re2')) ? ['re2', 're2js'] : ['re2js']
if (!wanted && engines.length === 1)
  console.log('# re2 is not installed: its tests are left out (npm install --no-save re2)')

for (const engine of engines) {
  const test = suite(`with ${engine}`)
  const table = (type: string, spec: unknown, folder?: string) => open(type, spec, folder, { engine })
  const inline = (type: string, text: string) => table(type, { rules: text })

  for (const [notations, text, keys] of answers) {
    for (const notation of notations) {
      test(`${notation}: ${text}`, async () => {
        const t = await inline(notation, text)
        assert.equal(
          t.problems().filter((p) => !p.includes('obsolete')),
          [],
        )
        for (const [key, value] of Object.entries(keys))
          assert.equal(await t.get(key), value === undefined ? absent() : found(value), key)
        assert.is(t.table.pattern, true)
        assert.is(t.table.stats!()[engine], 1)
      })
    }
  }
  for (const [notations, text, lines] of warnings) {
    for (const notation of notations) {
      test(`${notation} warns: ${text}`, async () => {
        const t = await inline(notation, `${text}\n/last/ last`)
        assert.equal(t.problems(), lines)
        assert.is(await t.table.check!(), undefined)
        assert.is(
          t.events.every(([, f]) => !('ignored' in f) || f.ignored === true),
          true,
        )
      })
    }
  }
  for (const [notation, pattern, what] of refused) {
    test(`${notation} refuses ${pattern} by name`, async () => {
      const t = await inline(notation, `/first/ one\n/${pattern}/ two\n/./ three`)
      const said = (await t.table.check!())!
      assert.ok(said.startsWith(`${notation}:(in test): line 2: ${what} needs an engine that backtracks`), said)
      // what stands in front of it is sure; behind it nothing is
      assert.equal(await t.get('first'), found('one'))
      const other = await t.get('other')
      assert.ok(
        other.kind === 'failed' && other.why === 'misconfigured' && other.cause.includes('line 2'),
        JSON.stringify(other),
      )
    })
  }
  test('a refused IF is not taken for true or false', async () => {
    const t = await inline('pcre', '/first/ one\nif /(?=a)/\n/./ two\nendif\n/./ three')
    assert.is((await t.get('a')).kind, 'failed')
    assert.equal(await t.get('first'), found('one'))
  })
  test('an empty result is an error of the table, as in maps_find()', async () => {
    const t = await inline('regexp', '/a/\n/b(c)?/ $1')
    for (const key of ['a', 'b']) assert.is((await t.get(key)).kind, 'failed', key)
    assert.equal(await t.get('bc'), found('c'))
  })
  test('half a character is no result', async () => {
    assert.is((await (await inline('pcre', '/^(.)/ $1')).get('ü')).kind, 'failed')
  })
  test('patterns that ruin an engine that backtracks', async () => {
    const t = await inline('pcre', '/^(a+)+$/ one\n/(x+x+)+y/ two\n/^(.*a){20}b$/ three')
    assert.equal(await t.get(`${'a'.repeat(5000)}!`), absent())
    assert.equal(await t.get('x'.repeat(5000)), absent())
  })
  test('1,000 rules on a header of 4 KiB: the same with and without the sieve', async () => {
    const rules = Array.from({ length: 1000 }, (_, i) => `/word${i}[a-z]*(end|stop)/ v${i}`)
    const t = await inline('pcre', rules.join('\n'))
    const long = 'X-Header: ' + 'lorem ipsum word '.repeat(240)
    assert.equal(await t.get(long), absent())
    assert.equal(await t.get(`${long} Word999xSTOP`), found('v999'))
    assert.equal(await t.get(`${long} word77 word78end word5stop`), found('v5'))
  })

  tableContract(`regexp with ${engine}`, async () => {
    const folder = await tempFolder('regexp')
    writeFileSync(join(folder.path, 't'), '/^(joe)@(example\\.com)$/ $1/$2\n/^sales/ team\n')
    const { table: opened } = await table('regexp', 't', folder.path)
    return {
      table: opened,
      found: { 'joe@example.com': 'joe/example.com', 'SALES@x': 'team' },
      absent: ['jim@example.com', 'presales'],
      close: () => folder.remove(),
    }
  })
  test.run()
}

const test = suite('engines')
test('an engine that is not installed is a problem, not another engine', async () => {
  if (engines.includes('re2')) return
  const t = await open('pcre', '{ {/a/ b} }', '/', { engine: 're2' })
  assert.match((await t.table.check!()) ?? '', /re2 cannot be loaded/)
  assert.is((await t.get('a')).kind, 'failed')
})
test.run()
