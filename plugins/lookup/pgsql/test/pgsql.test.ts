import { existsSync } from 'node:fs'
import type { OpenTable } from '@postern/core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { postmap } from '../../../../packages/lookup-kit/test/support/postmap.ts'
import { get, PASSWORD, startRig, why } from './rig.ts'
import type { Options, Rig } from './rig.ts'

const test = suite('pgsql')
let rig: Rig
const it = (name: string, body: () => Promise<void>) => (why ? test.skip : test)(name, body)
const withTable = (name: string, options: Options, body: (table: OpenTable) => Promise<void>) =>
  it(name, () => rig.with(options, body))
if (!why) {
  test.before(async () => {
    rig = await startRig()
  })
  test.before.each(() => {
    rig.events = []
  })
  test.after(() => rig.db.remove())
}
const F = /^! pgsql:/
/** options, then keys with what is found; undefined: absent, a pattern: failed */
const CASES: [name: string, options: Options, answers: Record<string, string | RegExp | undefined>][] = [
  [
    'columns and rows are one value',
    {},
    {
      'joe@site.example': 'joe',
      'TWO@site.example': 'a@b.example,c,d',
      'nobody@site.example': undefined,
      '': undefined,
    },
  ],
  [
    'quotes and backslashes in keys',
    {},
    { "o'hara@site.example": 'o', 'back\\slash@site.example': 'b', "'": undefined },
  ],
  [
    'nobody ends the query',
    {},
    { "' or '1'='1": undefined, "\\' or 1=1 -- ": undefined, "x'; drop table aliases; --": undefined },
  ],
  [
    'values as the server prints them',
    { query: "select n, 1.5, true, date '2001-02-03', '\\x4142'::bytea from aliases where alias = '%s'" },
    { 'joe@site.example': '7,1.5,t,2001-02-03,\\x4142' },
  ],
  ['result_format', { result_format: '%s@%D' }, { 'joe@site.example': 'joe@site.example' }],
  [
    'parts of a key',
    { query: "select '%u/%d/%1/%2'" },
    { 'a@b.example': 'a/b.example/example/b', bare: undefined, '@b.example': undefined },
  ],
  [
    'domain',
    { domain: 'b.example, !c.example', query: "select '%s'" },
    { 'a@b.example': 'a@b.example', 'a@c.example': undefined, bare: undefined },
  ],
  [
    'the old options',
    { table: 'aliases', select_field: 'goto', where_field: 'alias', additional_conditions: 'and n < 10' },
    { 'joe@site.example': 'joe', 'no@site.example': undefined },
  ],
  ['select_function', { select_function: 'one' }, { 'joe@site.example': 'joe', none: undefined }],
  ['expansion_limit', { expansion_limit: 2, query: "select '%u', 'b', '%d'" }, { 'a@b': F }],
  ['expansion_limit reached', { expansion_limit: 2, query: "select '%u', null, 'b', ''" }, { a: 'a,b' }],
  ['of two statements the last', { query: "select '%s'; select 'b'" }, { joe: 'b' }],
  ['of two statements the last, without rows', { query: "select '%s'; select 'b' where false" }, { joe: undefined }],
  ['no rows at all', { query: "set x.y = '%s'" }, { joe: undefined }],
  ['a table that is not there', { query: "select a from nosuch where b = '%s'" }, { joe: /nosuch/ }],
  ['a wrong password', { password: 'wrong-one' }, { joe: /password authentication failed/ }],
  ['a database that is not there', { dbname: 'nosuch' }, { joe: /nosuch/ }],
  ['ours: UTF-8', {}, { 'x@ünï.example': 'ümläut', 'X@ÜNÏ.example': 'ümläut' }],
  ['ours: a code outside of quotes', { query: 'select goto from aliases where n = %s' }, { 7: /must stand in quotes/ }],
  [
    'ours: an E string',
    { query: "select goto from aliases where alias = E'%s'" },
    { 'back\\slash@site.example': 'b', "\\' or 1=1 --": undefined },
  ],
  ['ours: another character set', { encoding: 'LATIN1', query: "select '%s', length('%s')" }, { ü: 'ü,2' }],
  ['ours: a character set with odd second bytes', { encoding: 'GBK' }, { ü: /encoding: expected/ }],
]
for (const [name, options, answers] of CASES)
  withTable(name, options, async (table) => {
    const asked = !name.startsWith('ours') && existsSync('/usr/lib/postfix/postfix-pgsql.so')
    const theirs = asked ? postmap(`pgsql:${rig.file}`, Object.keys(answers)) : undefined
    for (const [key, expected] of Object.entries(answers)) {
      const answer = await get(table, key)
      if (expected instanceof RegExp) assert.match(answer ?? 'absent', expected, key)
      else assert.is(answer, expected, key)
      const said = answer === undefined ? '(absent)' : answer.startsWith('! ') ? '(failed)' : answer
      if (theirs) assert.is(said, theirs.get(key), `postmap of ${key}`)
    }
  })
withTable('10,000 results', { query: "select goto from many where alias = '%s'" }, async (table) => {
  assert.is((await get(table, 'many'))!.split(',').length, 10_000)
})
it('standard_conforming_strings off is heeded', async () => {
  rig.db.sql('alter role p set standard_conforming_strings = off; alter role p set escape_string_warning = off')
  try {
    await rig.with({}, async (table) => {
      assert.is(await get(table, 'back\\slash@site.example'), 'b')
      assert.is(await get(table, "\\' or 1=1 --"), undefined)
    })
  } finally {
    rig.db.sql('alter role p reset all')
  }
})
it('hosts of all kinds', async () => {
  const { port, folder } = rig.db
  const uri = `postgresql://p:${PASSWORD}@127.0.0.1:${port}`
  const none = { user: '', password: '', dbname: 'postgres' }
  const table: [Options, problem?: RegExp][] = [
    [{ hosts: `inet:127.0.0.1:${port}` }],
    [{ hosts: `unix:${folder}/.s.PGSQL.${port}` }],
    [{ hosts: `${uri}/m?sslmode=disable`, ...none }],
    [{ hosts: `${uri}/m?application_name=postern`, ...none }],
    [{ hosts: `postgresql://p@/m?host=${folder}&port=${port}` }],
    [{ hosts: `127.0.0.1:1 ${uri}/m`, ...none }],
    [{ hosts: `${uri}/m?sslmode=require`, ...none }, /does not support SSL/],
    [{ hosts: `${uri}/m?nonsense=1`, ...none }, /unknown parameter nonsense/],
    [{ hosts: `${uri}/m?sslmode=perhaps`, ...none }, /sslmode/],
    [{ hosts: `postgresql://p@a.example%2Cb.example/m`, ...none }, /one URI for each|cannot be read/],
    [{ hosts: 'unix:' }, /hosts: expected/],
    [{ hosts: '127.0.0.1:1' }, /127\.0\.0\.1:1.*ECONNREFUSED/],
    [{ hosts: uri.replace(String(port), '1'), ...none }, /127\.0\.0\.1:1.*ECONNREFUSED/],
    [{ password: 'wr0ng-one' }, /password authentication failed/],
    [{ query: "select a from nosuch where b = '%s'" }, /nosuch/],
  ]
  for (const [options, problem] of table)
    await rig.with(options, async (t) => {
      const said = await t.check?.()
      const answer = await get(t, 'joe@site.example')
      if (problem) {
        assert.match(said ?? 'no problem', problem, JSON.stringify(options))
        assert.match(answer ?? 'absent', /^! /)
      } else {
        assert.is(said, undefined, JSON.stringify(options))
        assert.is(answer, 'joe', JSON.stringify(options))
      }
      for (const secret of [PASSWORD, 'wr0ng-one'])
        assert.not(JSON.stringify([said, answer, rig.events]).includes(secret))
    })
})
test.run()
