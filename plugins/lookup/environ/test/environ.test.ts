import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { absent, found } from '@postern/core'
import type { OpenTable, TableType } from '@postern/core'
import { fakeCall, missingPrograms, programPath, random, tableContract } from '@postern/testkit'
import plugin from '@postern/lookup-environ'

let type: TableType
plugin.definition.apply({ provideNamed: (_r: unknown, _n: string, t: TableType) => (type = t) } as never, {}, {})
const open = (spec: string | object = '') =>
  type.open({ spec: spec as string, where: 'test', folder: '/' }, {} as never) as OpenTable
const get = (key: string) => open().get(key, fakeCall())

/** name, value */
const VARIABLES: [string, string][] = [
  ['pn_small', 'a value'],
  ['pn_Mixed', 'not found: keys are folded'],
  ['PN_LARGE', 'nor this'],
  ['pn.dots-and ü', 'ÄÖ'],
  ['pn_line', 'a\\b "c" %s'],
]
const next = random(1)
for (let i = 0; i < 300; i++) VARIABLES.push([`pn_${i}_${Math.floor(next() * 1e6).toString(36)}`, `v${i}`])
test.before(() => VARIABLES.forEach(([name, value]) => (process.env[name] = value)))
test.after(() => VARIABLES.forEach(([name]) => delete process.env[name]))

test('found without case of the key, absent', () => {
  assert.equal(get('pn_small'), found('a value'))
  assert.equal(get('PN_SMALL'), found('a value'))
  for (const key of ['pn_Mixed', 'pn_large', 'pn_none', '', 'pn_small=', 'pn_small\0', '__proto__', 'tostring'])
    assert.equal(get(key), absent(), key)
})
test('an empty variable is no answer', () => {
  process.env.pn_empty = ''
  const answer = get('pn_empty')
  delete process.env.pn_empty
  assert.equal(answer, { kind: 'failed', why: 'misconfigured', cause: 'environ: the variable pn_empty is empty' })
})
test('a change is seen at once', () => {
  process.env.pn_new = 'x'
  assert.equal(get('pn_new'), found('x'))
  delete process.env.pn_new
  assert.equal(get('pn_new'), absent())
})
test('lists what can be found', () => {
  const all = new Map(open().entries!() as Iterable<readonly [string, string]>)
  assert.is(all.get('pn_small'), 'a value')
  assert.not.ok(all.has('PN_LARGE'))
})
test('an object without options is the same table', () => {
  for (const spec of ['', {}]) assert.equal(open(spec).get('home_of_nobody', fakeCall()), { kind: 'absent' })
})
test('there are no options', () => {
  const table = open({ name: 'x' })
  assert.equal(table.get('a', fakeCall()), { kind: 'failed', why: 'misconfigured', cause: table.check!() })
})
const why = missingPrograms('postmap')
;(why ? test.skip : test)('the same answers as postmap -q', () => {
  const keys = VARIABLES.flatMap(([name]) => [name, name.toUpperCase(), `${name}x`])
  const run = spawnSync(programPath('postmap')!, ['-q', '-', 'environ:x'], {
    input: `${keys.join('\n')}\n`,
    encoding: 'utf8',
  })
  const theirs = run.stdout.split('\n').slice(0, -1)
  const ours = keys.flatMap((key) => {
    const answer = get(key)
    return answer instanceof Promise || answer.kind !== 'found' ? [] : [`${key}\t${answer.value}`]
  })
  assert.equal(ours, theirs)
  assert.ok(theirs.length >= 600)
})
test.run()

tableContract('environ', () => {
  process.env.pn_contract = 'yes'
  return {
    table: open(),
    found: { pn_contract: 'yes', PN_contract: 'yes' },
    absent: ['pn_nothing', 'path'],
    close: () => void delete process.env.pn_contract,
  }
})
