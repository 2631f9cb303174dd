/** Results that a live Postfix 3.7 gave for virtual_alias_maps and canonical_maps, recipient_delimiter = +. */
import { absent, addressOf, failed, found } from '@postern/core'
import type { Call, MailAddress, Table } from '@postern/core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { findAddress, mapAddress } from '@postern/maps'
import type { AddressSite } from '@postern/maps'

const site: AddressSite = {
  delimiters: '+',
  isLocal: (domain) => domain === 'postern.example',
  standard: (a: MailAddress) => (a.domain === '' ? addressOf(`${a.text}@postern.example`) : a),
}
const table = (entries: Record<string, string>, late = false): Table => ({
  name: 'test:',
  pattern: false,
  get(key) {
    const value = entries[key.toLowerCase()]
    const answer = value === undefined ? absent() : value === '!' ? failed('away') : found(value)
    return late ? Promise.resolve(answer) : answer
  },
})
const ENTRIES = {
  '@v.example': 'joe@r.example',
  'a@v.example': 'b@r.example',
  'c@v.example': 'c1@r.example, c2+k@r.example',
  'd@v.example': '@r2.example',
  'e@v.example': '"x y"@r.example',
  'f+g@v.example': 'h',
  bare: 'b3@r.example',
  '"q w"@v.example': 'qw@r.example',
  'o@v.example': '<p@q.example>',
  'bad@v.example': '()',
  'down@v.example': '!',
}
const CASES: [address: string, result: string][] = [
  ['u+ext@v.example', 'joe@r.example'],
  ['a+ext@v.example', 'b+ext@r.example'],
  ['A+Ext@V.Example', 'b+Ext@r.example'],
  ['c+ext@v.example', 'c1+ext@r.example c2+k+ext@r.example'],
  ['d+ext@v.example', 'd+ext@r2.example'],
  ['e+ext@v.example', '"x y+ext"@r.example'],
  ['f+g+k@v.example', 'joe@r.example'],
  ['f+g@v.example', 'h@postern.example'],
  ['bare+z@postern.example', 'b3+z@r.example'],
  ['bare@v.example', 'joe@r.example'],
  ['"q w"@v.example', 'qw@r.example'],
  ['"q w+e"@v.example', 'qw+e@r.example'],
  ['o@v.example', 'p@q.example'],
  ['x@other.example', 'none'],
  ['bad@v.example', 'failed'],
  ['down@v.example', 'failed'],
]
for (const late of [false, true])
  for (const [address, result] of CASES)
    test(`${address}: ${result}${late ? ', in time' : ''}`, async () => {
      const answer = await mapAddress([table(ENTRIES, late)], addressOf(address), {} as Call, site, true)
      const told = answer === undefined ? 'none' : 'kind' in answer ? answer.kind : answer.map((a) => a.text).join(' ')
      assert.is(told, result)
    })
test('an extension that is not propagated', async () => {
  const answer = await mapAddress([table(ENTRIES)], addressOf('a+ext@v.example'), {} as Call, site, false)
  assert.equal(
    (answer as MailAddress[]).map((a) => a.text),
    ['b@r.example'],
  )
})
/** What a live Postfix 3.7 asked its tables for, word for word (`maps_find` in its verbose log). */
const ASKED: [address: string, find: string, map: string][] = [
  [
    '"l o+le"@postern.example',
    '"l o+le"@postern.example, l o+le@postern.example, "l o"@postern.example, l o@postern.example, "l o+le", l o+le, "l o", l o, @postern.example',
    '"l o+le"@postern.example, "l o"@postern.example, "l o+le", "l o", @postern.example',
  ],
  [
    '"f r+fe"@far.example',
    '"f r+fe"@far.example, f r+fe@far.example, "f r"@far.example, f r@far.example, @far.example',
    '"f r+fe"@far.example, "f r"@far.example, @far.example',
  ],
  ['a+e@far.example', 'a+e@far.example, a@far.example, @far.example', 'a+e@far.example, a@far.example, @far.example'],
  ['a@postern.example', 'a@postern.example, a, @postern.example', 'a@postern.example, a, @postern.example'],
  ['a+e', 'a+e, a', 'a+e, a'],
]
for (const [address, find, map] of ASKED)
  test(`keys of ${address}`, async () => {
    const asked: string[] = []
    const like: Table = { name: 'test:', pattern: false, get: (key) => (asked.push(key), absent()) }
    const patterns: string[] = []
    const pattern: Table = { name: 'test:', pattern: true, get: (key) => (patterns.push(key), absent()) }
    await findAddress([like, pattern], addressOf(address), {} as Call, site)
    assert.is(asked.splice(0).join(', '), find)
    const whole = find.split(', ').slice(0, address.startsWith('"') ? 2 : 1)
    assert.equal(patterns.splice(0), whole)
    await mapAddress([like, pattern], addressOf(address), {} as Call, site, true)
    assert.is(asked.join(', '), map)
    assert.equal(patterns, whole.slice(0, 1))
  })
/** Keys of either form, and what is left of the extension. */
const FORMS: [key: string, address: string, extension: string][] = [
  ['q w+e@far.example', '"q w+e"@far.example', ''],
  ['q w@far.example', '"q w+e"@far.example', '+e'],
  ['"q w"@far.example', '"q w+e"@far.example', '+e'],
  ['q w+e', '"q w+e"@postern.example', ''],
  ['q w', '"q w+e"@postern.example', '+e'],
  ['@far.example', '"q w+e"@far.example', ''],
]
for (const [key, address, extension] of FORMS)
  test(`${key} stands for ${address}`, async () => {
    const found = await findAddress([table({ [key]: 'x' })], addressOf(address), {} as Call, site)
    assert.equal(found, { kind: 'found', value: 'x', extension })
  })
test('what is rewritten is not looked up without its quotes', async () => {
  const tables = [table({ 'q w@far.example': 'x' })]
  assert.is(await mapAddress(tables, addressOf('"q w"@far.example'), {} as Call, site, true), undefined)
})
test('a class that cannot be told is a failure', async () => {
  const away = { ...site, isLocal: () => failed('away') as never }
  const answer = await mapAddress([table({})], addressOf('a@v.example'), {} as Call, away, true)
  assert.is((answer as { kind: string }).kind, 'failed')
})
test.run()
